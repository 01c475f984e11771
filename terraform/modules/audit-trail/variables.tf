variable "account_id" {
  description = "Account of the trail."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "bucket" {
  description = "Name of the bucket that the trail writes to."
  type        = string
}

variable "expire" {
  description = "Whether old files go away by themselves; off for an embedded AWS, which expires nothing."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether destroying the bucket deletes the record; only where the whole account is thrown away."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "Customer key whose policy lets CloudTrail use it for this trail (module encryption-key, `trail_arn`)."
  type        = string
}

variable "name" {
  description = "Name of the trail."
  type        = string
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "permissions_boundary_arn" {
  description = "Boundary of the role that writes to CloudWatch Logs."
  type        = string
  default     = null
}

variable "region" {
  description = "Home region of the trail, which records all regions."
  type        = string
}

variable "retention_days" {
  description = "Days that the record is kept in the bucket."
  type        = number
  default     = 731

  validation {
    condition     = var.retention_days >= 365
    error_message = "retention_days must be 365 or more: a year is what audits ask for."
  }
}

variable "watched_buckets" {
  description = "Buckets whose objects are watched: who read or wrote which."
  type        = list(string)

  validation {
    condition     = length(var.watched_buckets) > 0
    error_message = "watched_buckets must name one at least: the bucket of the state."
  }
}
