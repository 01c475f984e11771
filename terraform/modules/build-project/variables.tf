variable "account_id" {
  description = "Account of the project."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "artifact_bucket" {
  description = "Bucket of the same account that holds sources, and gets what is built (module artifact-store)."
  type        = string
}

variable "batch" {
  description = "Limits of one batch build, with which several services are built at once; null for no batches."
  type = object({
    maximum_builds  = optional(number, 20)
    timeout_minutes = optional(number, 60)
  })
  default = null

  validation {
    condition     = var.batch == null || try(var.batch.maximum_builds >= 1 && var.batch.maximum_builds <= 100, false)
    error_message = "batch.maximum_builds must be from 1 to 100, CodeBuild's own limit."
  }

  validation {
    condition     = var.batch == null || try(var.batch.timeout_minutes >= 5 && var.batch.timeout_minutes <= 2160, false)
    error_message = "batch.timeout_minutes must be from 5 to 2160."
  }
}

variable "build_timeout_minutes" {
  description = "Minutes after which a build is ended. Builds take a few; what takes longer hangs, and costs money."
  type        = number
  default     = 30

  validation {
    condition     = var.build_timeout_minutes >= 5 && var.build_timeout_minutes <= 2160
    error_message = "build_timeout_minutes must be from 5 to 2160: those are CodeBuild's limits."
  }
}

variable "buildspec" {
  description = "Path of the buildspec in the source."
  type        = string
  default     = "buildspec.yml"

  validation {
    condition     = can(regex("^[\\w./-]+\\.ya?ml$", var.buildspec))
    error_message = "buildspec must be the path of a .yml file: what a build does stands in the reviewed source, not here."
  }
}

variable "cache" {
  description = "What a build finds of earlier ones. LOCAL stays on the build host while it is there; S3 is in the artifact store, under `cache/`."
  type = object({
    modes = optional(list(string), ["LOCAL_CUSTOM_CACHE"])
    type  = optional(string, "LOCAL")
  })
  default = {}

  validation {
    condition     = contains(["LOCAL", "NO_CACHE", "S3"], var.cache.type)
    error_message = "cache.type must be LOCAL, S3 or NO_CACHE."
  }

  validation {
    condition     = length(setsubtract(var.cache.modes, ["LOCAL_CUSTOM_CACHE", "LOCAL_DOCKER_LAYER_CACHE", "LOCAL_SOURCE_CACHE"])) == 0
    error_message = "cache.modes must be LOCAL_CUSTOM_CACHE, LOCAL_DOCKER_LAYER_CACHE or LOCAL_SOURCE_CACHE."
  }

  validation {
    condition     = !contains(var.cache.modes, "LOCAL_DOCKER_LAYER_CACHE") || length(var.repository_arns) > 0
    error_message = "cache.modes: LOCAL_DOCKER_LAYER_CACHE needs a privileged build: give repository_arns, or leave it out."
  }
}

variable "compute_type" {
  description = "Size of the build host."
  type        = string
  default     = "BUILD_GENERAL1_SMALL"

  validation {
    condition     = can(regex("^BUILD_GENERAL1_(SMALL|MEDIUM|LARGE|XLARGE|2XLARGE)$", var.compute_type))
    error_message = "compute_type must be BUILD_GENERAL1_SMALL, _MEDIUM, _LARGE, _XLARGE or _2XLARGE."
  }
}

variable "delete_reports" {
  description = "Whether destroying a report group deletes its reports; only where the whole environment is thrown away."
  type        = bool
  default     = false
}

variable "description" {
  description = "One line for consoles and lists."
  type        = string
  default     = "Builds services once, by digest."

  validation {
    condition     = length(var.description) <= 255
    error_message = "description must have at most 255 characters."
  }
}

variable "environment" {
  description = "Environment that is built for, in the variable LOCKGATE_ENV; empty where one build is for all of them."
  type        = string
  default     = ""
}

variable "environment_type" {
  description = "Kind of build host."
  type        = string
  default     = "ARM_CONTAINER"

  validation {
    condition     = contains(["ARM_CONTAINER", "LINUX_CONTAINER"], var.environment_type)
    error_message = "environment_type must be ARM_CONTAINER or LINUX_CONTAINER."
  }
}

variable "environment_variables" {
  description = "Further variables of a build. A value is the text itself (PLAINTEXT), a parameter's name (PARAMETER_STORE), or a secret's name or ARN with what CodeBuild lets follow it (SECRETS_MANAGER). The build may read what is named here."
  type = map(object({
    type  = optional(string, "PLAINTEXT")
    value = string
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.environment_variables) : can(regex("^[A-Za-z_]\\w*$", name)) && !startswith(name, "CODEBUILD_")])
    error_message = "A variable must be letters, digits and underscores, and must not start with CODEBUILD_."
  }

  validation {
    condition = alltrue([
      for variable in var.environment_variables : contains(["PARAMETER_STORE", "PLAINTEXT", "SECRETS_MANAGER"], variable.type)
    ])
    error_message = "type must be PLAINTEXT, PARAMETER_STORE or SECRETS_MANAGER."
  }

  validation {
    condition = alltrue([
      for name, variable in var.environment_variables :
      !can(regex("(?i)(^|_)(api_?key|access_?key|credentials?|passw(or)?d|private_?key|pwd|secret|token)s?(_|$)", name)) if variable.type == "PLAINTEXT"
    ])
    error_message = "The name of a plaintext variable looks like that of a secret: everybody who may read the project would see it. Keep it in Secrets Manager or Parameter Store, and give its name with that type."
  }

  validation {
    condition = alltrue([
      for variable in var.environment_variables :
      !can(regex("(AKIA|ASIA)[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|gh[opsur]_\\w{20,}|github_pat_\\w{20,}|xox[abp]-", variable.value)) if variable.type == "PLAINTEXT"
    ])
    error_message = "A plaintext variable holds what looks like a secret: everybody who may read the project would see it. Keep it in Secrets Manager or Parameter Store, and give its name with that type."
  }
}

variable "image" {
  description = "Image of the build; it has to fit environment_type."
  type        = string
  default     = "aws/codebuild/amazonlinux-aarch64-standard:3.0"
}

variable "kms_key_arn" {
  description = "Customer key of sources, artifacts and logs, whose policy lets CloudWatch Logs use it (module encryption-key)."
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

variable "name" {
  description = "Name of the project, of its role, and first part of its report groups' names."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "name must start with a small letter and have 2 to 41 small letters, digits and dashes."
  }
}

variable "parameter_arns" {
  description = "ARNs of further parameters that the buildspec reads (`env: parameter-store`)."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.parameter_arns : can(regex("^arn:[a-z-]+:ssm:[a-z0-9-]+:\\d{12}:parameter/[^*]", arn))])
    error_message = "parameter_arns must be ARNs of parameters; `*` may only end a path."
  }
}

variable "partition" {
  description = "AWS partition: aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds what the builds' roles can ever do; null leaves it to the account."
  type        = string
  default     = null
}

variable "queued_timeout_minutes" {
  description = "Minutes that a build waits for a host before it is given up."
  type        = number
  default     = 60

  validation {
    condition     = var.queued_timeout_minutes >= 5 && var.queued_timeout_minutes <= 480
    error_message = "queued_timeout_minutes must be from 5 to 480: those are CodeBuild's limits."
  }
}

variable "region" {
  description = "Region of the project."
  type        = string
}

variable "report_groups" {
  description = "Type of each report group, TEST or CODE_COVERAGE, by the name that the buildspec uses. None lets the build make its groups itself, under the project's name."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for type in values(var.report_groups) : contains(["CODE_COVERAGE", "TEST"], type)])
    error_message = "A report group is TEST or CODE_COVERAGE."
  }

  validation {
    condition     = alltrue([for name in keys(var.report_groups) : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{1,60}$", name))])
    error_message = "A report group's name must have letters, digits, dashes and underscores."
  }
}

variable "repository_arns" {
  description = "ARNs of the ECR repositories that images are pushed to. With any, the build is privileged."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.repository_arns : can(regex("^arn:[a-z-]+:ecr:[a-z0-9-]+:\\d{12}:repository/[^*]+$", arn))])
    error_message = "repository_arns must be ARNs of repositories, without `*`."
  }
}

variable "secret_arns" {
  description = "ARNs of further secrets that the buildspec reads (`env: secrets-manager`)."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.secret_arns : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\\d{12}:secret:[^*]", arn))])
    error_message = "secret_arns must be ARNs of secrets."
  }
}

variable "source_code" {
  description = "Where the source comes from. S3: each build names an object under `sources/` of the bucket. GITHUB: `location` is the repository's URL, and `connection_arn` a connection to it (none: the account's own GitHub credentials)."
  type = object({
    connection_arn = optional(string)
    location       = optional(string)
    type           = optional(string, "S3")
  })
  default = {}

  validation {
    condition     = contains(["GITHUB", "S3"], var.source_code.type)
    error_message = "source_code.type must be S3 or GITHUB."
  }

  validation {
    condition     = var.source_code.type != "GITHUB" || can(regex("^https://github\\.com/[\\w.-]+/[\\w.-]+$", var.source_code.location))
    error_message = "source_code.location must be the repository's URL, such as https://github.com/acme/services.git."
  }

  validation {
    condition     = var.source_code.type != "S3" || (var.source_code.location == null && var.source_code.connection_arn == null)
    error_message = "source_code: a source in S3 is named by each build; leave location and connection_arn out."
  }
}

variable "vpc" {
  description = "Network of the builds; null for CodeBuild's own. A private subnet needs a way to packages and to AWS."
  type = object({
    security_group_ids = list(string)
    subnet_ids         = list(string)
    vpc_id             = string
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.subnet_ids) >= 1 && length(var.vpc.subnet_ids) <= 16, false)
    error_message = "vpc.subnet_ids must have 1 to 16 subnets."
  }

  validation {
    condition     = var.vpc == null || try(length(var.vpc.security_group_ids) >= 1 && length(var.vpc.security_group_ids) <= 5, false)
    error_message = "vpc.security_group_ids must have 1 to 5 groups."
  }
}
