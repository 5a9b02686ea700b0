variable "partition" {
  description = "Partition of the account."
  type        = string
  default     = "aws"
}

variable "cluster_name" {
  description = "Name of the EKS cluster; its authentication mode must be API or API_AND_CONFIG_MAP."
  type        = string
}

variable "policies" {
  description = "What ../policies made: pass the whole module."
  type = object({
    run          = string
    drift        = string
    doctor       = string
    pods_trust   = string
    external_dns = string
    github_trust = map(string)
  })
}

variable "create_oidc_provider" {
  description = "Make GitHub's OIDC provider; false where the account has it."
  type        = bool
  default     = true
}

variable "create_pod_identity_agent" {
  description = "Install the add-on eks-pod-identity-agent; false where the cluster has it."
  type        = bool
  default     = true
}

variable "role_names" {
  description = "Names of the roles that jobs assume."
  type = object({
    deploy  = optional(string, "gateway-deploy")
    preview = optional(string, "gateway-preview")
    read    = optional(string, "gateway-read")
  })
  default = {}
}

variable "doctor" {
  description = "Which of deploy, preview and read may run `mode: doctor` in full."
  type        = list(string)
  default     = ["deploy", "read"]
}

variable "preview_groups" {
  description = "Kubernetes groups of the preview role; policy/previews.yaml says what they may do."
  type        = list(string)
  default     = ["eks-gateway-preview"]
}

variable "teams" {
  description = "Roles of app teams: who may assume them (`github_trust.deploy` of a ../policies with the team's repositories) and their Kubernetes groups."
  type = map(object({
    trust  = string
    groups = list(string)
  }))
  default = {}
}

variable "external_dns" {
  description = "As given to ../policies."
  type = object({
    namespace       = optional(string, "infra")
    service_account = optional(string, "external-dns")
    role_name       = optional(string, "external-dns")
  })
  default = {}
}

variable "external_dns_target_role_arn" {
  description = "ExternalDNS's role in the DNS account: output of ../dns-account."
  type        = string
}

variable "load_balancer_controller" {
  description = "Role, namespace and service account of AWS Load Balancer Controller."
  type = object({
    role_name       = optional(string, "aws-load-balancer-controller")
    namespace       = optional(string, "infra")
    service_account = optional(string, "aws-load-balancer-controller")
  })
  default = {}
}

variable "load_balancer_controller_policy" {
  description = "The controller's own policy as its release publishes it (docs/install/iam_policy.json; the same from 2.14 to 3.5)."
  type        = string
}
