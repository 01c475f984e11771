variable "account_id" {
  description = "Account of the role."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "description" {
  description = "One line for the console."
  type        = string
}

variable "github_provider_arn" {
  description = "ARN of the account's OIDC provider for GitHub Actions."
  type        = string
  default     = null
}

variable "github_subjects" {
  description = "Subjects of GitHub's tokens that may assume the role, exactly as GitHub sends them."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for subject in var.github_subjects : can(regex("^repo:[^*?]+:[^*?]+$", subject))])
    error_message = "github_subjects: each must be a whole subject, such as repo:acme/shop:environment:prod, without wildcards."
  }
}

variable "name" {
  description = "Name of the role."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.name))
    error_message = "name must be the name of a role: 1 to 64 letters, digits and _+=,.@-."
  }
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "people" {
  description = "People of this account who may assume it: ARNs of their users or roles, which may hold `*`; none means everybody whom the account's IAM lets. `mfa` asks for it, which sessions of IAM Identity Center never show."
  type        = object({ mfa = optional(bool, true), principal_arns = optional(list(string), []) })
  default     = null
}

variable "permissions_boundary_arn" {
  description = "What the role can never do, whatever its policies say."
  type        = string
}

variable "policy_arns" {
  description = "Policies of the role, by any name."
  type        = map(string)

  validation {
    condition     = length(var.policy_arns) >= 1 && length(var.policy_arns) <= 10
    error_message = "policy_arns must have 1 to 10: that is IAM's limit for a role."
  }
}

variable "session_hours" {
  description = "Longest session. A release with its canary and bake needs one credential for all of it."
  type        = number
  default     = 1

  validation {
    condition     = var.session_hours >= 1 && var.session_hours <= 12
    error_message = "session_hours must be from 1 to 12: those are IAM's limits."
  }
}
