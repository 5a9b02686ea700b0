variable "name" {
  description = "Name of the web ACL and of its metrics."
  type        = string
}

variable "enforce" {
  description = "Block what the rules hit; false counts alone. A rule that blocks the action's probe shows as `https/forbidden-by-load-balancer`."
  type        = bool
  default     = false
}
