variable "names" {
  description = "Names of the certificate. A wildcard covers one label: previews want `*.preview.example.com` besides `*.example.com`."
  type        = list(string)

  validation {
    condition     = length(var.names) > 0
    error_message = "At least one name."
  }

  validation {
    condition     = alltrue([for each in var.names : can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]([a-z0-9-]*[a-z0-9])$", each))])
    error_message = "Hostnames in lower case without a dot at the end; a wildcard is the whole first label."
  }

  validation {
    condition     = length(try(var.names[0], "")) <= 64
    error_message = "The first name is the certificate's common name and may have 64 characters at most: begin with a shorter one."
  }
}

variable "zone_id" {
  description = "Id of the public hosted zone in the DNS account, such as Z0123456789ABC."
  type        = string

  validation {
    condition     = can(regex("^[A-Z0-9]{1,32}$", var.zone_id))
    error_message = "The id alone, without /hostedzone/."
  }
}
