variable "account_id" {
  description = "Account of the notifier."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "alias_arn" {
  description = "Alias of the function that reads the queue (module lambda-service)."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:\\d{12}:function:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+$", var.alias_arn))
    error_message = "alias_arn must be the ARN of a function's alias."
  }
}

variable "environment" {
  description = "Name of the environment, such as prod."
  type        = string
}

variable "http_timeout_seconds" {
  description = "Seconds that the webhook may take to answer."
  type        = number
  default     = 5

  validation {
    condition     = var.http_timeout_seconds > 0 && var.http_timeout_seconds < var.timeout_seconds
    error_message = "http_timeout_seconds must be above 0 and below timeout_seconds."
  }
}

variable "keep" {
  description = "Whether a deleted secret can be brought back for a month."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Customer key of queues, secret and table, whose policy lets SNS and EventBridge use it (module encryption-key)."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key: SNS cannot write to a queue through alias/aws/sqs."
  }
}

variable "max_receives" {
  description = "How often a message is tried before it is put aside."
  type        = number
  default     = 30

  validation {
    condition     = var.max_receives >= 1 && var.max_receives <= 1000
    error_message = "max_receives must be from 1 to 1000: those are SQS's limits."
  }
}

variable "name" {
  description = "First part of every name: platform and environment, such as lockgate-prod."
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
  description = "Region of the notifier."
  type        = string
}

variable "retry_seconds" {
  description = "Seconds before a message is tried the second time; each further wait is twice as long, up to 90 times this."
  type        = number
  default     = 10

  validation {
    condition     = var.retry_seconds >= 1 && var.retry_seconds <= 400
    error_message = "retry_seconds must be from 1 to 400: the longest wait has to fit SQS's 12 hours."
  }
}

variable "role_name" {
  description = "Role of the function (module lambda-service)."
  type        = string
}

variable "timeout_seconds" {
  description = "Seconds that one call of the function may take."
  type        = number

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds must be from 1 to 900."
  }
}

variable "topic_arns" {
  description = "Topics by severity, whose messages it delivers (module notifications)."
  type = object({
    critical = string
    info     = string
    warning  = string
  })
}

variable "webhook" {
  description = "What the webhook understands: slack, teams or json; null delivers nothing."
  type        = string
  default     = null

  validation {
    condition     = var.webhook == null || contains(["json", "slack", "teams"], coalesce(var.webhook, "-"))
    error_message = "webhook must be slack, teams or json."
  }
}
