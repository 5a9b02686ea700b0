# The same in another partition, with other names, where roles must have a boundary: run by `npm run terraform`.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws-us-gov:iam::111111111111:role/mocked" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws-us-gov:iam::111111111111:policy/mocked" }
  }
}

run "policies" {
  module {
    source = "../policies"
  }
  variables {
    region         = "us-gov-west-1"
    cluster_name   = "sample"
    eks_account_id = "111111111111"
    dns_account_id = "222222222222"
    zone_id        = "Z0123456789ABC"
    repositories   = [{ owner = "example-org", name = "sample-app" }]
    audience       = "another"
    external_dns   = { namespace = "dns", service_account = "writer", role_name = "dns-writer" }

    load_balancer_controller_role = "lbc"
  }
}

run "another_partition_other_names" {
  variables {
    policies                        = run.policies
    external_dns_target_role_arn    = "arn:aws-us-gov:iam::222222222222:role/external-dns-target"
    load_balancer_controller_policy = "{\"Statement\": [{\"Resource\": \"arn:aws-us-gov:elasticloadbalancing:*:*:*\"}]}"
    permissions_boundary            = "arn:aws-us-gov:iam::111111111111:policy/boundary"
    roles = {
      deploy = { name = "ships", access_policies = [], groups = ["deployers"], doctor = false }
      drift  = { access_policies = ["AmazonEKSViewPolicy"] }
    }
    teams = {
      shop = { trust = "{}", groups = [] }
    }
  }

  assert {
    condition     = [for association in values(aws_eks_access_policy_association.job) : association.policy_arn] == ["arn:aws-us-gov:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"]
    error_message = "Access policies have the partition's ARN; no role has one that was taken from it."
  }

  assert {
    condition = (
      tolist(aws_eks_access_entry.job["deploy"].kubernetes_groups) == tolist(["deployers"])
      && aws_iam_role.job["team-shop"].name == "ships-shop"
      && keys(aws_iam_role_policy.more) == ["deploy/teardown", "drift/doctor", "drift/drift"]
    )
    error_message = "What is given counts, what is left out stays as it is."
  }

  assert {
    condition = (
      aws_iam_role.external_dns[0].name == "dns-writer"
      && aws_eks_pod_identity_association.external_dns[0].namespace == "dns"
      && aws_eks_pod_identity_association.external_dns[0].service_account == "writer"
      && aws_iam_role.load_balancer_controller[0].name == "lbc"
      && tolist(aws_iam_openid_connect_provider.github[0].client_id_list) == tolist(["another"])
    )
    error_message = "Names are those that the policies speak of."
  }

  assert {
    condition     = alltrue([for role in concat(values(aws_iam_role.job), aws_iam_role.external_dns, aws_iam_role.load_balancer_controller) : role.permissions_boundary == "arn:aws-us-gov:iam::111111111111:policy/boundary"])
    error_message = "Every role has the boundary."
  }
}

run "a_policy_of_another_partition" {
  command = plan
  variables {
    policies                        = run.policies
    external_dns_target_role_arn    = "arn:aws-us-gov:iam::222222222222:role/external-dns-target"
    load_balancer_controller_policy = "{\"Statement\": [{\"Resource\": \"arn:aws:elasticloadbalancing:*:*:*\"}]}"
  }
  expect_failures = [aws_iam_policy.load_balancer_controller]
}

