variable "name" {
  description = "Name of the web ACL and of its metrics."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z_-]{1,128}$", var.name))
    error_message = "Letters, digits, - and _."
  }
}

variable "enforce" {
  description = "Block what the rules hit; false counts alone. A rule that blocks the action's probe shows as `https/forbidden-by-load-balancer`."
  type        = bool
  default     = false
}
