variable "region" {
  description = "Region of the cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "The name of a region, such as eu-west-1; not of an availability zone."
  }
}

variable "partition" {
  description = "Partition of both accounts; the region's own where it is left out."
  type        = string
  default     = null
}

variable "cluster_name" {
  description = "Name of the EKS cluster."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$", var.cluster_name))
    error_message = "The name alone, not its ARN: letters, digits, - and _, 100 at most."
  }
}

variable "eks_account_id" {
  description = "Account of the cluster."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.eks_account_id))
    error_message = "An account id has 12 digits; write it as text, or leading zeros are lost."
  }
}

variable "dns_account_id" {
  description = "Account of the hosted zone; the same as eks_account_id where there is one account."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.dns_account_id))
    error_message = "An account id has 12 digits; write it as text, or leading zeros are lost."
  }
}

variable "zone_id" {
  description = "Id of the public hosted zone in the DNS account."
  type        = string

  validation {
    condition     = can(regex("^[A-Z0-9]{1,32}$", var.zone_id))
    error_message = "The id alone, such as Z0123456789ABC, without /hostedzone/."
  }
}

variable "repositories" {
  description = "Repositories whose jobs may assume the roles. With both ids the newer form of the subject is admitted too."
  type = list(object({
    owner    = string
    name     = string
    owner_id = optional(string)
    id       = optional(string)
  }))

  validation {
    condition     = length(var.repositories) > 0 && alltrue([for each in var.repositories : can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", "${each.owner}/${each.name}"))])
    error_message = "At least one repository; each has an owner and a name, and neither may hold a wildcard."
  }

  validation {
    condition     = alltrue([for each in var.repositories : (each.owner_id == null) == (each.id == null)])
    error_message = "Give both ids of a repository, or none."
  }

  validation {
    condition     = alltrue(flatten([for each in var.repositories : [for id in [each.owner_id, each.id] : id == null || can(regex("^[0-9]+$", id))]]))
    error_message = "Ids are numbers: `gh api repos/OWNER/NAME --jq '.owner.id, .id'`."
  }
}

variable "dns_reader_subjects" {
  description = "Subjects of other repositories that may read the zone, such as those of app teams: output `subjects` of their own ../policies."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.dns_reader_subjects : can(regex("^repo:[^*?/]+/[^*?:]+:.", each))])
    error_message = "Begin with repo:OWNER/NAME: without a wildcard in it."
  }
}

variable "audience" {
  description = "Audience of the tokens, as the action's input `audience` has it; GitHub's OIDC provider in both accounts must list it."
  type        = string
  default     = "sts.amazonaws.com"
}

variable "deploy_jobs" {
  description = "Which jobs may deploy: the end of the token's subject. `environment:NAME` where the job has an environment."
  type        = list(string)
  default     = ["ref:refs/heads/main"]

  validation {
    condition     = length(var.deploy_jobs) > 0 && alltrue([for each in var.deploy_jobs : can(regex("^(ref:refs/(heads|tags)/|environment:)[^*?]", each))])
    error_message = "Begin with ref:refs/heads/, ref:refs/tags/ or environment:, and name at least the beginning of what follows."
  }
}

variable "preview_jobs" {
  description = "Which jobs may make previews, and sweep them away on a schedule. `environment:preview` is narrower than `pull_request` where the job names that environment."
  type        = list(string)
  default     = ["pull_request", "ref:refs/heads/main"]

  validation {
    condition     = length(var.preview_jobs) > 0 && alltrue([for each in var.preview_jobs : can(regex("^(pull_request$|(ref:refs/(heads|tags)/|environment:)[^*?])", each))])
    error_message = "pull_request, or begin with ref:refs/heads/, ref:refs/tags/ or environment:, and name at least the beginning of what follows."
  }
}

variable "drift_jobs" {
  description = "Which jobs may look for drift: the schedule runs on the default branch. Not pull requests: whoever opens one could read all that the role reads."
  type        = list(string)
  default     = ["ref:refs/heads/main"]

  validation {
    condition     = length(var.drift_jobs) > 0 && alltrue([for each in var.drift_jobs : can(regex("^(ref:refs/(heads|tags)/|environment:)[^*?]", each))])
    error_message = "Begin with ref:refs/heads/, ref:refs/tags/ or environment:, and name at least the beginning of what follows."
  }
}

variable "plan_jobs" {
  description = "Which jobs may plan: what a pull request would change."
  type        = list(string)
  default     = ["pull_request"]

  validation {
    condition     = length(var.plan_jobs) > 0 && alltrue([for each in var.plan_jobs : can(regex("^(pull_request$|(ref:refs/(heads|tags)/|environment:)[^*?])", each))])
    error_message = "pull_request, or begin with ref:refs/heads/, ref:refs/tags/ or environment:, and name at least the beginning of what follows."
  }
}

variable "external_dns" {
  description = "Namespace and service account of ExternalDNS, and the names of its two roles."
  type = object({
    namespace       = optional(string, "infra")
    service_account = optional(string, "external-dns")
    role_name       = optional(string, "external-dns")
    target_role     = optional(string, "external-dns-target")
  })
  default = {}
}

variable "load_balancer_controller_role" {
  description = "Name of the role of AWS Load Balancer Controller."
  type        = string
  default     = "aws-load-balancer-controller"
}
