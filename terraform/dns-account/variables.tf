variable "policies" {
  description = "What ../policies made: pass the whole module."
  type = object({
    run_dns                   = string
    doctor_dns                = string
    external_dns_target       = string
    external_dns_target_trust = string
    github_trust              = map(string)
  })
}

variable "create_oidc_provider" {
  description = "Make GitHub's OIDC provider; false where the account has it."
  type        = bool
  default     = true
}

variable "role_names" {
  description = "Names of the two roles; the first as given to ../policies."
  type = object({
    external_dns_target = optional(string, "external-dns-target")
    reader              = optional(string, "gateway-dns-reader")
  })
  default = {}
}

variable "doctor" {
  description = "Let the reader run `mode: doctor` in full."
  type        = bool
  default     = true
}
