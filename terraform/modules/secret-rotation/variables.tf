variable "account_id" {
  description = "Account of the secret: whose Secrets Manager may call the function."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "days" {
  description = "Days from one value to the next."
  type        = number

  validation {
    condition     = var.days >= 1 && var.days <= 1000 && floor(var.days) == var.days
    error_message = "days must be a whole number from 1 to 1000: those are Secrets Manager's limits."
  }
}

variable "function_alias" {
  description = "Name of the function's alias, so that a rotation runs what was released."
  type        = string
  default     = "live"
}

variable "function_alias_arn" {
  description = "ARN of the same alias."
  type        = string
}

variable "function_name" {
  description = "Name of the function that makes a new value."
  type        = string
}

variable "function_role_name" {
  description = "Name of the function's role, which gets what a rotation needs of this one secret."
  type        = string
}

variable "kms_key_arn" {
  description = "Customer key that encrypts the secret."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key."
  }
}

variable "region" {
  description = "Region of the secret."
  type        = string
}

variable "secret" {
  description = "What the service calls the secret."
  type        = string
}

variable "secret_arn" {
  description = "ARN of the secret."
  type        = string
}

variable "service" {
  description = "Service whose secret it is."
  type        = string
}
