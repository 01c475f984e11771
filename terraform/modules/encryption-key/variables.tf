variable "account_id" {
  description = "Account that owns the key and administers it through IAM."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "deletion_window_days" {
  description = "Days in which a scheduled deletion can be taken back; what the key has encrypted is lost afterwards."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "deletion_window_days must be from 7 to 30: those are KMS's limits."
  }
}

variable "dns_suffix" {
  description = "DNS suffix of the partition, as in the name of the CloudWatch Logs service principal."
  type        = string
  default     = "amazonaws.com"
}

variable "name" {
  description = "Name of the key's alias, and first part of the names of the topics and queues that it encrypts."
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
  description = "Region of the key, and of the topics, queues and log groups that it encrypts."
  type        = string
}

variable "s3_readers" {
  description = "Other accounts that may decrypt a bucket's objects through S3. `roles` narrows an account to roles of these names, which may hold a path and `*`."
  type = list(object({
    account_id = string
    bucket_arn = string
    roles      = optional(list(string), [])
  }))
  default = []

  validation {
    condition     = alltrue([for reader in var.s3_readers : can(regex("^\\d{12}$", reader.account_id))])
    error_message = "s3_readers: account_id must have 12 digits."
  }

  validation {
    condition     = alltrue([for reader in var.s3_readers : can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]+$", reader.bucket_arn))])
    error_message = "s3_readers: bucket_arn must be the ARN of a bucket, without objects."
  }

  validation {
    condition     = length(distinct(var.s3_readers[*].account_id)) == length(var.s3_readers)
    error_message = "s3_readers: an account stands twice; give all of its roles in one entry."
  }
}
