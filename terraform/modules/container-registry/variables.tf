variable "account_id" {
  description = "Account of the repositories."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "force_delete" {
  description = "Whether destroying a repository deletes its images; only where the whole environment is thrown away."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "Customer key that encrypts the images. ECR uses it through a grant that it makes with the repository, so that who pulls needs no permission on it."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key."
  }
}

variable "name_prefix" {
  description = "First part of each repository's name, such as lockgate in lockgate/orders."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}$", var.name_prefix))
    error_message = "name_prefix must have 2 to 25 small letters, digits and dashes."
  }
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "pull_account_ids" {
  description = "Other accounts whose roles may pull, as far as their own IAM allows."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for account_id in var.pull_account_ids : can(regex("^\\d{12}$", account_id))])
    error_message = "pull_account_ids must have 12 digits each."
  }
}

variable "push_role_arns" {
  description = "ARNs of the roles that alone may push; `*` stands for any characters. None leaves it to the account's IAM."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.push_role_arns : can(regex("^arn:[a-z-]+:iam::\\d{12}:role/.+$", arn))])
    error_message = "push_role_arns must be ARNs of roles."
  }
}

variable "region" {
  description = "Region of the repositories."
  type        = string
}

variable "services" {
  description = "Names of the container services: one repository each."
  type        = set(string)

  validation {
    condition     = alltrue([for service in var.services : can(regex("^[a-z][a-z0-9-]{1,30}$", service))])
    error_message = "A service must start with a small letter and have 2 to 31 small letters, digits and dashes."
  }
}

variable "untagged_days" {
  description = "Days that an image without a tag is kept."
  type        = number
  default     = 14

  validation {
    condition     = var.untagged_days >= 1
    error_message = "untagged_days must be at least 1."
  }
}
