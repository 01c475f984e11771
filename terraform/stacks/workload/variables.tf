variable "environment" {
  description = "Environment to provision: one of those in platform.yaml."
  type        = string

  validation {
    condition     = contains(keys(local.platform.environments), var.environment)
    error_message = "Unknown environment \"${var.environment}\": platform.yaml has ${join(", ", keys(local.platform.environments))}."
  }
}
