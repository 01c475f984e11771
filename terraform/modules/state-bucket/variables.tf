variable "bucket" {
  description = "Name of the bucket; names are shared by all of AWS, so account and region belong in it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket must have 3 to 63 small letters, digits, dots and dashes."
  }
}

variable "expire" {
  description = "Whether former states, plans and unfinished uploads go away by themselves; off for an embedded AWS, which expires nothing."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether destroying the bucket deletes every state in it; only where the whole account is thrown away."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "Customer key that encrypts states and plans: they hold secrets."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key."
  }
}

variable "noncurrent_days" {
  description = "Days that a replaced state is kept, for whoever has to go back to one."
  type        = number
  default     = 400
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "plan_days" {
  description = "Days that a plan waits for its approval."
  type        = number
  default     = 30

  validation {
    condition     = var.plan_days >= 1
    error_message = "plan_days must be 1 or more."
  }
}
