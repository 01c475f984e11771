variable "guards" {
  description = "Guards to leave out, where something else sees to them: an organisation, or nothing because the AWS is an embedded one that has no such thing."
  type = object({
    analyze_access       = optional(bool, true)
    block_public_buckets = optional(bool, true)
    encrypt_volumes      = optional(bool, true)
  })
  default = {}
}

variable "name" {
  description = "First part of the analyzer's name."
  type        = string
}
