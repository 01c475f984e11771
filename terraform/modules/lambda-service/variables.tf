variable "account_id" {
  description = "Account of the service."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "alarms" {
  description = "When CodeDeploy stops a deployment by itself: see `alarms` in service.yaml, where the defaults are."
  type = object({
    backstop_error_rate_percent = number
    datapoints                  = number
    error_rate_percent          = number
    minimum_requests            = number
    periods                     = number
  })

  validation {
    condition     = var.alarms.datapoints >= 1 && var.alarms.datapoints <= var.alarms.periods
    error_message = "alarms.datapoints must be from 1 to alarms.periods."
  }

  validation {
    condition = alltrue([
      for rate in [var.alarms.error_rate_percent, var.alarms.backstop_error_rate_percent] : rate > 0 && rate <= 100
    ])
    error_message = "Error rates must be above 0 and at most 100 percent."
  }
}

variable "architecture" {
  description = "Instruction set: arm64 or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "artifact_bucket" {
  description = "Bucket that releases take their code from."
  type        = string
}

variable "bootstrap" {
  description = "Bucket and key of the code that the function is created with (module artifact-store)."
  type = object({
    bucket = string
    key    = string
  })
}

variable "canary_configs" {
  description = "Names of CodeDeploy configurations by minutes, the ones that a canary may use (module deployment-configs)."
  type        = map(string)
  default     = {}

  validation {
    condition     = var.release.strategy != "canary" || contains(keys(var.canary_configs), tostring(var.release.interval_minutes))
    error_message = "canary_configs must have the canary of release.interval_minutes."
  }
}

variable "codedeploy_hook" {
  description = "Whether this function is itself a CodeDeploy hook, and named CodeDeployHook_*."
  type        = bool
  default     = false
}

variable "deployment_configs" {
  description = "Names of CodeDeploy configurations by strategy: all_at_once, which goes back, and the service's own (module deployment-configs)."
  type        = map(string)

  validation {
    condition = alltrue([
      for strategy in ["all_at_once", var.release.strategy] : contains(keys(var.deployment_configs), strategy)
    ])
    error_message = "deployment_configs must have all_at_once and release.strategy."
  }
}

variable "description" {
  description = "One line for consoles and lists."
  type        = string
  default     = ""

  validation {
    condition     = length(var.description) <= 256
    error_message = "description must have at most 256 characters."
  }
}

variable "environment" {
  description = "Name of the environment, such as prod."
  type        = string
}

variable "environment_variables" {
  description = "Environment variables besides LOCKGATE_ENVIRONMENT and POWERTOOLS_SERVICE_NAME; part of each published version."
  type        = map(string)
  default     = {}
}

variable "handler" {
  description = "module.function of the code. The bootstrap knows any function of a module app; others fail until released."
  type        = string
  default     = "app.handler"

  validation {
    condition     = can(regex("^[A-Za-z_][\\w.]*\\.[A-Za-z_]\\w*$", var.handler))
    error_message = "handler must be module.function, such as app.handler."
  }
}

variable "hook_function_name" {
  description = "Function that checks a new version before it gets traffic; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.hook_function_name == null || startswith(coalesce(var.hook_function_name, "-"), "CodeDeployHook_")
    error_message = "hook_function_name must start with CodeDeployHook_: CodeDeploy's managed role invokes no other function."
  }
}

variable "kms_key_arn" {
  description = "Customer key of logs, environment variables and the topic."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch Logs' own: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }
}

variable "memory_mb" {
  description = "Memory in MB; CPU grows with it."
  type        = number
  default     = 256

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "memory_mb must be from 128 to 10240."
  }
}

variable "name_prefix" {
  description = "First part of every name: platform and environment, such as lockgate-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}$", var.name_prefix))
    error_message = "name_prefix must have 2 to 25 small letters, digits and dashes: with a service's name it has to fit a role's 64."
  }
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "permissions" {
  description = "What the code may do besides writing its logs. Resources may hold $${account_id}, $${environment}, $${name_prefix}, $${partition} and $${region}."
  type = list(object({
    actions   = list(string)
    resources = list(string)
  }))
  default = []

  validation {
    condition     = alltrue([for statement in var.permissions : !contains(statement.actions, "*")])
    error_message = "permissions must name actions: * alone would make the function an administrator."
  }
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds what the service's roles can ever do; null leaves it to the account."
  type        = string
  default     = null
}

variable "region" {
  description = "Region of the service."
  type        = string
}

variable "release" {
  description = "How traffic moves to a new version, as the contract tells it; `interval_minutes` is the shortest one where a release may choose (module deployment-configs)."
  type = object({
    interval_minutes = number
    percentage       = number
    strategy         = string
  })

  validation {
    condition     = contains(["all_at_once", "canary", "linear"], var.release.strategy)
    error_message = "release.strategy must be canary, linear or all_at_once."
  }
}

variable "routes" {
  description = "HTTP API routes, such as `GET /hello`; none means no API."
  type        = list(string)
  default     = []

  validation {
    condition = alltrue([
      for route in var.routes :
      can(regex("^(\\$default|(ANY|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /\\S*)$", route))
    ])
    error_message = "A route must be $default, or a method and a path, such as GET /hello."
  }
}

variable "runtime" {
  description = "Lambda runtime."
  type        = string
  default     = "python3.12"

  validation {
    condition     = contains(["python3.12", "python3.13"], var.runtime)
    error_message = "runtime must be python3.12 or python3.13: the bootstrap is Python."
  }
}

variable "secret_statements" {
  description = "IAM statements that let it read them (module service-secrets, `read_statements`)."
  type        = any
  default     = []
}

variable "secrets" {
  description = "Secrets that it reads: each variable gets the name in the store, never a value (module service-secrets, `secrets`)."
  type = list(object({
    arn      = string
    id       = string
    key      = string
    name     = string
    store    = string
    variable = string
  }))
  default = []
}

variable "service" {
  description = "Name of the service: its folder."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.service))
    error_message = "service must start with a small letter and have 2 to 31 small letters, digits and dashes."
  }
}

variable "smoke" {
  description = "Events that the hook sends to a new version, as declared; any JSON, handed on in the contract."
  type        = any
  default     = []
}

variable "timeout_seconds" {
  description = "Seconds that one call may take."
  type        = number
  default     = 10

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds must be from 1 to 900."
  }
}

variable "topic_arns" {
  description = "Topics of alarms and CodeDeploy's triggers by severity (module notifications)."
  type = object({
    critical = string
    info     = string
    warning  = string
  })
}

variable "tracing" {
  description = "Whether calls are traced with X-Ray."
  type        = bool
  default     = true
}
