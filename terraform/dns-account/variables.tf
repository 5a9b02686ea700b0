variable "policies" {
  description = "What ../policies made: pass the whole module."
  type = object({
    setting = object({
      audience     = string
      external_dns = object({ target_role = string })
    })
    run_dns                   = string
    drift_authors             = string
    doctor_dns                = string
    external_dns_target       = string
    external_dns_target_trust = string
    github_trust              = map(string)
  })
}

variable "create_oidc_provider" {
  description = "Make GitHub's OIDC provider; false where the account has it, as where both accounts are one."
  type        = bool
  default     = true
}

variable "create_external_dns_target" {
  description = "Make ExternalDNS's role; false where ExternalDNS writes the zone already in a way of its own."
  type        = bool
  default     = true
}

variable "reader_name" {
  description = "Name of the action's role."
  type        = string
  default     = "gateway-dns-reader"
}

variable "doctor" {
  description = "Let the reader run `mode: doctor` in full."
  type        = bool
  default     = true
}

variable "drift_authors" {
  description = "Let the reader see CloudTrail's history of calls, for `mode: drift` to say who changed a record. It shows every call of the account."
  type        = bool
  default     = false
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of every role that is made here, where the organization wants one."
  type        = string
  default     = null
}
