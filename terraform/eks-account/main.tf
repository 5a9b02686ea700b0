# The EKS account: the action's roles and their way into the cluster, the controllers' roles and their pod identities.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.28, < 7.0"
    }
  }
}

locals {
  jobs = {
    deploy  = { name = var.role_names.deploy, trust = var.policies.github_trust.deploy }
    preview = { name = var.role_names.preview, trust = var.policies.github_trust.preview }
    read    = { name = var.role_names.read, trust = var.policies.github_trust.read }
  }
  teams     = { for team, each in var.teams : "team-${team}" => { name = "${var.role_names.deploy}-${team}", trust = each.trust } }
  all_roles = merge(local.jobs, local.teams)

  # Access policies know nothing of the Gateway API's kinds; only the one for administrators lets a role write them.
  access_policies = {
    deploy = "AmazonEKSClusterAdminPolicy"
    read   = "AmazonEKSAdminViewPolicy"
  }
  groups = merge(
    { deploy = [], preview = var.preview_groups, read = [] },
    { for team, each in var.teams : "team-${team}" => each.groups },
  )
}

# One provider a URL and account: false where the account has it already.
resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_oidc_provider ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "job" {
  for_each           = local.all_roles
  name               = each.value.name
  assume_role_policy = each.value.trust
}

resource "aws_iam_role_policy" "run" {
  for_each = aws_iam_role.job
  name     = "run"
  role     = each.value.name
  policy   = var.policies.run
}

resource "aws_iam_role_policy" "doctor" {
  for_each = toset(var.doctor)
  name     = "doctor"
  role     = aws_iam_role.job[each.key].name
  policy   = var.policies.doctor
}

resource "aws_iam_role_policy" "drift" {
  name   = "drift"
  role   = aws_iam_role.job["read"].name
  policy = var.policies.drift
}

resource "aws_eks_access_entry" "job" {
  for_each          = aws_iam_role.job
  cluster_name      = var.cluster_name
  principal_arn     = each.value.arn
  kubernetes_groups = local.groups[each.key]
}

resource "aws_eks_access_policy_association" "job" {
  for_each      = local.access_policies
  cluster_name  = var.cluster_name
  principal_arn = aws_eks_access_entry.job[each.key].principal_arn
  policy_arn    = "arn:${var.partition}:eks::aws:cluster-access-policy/${each.value}"

  access_scope {
    type = "cluster"
  }
}

resource "aws_iam_role" "external_dns" {
  name               = var.external_dns.role_name
  assume_role_policy = var.policies.pods_trust
}

resource "aws_iam_role_policy" "external_dns" {
  name   = "target-role"
  role   = aws_iam_role.external_dns.name
  policy = var.policies.external_dns
}

resource "aws_iam_role" "load_balancer_controller" {
  name               = var.load_balancer_controller.role_name
  assume_role_policy = var.policies.pods_trust
}

resource "aws_iam_policy" "load_balancer_controller" {
  name   = var.load_balancer_controller.role_name
  policy = var.load_balancer_controller_policy
}

resource "aws_iam_role_policy_attachment" "load_balancer_controller" {
  role       = aws_iam_role.load_balancer_controller.name
  policy_arn = aws_iam_policy.load_balancer_controller.arn
}

resource "aws_eks_addon" "pod_identity_agent" {
  count        = var.create_pod_identity_agent ? 1 : 0
  cluster_name = var.cluster_name
  addon_name   = "eks-pod-identity-agent"
}

resource "aws_eks_pod_identity_association" "external_dns" {
  cluster_name    = var.cluster_name
  namespace       = var.external_dns.namespace
  service_account = var.external_dns.service_account
  role_arn        = aws_iam_role.external_dns.arn
  target_role_arn = var.external_dns_target_role_arn
}

resource "aws_eks_pod_identity_association" "load_balancer_controller" {
  cluster_name    = var.cluster_name
  namespace       = var.load_balancer_controller.namespace
  service_account = var.load_balancer_controller.service_account
  role_arn        = aws_iam_role.load_balancer_controller.arn
}
