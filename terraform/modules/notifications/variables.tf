variable "account_id" {
  description = "Account of the topics, and the only one whose alarms and deployments may publish."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "break_glass_roles" {
  description = "Names of the roles whose use is critical, with `*` for any part."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@*-]+$", var.break_glass_roles)) && !strcontains(var.break_glass_roles, "**")
    error_message = "break_glass_roles must be a role's name, which may hold single `*`."
  }
}

variable "builds" {
  description = "First part of the names of the projects whose failed builds are announced; the platform's own by default."
  type        = string
  default     = null
}

variable "email" {
  description = "Who gets e-mail, by severity."
  type = object({
    critical = optional(list(string), [])
    info     = optional(list(string), [])
    warning  = optional(list(string), [])
  })
  default = {}

  validation {
    condition     = alltrue(flatten([for addresses in var.email : [for address in addresses : can(regex("^[^@\\s]+@[^@\\s]+$", address))]]))
    error_message = "email must hold e-mail addresses."
  }
}

variable "kms_key_arn" {
  description = "Customer key whose policy lets CloudWatch, CodeDeploy and EventBridge use it (module encryption-key)."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key: services cannot publish through alias/aws/sns."
  }
}

variable "name" {
  description = "Name of the bus, and first part of the names of topics and rules."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "name must start with a small letter and have 2 to 41 small letters, digits and dashes."
  }
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "region" {
  description = "Region of the topics, and of the bus."
  type        = string
}

variable "release_events" {
  description = "Whether there is a bus for release events; not where nothing is released."
  type        = bool
  default     = true
}
