variable "account_id" {
  description = "Account of the secrets."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "kms_key_arn" {
  description = "Customer key that encrypts them."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key."
  }
}

variable "name_prefix" {
  description = "First part of every name: platform and environment, such as lockgate-prod."
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

variable "recovery_window_days" {
  description = "Days in which a deleted secret can be restored, and its name is taken; 0 deletes it at once."
  type        = number
  default     = 30

  validation {
    condition     = var.recovery_window_days == 0 || (var.recovery_window_days >= 7 && var.recovery_window_days <= 30)
    error_message = "recovery_window_days must be 0, or from 7 to 30: those are Secrets Manager's limits."
  }
}

variable "region" {
  description = "Region of the secrets."
  type        = string
}

variable "secrets" {
  description = "By name: what is known of it without its value. `variable` is the service's environment variable, LOCKGATE_SECRET_<NAME> where it is null; `rotation` is what the module secret-rotation makes."
  type = map(object({
    description = optional(string, "")
    rotation = optional(object({
      days     = number
      function = string
    }))
    store    = optional(string, "secrets_manager")
    variable = optional(string)
  }))

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[a-z][a-z0-9-]{0,39}$", name))])
    error_message = "secrets: a name must begin with a small letter and have 1 to 40 small letters, digits and dashes."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : contains(["parameter_store", "secrets_manager"], secret.store)])
    error_message = "secrets: store must be secrets_manager or parameter_store."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : secret.store == "secrets_manager" if secret.rotation != null])
    error_message = "secrets: only secrets_manager rotates."
  }

  validation {
    condition     = !can(regex("^(aws|ssm)", var.name_prefix)) || alltrue([for secret in var.secrets : secret.store == "secrets_manager"])
    error_message = "secrets: Parameter Store takes no names that begin with aws or ssm. Name the platform otherwise, or take secrets_manager."
  }
}

variable "service" {
  description = "Name of the service: its folder."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.service))
    error_message = "service must start with a small letter and have 2 to 31 small letters, digits and dashes."
  }
}
