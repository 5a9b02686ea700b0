# The EKS account: the action's roles and their way into the cluster, the controllers' roles and their pod identities.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.2, < 7.0" # 6.2 has target_role_arn of pod identity associations
    }
  }
}

locals {
  setting      = var.policies.setting
  cluster_name = local.setting.cluster_name

  purposes = {
    for purpose, role in var.roles : purpose => merge(role, { trust = var.policies.github_trust[purpose] })
    if contains(var.purposes, purpose)
  }
  teams = {
    for team, each in var.teams : "team-${team}" => {
      name            = "${var.roles.deploy.name}-${team}"
      trust           = each.trust
      groups          = each.groups
      access_policies = []
      doctor          = false
    }
  }
  jobs = merge(local.purposes, local.teams)

  # What a role needs besides `run`, by the name of its inline policy.
  more_policies = merge(
    { for key, job in local.jobs : "${key}/doctor" => { role = key, name = "doctor", policy = var.policies.doctor } if job.doctor },
    { for key in ["drift"] : "${key}/drift" => { role = key, name = "drift", policy = var.policies.drift } if contains(var.purposes, key) },
    { for key in ["drift"] : "${key}/drift-authors" => { role = key, name = "drift-authors", policy = var.policies.drift_authors } if var.drift_authors && contains(var.purposes, key) },
    { for key in ["deploy"] : "${key}/teardown" => { role = key, name = "teardown", policy = var.policies.teardown } if contains(var.purposes, key) },
  )
  access_policies = merge([
    for key, job in local.jobs : { for policy in job.access_policies : "${key}/${policy}" => { role = key, policy = policy } }
  ]...)
}

# One provider a URL and account: false where the account has it already.
resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_oidc_provider ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = [local.setting.audience]
}

# --- the roles of jobs ----------------------------------------------------------------------------------------------

resource "aws_iam_role" "job" {
  for_each             = local.jobs
  name                 = each.value.name
  assume_role_policy   = each.value.trust
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "run" {
  for_each = aws_iam_role.job
  name     = "run"
  role     = each.value.name
  policy   = var.policies.run
}

resource "aws_iam_role_policy" "more" {
  for_each = local.more_policies
  name     = each.value.name
  role     = aws_iam_role.job[each.value.role].name
  policy   = each.value.policy
}

resource "aws_eks_access_entry" "job" {
  for_each          = aws_iam_role.job
  cluster_name      = local.cluster_name
  principal_arn     = each.value.arn
  kubernetes_groups = local.jobs[each.key].groups
}

resource "aws_eks_access_policy_association" "job" {
  for_each      = local.access_policies
  cluster_name  = local.cluster_name
  principal_arn = aws_eks_access_entry.job[each.value.role].principal_arn
  policy_arn    = "arn:${local.setting.partition}:eks::aws:cluster-access-policy/${each.value.policy}"

  access_scope {
    type = "cluster"
  }
}

# --- the controllers ------------------------------------------------------------------------------------------------

resource "aws_eks_addon" "pod_identity_agent" {
  count        = var.create_pod_identity_agent ? 1 : 0
  cluster_name = local.cluster_name
  addon_name   = "eks-pod-identity-agent"
}

resource "aws_iam_role" "external_dns" {
  count                = var.create_external_dns ? 1 : 0
  name                 = local.setting.external_dns.role_name
  assume_role_policy   = var.policies.pods_trust
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "external_dns" {
  count  = var.create_external_dns ? 1 : 0
  name   = "target-role"
  role   = aws_iam_role.external_dns[0].name
  policy = var.policies.external_dns
}

resource "aws_eks_pod_identity_association" "external_dns" {
  count           = var.create_external_dns ? 1 : 0
  cluster_name    = local.cluster_name
  namespace       = local.setting.external_dns.namespace
  service_account = local.setting.external_dns.service_account
  role_arn        = aws_iam_role.external_dns[0].arn
  target_role_arn = var.external_dns_target_role_arn

  lifecycle {
    precondition {
      condition     = var.external_dns_target_role_arn != null
      error_message = "ExternalDNS's role can do one thing, become its role in the DNS account: give external_dns_target_role_arn, or create_external_dns = false."
    }
  }
}

resource "aws_iam_role" "load_balancer_controller" {
  count                = var.create_load_balancer_controller ? 1 : 0
  name                 = local.setting.load_balancer_controller_role
  assume_role_policy   = var.policies.pods_trust
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_policy" "load_balancer_controller" {
  count  = var.create_load_balancer_controller ? 1 : 0
  name   = local.setting.load_balancer_controller_role
  policy = var.load_balancer_controller_policy

  lifecycle {
    precondition {
      condition     = can(jsondecode(var.load_balancer_controller_policy).Statement)
      error_message = "load_balancer_controller_policy is the text of the controller's iam_policy.json; or create_load_balancer_controller = false."
    }
    precondition {
      condition     = alltrue([for found in regexall("arn:(aws[a-z-]*):", coalesce(var.load_balancer_controller_policy, " ")) : found[0] == local.setting.partition])
      error_message = "load_balancer_controller_policy has ARNs of another partition: take the controller's iam_policy_us-gov.json, iam_policy_cn.json and so on."
    }
  }
}

resource "aws_iam_role_policy_attachment" "load_balancer_controller" {
  count      = var.create_load_balancer_controller ? 1 : 0
  role       = aws_iam_role.load_balancer_controller[0].name
  policy_arn = aws_iam_policy.load_balancer_controller[0].arn
}

resource "aws_eks_pod_identity_association" "load_balancer_controller" {
  count           = var.create_load_balancer_controller ? 1 : 0
  cluster_name    = local.cluster_name
  namespace       = var.load_balancer_controller.namespace
  service_account = var.load_balancer_controller.service_account
  role_arn        = aws_iam_role.load_balancer_controller[0].arn
}
