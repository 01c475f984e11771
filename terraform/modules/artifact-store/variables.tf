variable "bucket" {
  description = "Name of the bucket; names are shared by all of AWS, so account and region belong in it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket must have 3 to 63 small letters, digits and dashes, with no dash at either end."
  }
}

variable "expire" {
  description = "Whether replaced objects and unfinished uploads go away by themselves. The provider watches new rules for 50 s; an embedded AWS, which expires nothing, need not wait for that."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether destroying the bucket deletes its objects; only where the whole environment is thrown away."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "Customer key that encrypts the objects."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key: another account cannot read through aws/s3."
  }
}

variable "noncurrent_days" {
  description = "Days that a replaced or deleted object is kept. Artifacts are written once, so this only undoes mistakes."
  type        = number
  default     = 90

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "noncurrent_days must be at least 1."
  }
}

variable "only_over_tls" {
  description = "Whether requests without TLS are denied; off only for an embedded AWS, which other accounts reach over HTTP."
  type        = bool
  default     = true
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "readers" {
  description = "Other accounts that release what is in the bucket. `roles` narrows an account to roles of these names, which may hold a path and `*`; none leaves it to the account's IAM."
  type = list(object({
    account_id = string
    roles      = optional(list(string), [])
  }))
  default = []

  validation {
    condition     = alltrue([for reader in var.readers : can(regex("^\\d{12}$", reader.account_id))])
    error_message = "readers: account_id must have 12 digits."
  }

  validation {
    condition     = length(distinct(var.readers[*].account_id)) == length(var.readers)
    error_message = "readers: an account stands twice; give all of its roles in one entry."
  }

  validation {
    condition     = alltrue([for role in flatten(var.readers[*].roles) : can(regex("^[\\w+=,.@*/-]+$", role)) && !startswith(role, "/")])
    error_message = "readers: roles must be names such as lockgate-prod-deploy, with their path but without a slash before it."
  }
}

variable "writers" {
  description = "ARNs of the roles that alone may write `services/` and `bundles/`; `*` stands for any characters. None leaves it to the account's IAM."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.writers : can(regex("^arn:[a-z-]+:iam::\\d{12}:role/.+$", arn))])
    error_message = "writers must be ARNs of roles."
  }
}
