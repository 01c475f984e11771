variable "account_id" {
  description = "Account of the alarms."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "containers" {
  description = "Container services by name: what CloudWatch calls their parts (module container-service)."
  type = map(object({
    alarm_names   = list(string)
    cluster       = string
    ecs_service   = string
    load_balancer = string
    log_group     = string
    target_groups = map(string)
  }))
  default = {}
}

variable "environment" {
  description = "Name of the environment, such as prod."
  type        = string
}

variable "functions" {
  description = "Lambda services by name: what CloudWatch calls their parts (module lambda-service); no alias where nobody calls it."
  type = map(object({
    alarm_names   = list(string)
    alias         = optional(string)
    function_name = string
    log_group     = string
  }))
  default = {}
}

variable "name_prefix" {
  description = "Name of the environment's dashboard, and first part of the services': platform and environment."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,200}$", var.name_prefix))
    error_message = "name_prefix must have 1 to 200 letters, digits, dashes and underscores."
  }
}

variable "of_services" {
  description = "Whether each service has a dashboard of its own besides the environment's."
  type        = bool
  default     = true
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "platform" {
  description = "Name of the platform, under which releases are marked."
  type        = string
}

variable "region" {
  description = "Region of the metrics, alarms and logs."
  type        = string
}
