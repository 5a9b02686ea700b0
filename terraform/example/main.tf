# Both accounts of the examples, from two provider configurations. Copy it and put in your own.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.2, < 7.0"
    }
  }
}

provider "aws" {
  alias               = "eks"
  region              = "us-east-1"
  profile             = "eks-account"
  allowed_account_ids = ["111111111111"]
}

provider "aws" {
  alias               = "dns"
  region              = "us-east-1"
  profile             = "dns-account"
  allowed_account_ids = ["222222222222"]
}

locals {
  cluster = "sample"
  zone_id = "Z0123456789ABC"
  setting = {
    region         = "us-east-1"
    eks_account_id = "111111111111"
    dns_account_id = "222222222222"
  }
}

# owner_id and id: `gh api repos/OWNER/NAME --jq '.owner.id, .id'`.
module "policies" {
  source         = "../policies"
  region         = local.setting.region
  cluster_name   = local.cluster
  eks_account_id = local.setting.eks_account_id
  dns_account_id = local.setting.dns_account_id
  zone_id        = local.zone_id
  repositories   = [{ owner = "example-org", name = "platform", owner_id = "9001", id = "424242" }]

  dns_reader_subjects = module.policies_of_shop.subjects.deploy
}

# The same setting for the repository of an app team: only its trust and subjects are used.
module "policies_of_shop" {
  source         = "../policies"
  region         = local.setting.region
  cluster_name   = local.cluster
  eks_account_id = local.setting.eks_account_id
  dns_account_id = local.setting.dns_account_id
  zone_id        = local.zone_id
  repositories   = [{ owner = "example-org", name = "shop-routes", owner_id = "9001", id = "424243" }]
}

module "dns_account" {
  source    = "../dns-account"
  providers = { aws = aws.dns }
  policies  = module.policies
}

module "eks_account" {
  source                          = "../eks-account"
  providers                       = { aws = aws.eks }
  policies                        = module.policies
  external_dns_target_role_arn    = module.dns_account.external_dns_target_role_arn
  load_balancer_controller_policy = file("${path.module}/iam_policy.json")
  teams = {
    shop = {
      trust  = module.policies_of_shop.github_trust.deploy
      groups = ["shop-publishers", "gateway-viewers"]
    }
  }
}

module "certificate" {
  source    = "../certificate"
  providers = { aws.eks = aws.eks, aws.dns = aws.dns }
  names     = ["example.com", "*.example.com", "*.preview.example.com"]
  zone_id   = local.zone_id
}

module "web_acl" {
  source    = "../web-acl"
  providers = { aws = aws.eks }
  name      = local.cluster
}

output "for_the_workflows" {
  value = {
    role-to-assume     = module.eks_account.role_arns
    dns-role-to-assume = module.dns_account.reader_role_arn
  }
}

output "for_environment_yaml" {
  value = {
    certificateArn = module.certificate.arn
    webAclArn      = module.web_acl.arn
  }
}
