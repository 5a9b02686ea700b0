# The DNS account: the role that writes the zone for ExternalDNS, and the one that reads it for the action.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.2, < 7.0"
    }
  }
}

# One provider a URL and account: false where the account has it already.
resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_oidc_provider ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = [var.policies.setting.audience]
}

resource "aws_iam_role" "external_dns_target" {
  count                = var.create_external_dns_target ? 1 : 0
  name                 = var.policies.setting.external_dns.target_role
  assume_role_policy   = var.policies.external_dns_target_trust
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "external_dns_target" {
  count  = var.create_external_dns_target ? 1 : 0
  name   = "zone"
  role   = aws_iam_role.external_dns_target[0].name
  policy = var.policies.external_dns_target
}

resource "aws_iam_role" "reader" {
  name                 = var.reader_name
  assume_role_policy   = var.policies.github_trust.dns_reader
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "reader" {
  name   = "run"
  role   = aws_iam_role.reader.name
  policy = var.policies.run_dns
}

resource "aws_iam_role_policy" "doctor" {
  count  = var.doctor ? 1 : 0
  name   = "doctor"
  role   = aws_iam_role.reader.name
  policy = var.policies.doctor_dns
}

resource "aws_iam_role_policy" "drift_authors" {
  count  = var.drift_authors ? 1 : 0
  name   = "drift-authors"
  role   = aws_iam_role.reader.name
  policy = var.policies.drift_authors
}
