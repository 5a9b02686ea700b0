variable "policies" {
  description = "What ../policies made: pass the whole module."
  type = object({
    setting = object({
      partition    = string
      cluster_name = string
      audience     = string
      external_dns = object({
        namespace       = string
        service_account = string
        role_name       = string
      })
      load_balancer_controller_role = string
    })
    run           = string
    drift         = string
    drift_authors = string
    doctor        = string
    teardown      = string
    pods_trust    = string
    external_dns  = string
    github_trust  = map(string)
  })
}

# --- what the account has already -----------------------------------------------------------------------------------

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

variable "create_external_dns" {
  description = "Make ExternalDNS's role and its pod identity association; false where it runs already with a role of its own."
  type        = bool
  default     = true
}

variable "create_load_balancer_controller" {
  description = "Make the role of AWS Load Balancer Controller and its pod identity association; false where it runs already with a role of its own."
  type        = bool
  default     = true
}

# --- the roles of jobs ----------------------------------------------------------------------------------------------

variable "purposes" {
  description = "Which of the roles of jobs are made."
  type        = set(string)
  default     = ["deploy", "preview", "drift", "plan"]

  validation {
    condition     = length(setsubtract(var.purposes, ["deploy", "preview", "drift", "plan"])) == 0
    error_message = "Of deploy, preview, drift and plan."
  }
}

variable "roles" {
  description = <<-EOT
    The roles that jobs assume: name; what they may do in the cluster, by access policies of EKS over the whole of it and by
    Kubernetes groups; and whether `mode: doctor` sees all that it wants to. docs/permissions.md has ClusterRoles for the
    groups gateway-drift and gateway-plan, policy/previews.yaml those for eks-gateway-preview. Access policies know nothing of
    the Gateway API's kinds: only the one for administrators lets a role write them.
  EOT
  type = object({
    deploy = optional(object({
      name            = optional(string, "gateway-deploy")
      access_policies = optional(list(string), ["AmazonEKSClusterAdminPolicy"])
      groups          = optional(list(string), [])
      doctor          = optional(bool, true)
    }), {})
    preview = optional(object({
      name            = optional(string, "gateway-preview")
      access_policies = optional(list(string), [])
      groups          = optional(list(string), ["eks-gateway-preview"])
      doctor          = optional(bool, false)
    }), {})
    drift = optional(object({
      name            = optional(string, "gateway-drift")
      access_policies = optional(list(string), ["AmazonEKSAdminViewPolicy"])
      groups          = optional(list(string), ["gateway-drift"])
      doctor          = optional(bool, true)
    }), {})
    plan = optional(object({
      name            = optional(string, "gateway-plan")
      access_policies = optional(list(string), [])
      groups          = optional(list(string), ["gateway-plan"])
      doctor          = optional(bool, false)
    }), {})
  })
  default = {}

  validation {
    condition     = alltrue(flatten([for role in values(var.roles) : [for policy in role.access_policies : can(regex("^AmazonEKS[A-Za-z]+Policy$", policy))]]))
    error_message = "Access policies by their names alone, such as AmazonEKSViewPolicy, without the ARN."
  }

  validation {
    condition     = alltrue(flatten([for role in values(var.roles) : [for group in role.groups : !can(regex("^(system|eks|aws|amazon|iam):", group))]]))
    error_message = "EKS takes no group in an access entry that begins with system:, eks:, aws:, amazon: or iam:."
  }
}

variable "teams" {
  description = "Roles of app teams: who may assume them (`github_trust.deploy` of a ../policies with the team's repositories) and their Kubernetes groups."
  type = map(object({
    trust  = string
    groups = list(string)
  }))
  default = {}
}

variable "drift_authors" {
  description = "Let the drift check read CloudTrail's history of calls, to say who changed something in AWS. It shows every call of the account."
  type        = bool
  default     = false
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of every role that is made here, where the organization wants one."
  type        = string
  default     = null
}

# --- the controllers ------------------------------------------------------------------------------------------------

variable "external_dns_target_role_arn" {
  description = "ExternalDNS's role in the DNS account: output of ../dns-account."
  type        = string
  default     = null
}

variable "load_balancer_controller" {
  description = "Namespace and service account of AWS Load Balancer Controller."
  type = object({
    namespace       = optional(string, "infra")
    service_account = optional(string, "aws-load-balancer-controller")
  })
  default = {}
}

variable "load_balancer_controller_policy" {
  description = "The controller's own policy as its release publishes it (docs/install/iam_policy.json; the same from 2.14 to 3.5; other partitions have files of their own beside it)."
  type        = string
  default     = null
}
