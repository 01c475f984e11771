variable "account_id" {
  description = "Account of the network."
  type        = string

  validation {
    condition     = can(regex("^\\d{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "cidr" {
  description = "Addresses of the network: 16 to 20 bits of prefix, so that each of its subnets has room."
  type        = string
  default     = "10.42.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "cidr must be an IPv4 range with a prefix of 16 to 20 bits, such as 10.42.0.0/16."
  }
}

variable "kms_key_arn" {
  description = "Customer key of the flow log."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a customer key."
  }
}

variable "name" {
  description = "Name of the network, such as lockgate-prod."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds what the flow log's role can ever do; null leaves it to the account."
  type        = string
  default     = null
}
