variable "deletion_protection" {
  description = "Whether the table refuses to be deleted; off only where the whole environment is thrown away."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Customer key that encrypts the table."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key."
  }
}

variable "name" {
  description = "Name of the table."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.name))
    error_message = "name must have 3 to 255 letters, digits, dots, dashes and underscores."
  }
}
