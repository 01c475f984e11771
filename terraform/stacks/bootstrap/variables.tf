variable "account" {
  description = "Account to set up: an environment of platform.yaml, or tooling."
  type        = string

  validation {
    condition     = contains(keys(local.accounts), var.account)
    error_message = "Unknown account \"${var.account}\": platform.yaml has ${join(", ", keys(local.accounts))}."
  }
}
