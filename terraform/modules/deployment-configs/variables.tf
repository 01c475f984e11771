variable "compute_platform" {
  description = "What the configurations are for: Lambda or ECS."
  type        = string
  default     = "Lambda"

  validation {
    condition     = contains(["ECS", "Lambda"], var.compute_platform)
    error_message = "compute_platform must be ECS or Lambda."
  }
}

variable "name_prefix" {
  description = "First part of every name: platform and environment, such as lockgate-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}$", var.name_prefix))
    error_message = "name_prefix must have 2 to 25 small letters, digits and dashes, as in module lambda-service."
  }
}

variable "releases" {
  description = "By service, how traffic moves to a new version: see `release` in service.yaml, where the defaults are. `interval_minutes` is a number or auto."
  type = map(object({
    auto_longest_minutes  = optional(number, 2880)
    auto_shortest_minutes = optional(number, 1)
    interval_minutes      = string
    percentage            = number
    strategy              = string
  }))

  validation {
    condition = alltrue([
      for release in var.releases : contains(["all_at_once", "canary", "linear"], release.strategy)
    ])
    error_message = "strategy must be canary, linear or all_at_once."
  }

  validation {
    condition = alltrue([
      for release in var.releases :
      release.percentage >= 1 && release.percentage <= 99 && floor(release.percentage) == release.percentage
    ])
    error_message = "percentage must be a whole number from 1 to 99: CodeDeploy shifts at most 99 percent at once."
  }

  validation {
    condition = alltrue([
      for release in var.releases : release.interval_minutes == "auto" || (
        can(regex("^[1-9]\\d{0,3}$", release.interval_minutes)) && try(tonumber(release.interval_minutes) <= 2880, false)
      )
    ])
    error_message = "interval_minutes must be auto, or a whole number from 1 to 2880, CodeDeploy's longest."
  }

  validation {
    condition = alltrue([
      for release in var.releases : release.interval_minutes != "auto" || release.strategy != "linear"
    ])
    error_message = "interval_minutes: auto is for canaries; give a linear release its minutes."
  }

  validation {
    condition = alltrue([
      for release in var.releases : anytrue([
        for minutes in local.auto_intervals :
        minutes >= release.auto_shortest_minutes && minutes <= release.auto_longest_minutes
      ]) if release.interval_minutes == "auto"
    ])
    error_message = "Between auto_shortest_minutes and auto_longest_minutes must lie one of ${join(", ", local.auto_intervals)}."
  }

  validation {
    condition = alltrue([
      for release in var.releases : try(
        (ceil(100 / release.percentage) - 1) * tonumber(release.interval_minutes) <= 2880, true
      ) if release.strategy == "linear"
    ])
    error_message = "A linear release may take at most 2880 minutes from its first step to its last."
  }
}
