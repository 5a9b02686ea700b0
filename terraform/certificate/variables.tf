variable "names" {
  description = "Names of the certificate. A wildcard covers one label: previews want `*.preview.example.com` besides `*.example.com`."
  type        = list(string)

  validation {
    condition     = length(var.names) > 0
    error_message = "At least one name."
  }
}

variable "zone_id" {
  description = "Id of the public hosted zone in the DNS account."
  type        = string
}
