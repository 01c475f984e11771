variable "account_id" {
  description = "Account of the topic, and the only one whose alarms and deployments may publish."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
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
  description = "Name of the topic."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,256}$", var.name))
    error_message = "name must have 1 to 256 letters, digits, dashes and underscores."
  }
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "region" {
  description = "Region of the topic."
  type        = string
}
