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

variable "bootstrap_image" {
  description = "Image, by digest, with Python on its path, that tasks run before the first release."
  type        = string
  default     = "public.ecr.aws/docker/library/python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea"

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.bootstrap_image))
    error_message = "bootstrap_image must be named by its digest."
  }
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

variable "certificate_arn" {
  description = "Certificate of the listeners, which speak HTTPS then; null for HTTP."
  type        = string
  default     = null
}

variable "cluster_arn" {
  description = "Cluster that the tasks run in."
  type        = string
}

variable "cluster_name" {
  description = "Name of the same cluster."
  type        = string
}

variable "cpu" {
  description = "CPU units of a task; 1,024 are one processor."
  type        = number
  default     = 256

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "cpu must be one of Fargate's: 256, 512, 1024, 2048, 4096, 8192, 16384."
  }
}

variable "deletion_protection" {
  description = "Whether the load balancer must be unprotected before it can be destroyed."
  type        = bool
  default     = true
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

variable "desired_count" {
  description = "Tasks that serve, when the service is created; after that whoever scales it decides."
  type        = number
  default     = 2

  validation {
    condition     = var.desired_count >= 1 && floor(var.desired_count) == var.desired_count
    error_message = "desired_count must be a whole number from 1."
  }
}

variable "embedded_endpoint" {
  description = "Endpoint of an embedded AWS, through which its load balancers are reached, since nothing resolves their names; null for AWS."
  type        = string
  default     = null
}

variable "environment" {
  description = "Name of the environment, such as prod."
  type        = string
}

variable "environment_variables" {
  description = "Environment variables besides LOCKGATE_ENVIRONMENT and POWERTOOLS_SERVICE_NAME; part of each released version."
  type        = map(string)
  default     = {}
}

variable "health_path" {
  description = "Path that answers 200 when the container can serve."
  type        = string
  default     = "/healthz"

  validation {
    condition     = startswith(var.health_path, "/")
    error_message = "health_path must start with a slash."
  }
}

variable "kms_key_arn" {
  description = "Customer key of logs and the topic."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key."
  }
}

variable "load_balancer_subnet_ids" {
  description = "Subnets of the load balancer, in two availability zones or more; public ones where it is public."
  type        = list(string)

  validation {
    condition     = length(var.load_balancer_subnet_ids) >= 2
    error_message = "A load balancer needs subnets in two availability zones."
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
  description = "Memory of a task in MB; Fargate allows a few for each cpu, which the declaration is checked against."
  type        = number
  default     = 512
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

variable "port" {
  description = "Port that the container listens on."
  type        = number
  default     = 8080

  validation {
    condition     = var.port >= 1024 && var.port <= 65535
    error_message = "port must be from 1024 to 65535: those below need root."
  }
}

variable "public" {
  description = "Whether the load balancer is reached from the internet, not only from the network."
  type        = bool
  default     = false
}

variable "read_only" {
  description = "Whether the container's file system is read-only."
  type        = bool
  default     = true
}

variable "region" {
  description = "Region of the service."
  type        = string
}

variable "release" {
  description = "How traffic moves to a new version, as the contract tells it, and how long it is watched after that; `interval_minutes` is the shortest one where a release may choose (module deployment-configs)."
  type = object({
    bake_minutes     = number
    interval_minutes = number
    percentage       = number
    strategy         = string
  })

  validation {
    condition     = contains(["all_at_once", "canary", "linear"], var.release.strategy)
    error_message = "release.strategy must be canary, linear or all_at_once."
  }
}

variable "repository_arn" {
  description = "ECR repository of the service's images (module container-registry)."
  type        = string
}

variable "repository_url" {
  description = "Address of the same repository, without a tag."
  type        = string
}

variable "secret_statements" {
  description = "IAM statements that let it read them (module service-secrets, `read_statements`)."
  type        = any
  default     = []
}

variable "secrets" {
  description = "Secrets that ECS puts into its variables when a task starts (module service-secrets, `secrets`)."
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

variable "task_subnet_ids" {
  description = "Subnets of the tasks: private ones, with a way to ECR and CloudWatch Logs."
  type        = list(string)

  validation {
    condition     = length(var.task_subnet_ids) >= 1
    error_message = "Tasks need a subnet."
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

variable "vpc_cidr" {
  description = "Addresses of the network: who may call a load balancer that is not public."
  type        = string
}

variable "vpc_id" {
  description = "The network."
  type        = string
}
