# What is made of the policies in the EKS account, with AWS mocked: run by `npm run terraform`.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111111111111:role/mocked" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111111111111:policy/mocked" }
  }
}

variables {
  external_dns_target_role_arn    = "arn:aws:iam::222222222222:role/external-dns-target"
  load_balancer_controller_policy = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"elasticloadbalancing:AddTags\", \"Resource\": \"arn:aws:elasticloadbalancing:*:*:*\"}]}"
}

run "policies" {
  module {
    source = "../policies"
  }
  variables {
    region         = "us-east-1"
    cluster_name   = "sample"
    eks_account_id = "111111111111"
    dns_account_id = "222222222222"
    zone_id        = "Z0123456789ABC"
    repositories   = [{ owner = "example-org", name = "sample-app", owner_id = "9001", id = "424242" }]
  }
}

run "each_job_has_a_role_of_its_own" {
  variables {
    policies = run.policies
    teams = {
      shop = { trust = "{\"the\": \"team's\"}", groups = ["shop-publishers"] }
    }
  }

  assert {
    condition = { for key, role in aws_iam_role.job : key => role.name } == {
      deploy    = "gateway-deploy"
      preview   = "gateway-preview"
      drift     = "gateway-drift"
      plan      = "gateway-plan"
      team-shop = "gateway-deploy-shop"
    }
    error_message = "These are the names that the documents and the examples have."
  }

  assert {
    condition = alltrue(concat(
      [for purpose in ["deploy", "preview", "drift", "plan"] : aws_iam_role.job[purpose].assume_role_policy == var.policies.github_trust[purpose]],
      [aws_iam_role.job["team-shop"].assume_role_policy == "{\"the\": \"team's\"}"],
    ))
    error_message = "Each admits its own jobs."
  }

  assert {
    condition     = alltrue([for key, policy in aws_iam_role_policy.run : policy.policy == var.policies.run]) && length(aws_iam_role_policy.run) == 5
    error_message = "Every mode needs `run`."
  }

  assert {
    condition = { for key, policy in aws_iam_role_policy.more : key => policy.policy } == {
      "deploy/doctor"   = var.policies.doctor
      "deploy/teardown" = var.policies.teardown
      "drift/doctor"    = var.policies.doctor
      "drift/drift"     = var.policies.drift
    }
    error_message = "What a role needs besides is for that role alone."
  }
}

run "what_they_may_do_in_the_cluster" {
  variables {
    policies = run.policies
    teams = {
      shop = { trust = "{}", groups = ["shop-publishers"] }
    }
  }

  assert {
    condition = { for key, entry in aws_eks_access_entry.job : key => join(" ", entry.kubernetes_groups) } == {
      deploy    = ""
      preview   = "eks-gateway-preview"
      drift     = "gateway-drift"
      plan      = "gateway-plan"
      team-shop = "shop-publishers"
    }
    error_message = "The groups are those of docs/permissions.md and policy/previews.yaml."
  }

  assert {
    condition = { for key, association in aws_eks_access_policy_association.job : key => association.policy_arn } == {
      "deploy/AmazonEKSClusterAdminPolicy" = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
      "drift/AmazonEKSAdminViewPolicy"     = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy"
    }
    error_message = "What a pull request can assume gets no access policy."
  }
}

run "the_controllers" {
  variables {
    policies = run.policies
  }

  assert {
    condition = (
      aws_eks_pod_identity_association.external_dns[0].target_role_arn == "arn:aws:iam::222222222222:role/external-dns-target"
      && aws_eks_pod_identity_association.external_dns[0].namespace == "infra"
      && aws_eks_pod_identity_association.external_dns[0].service_account == "external-dns"
      && aws_iam_role.external_dns[0].name == "external-dns"
      && aws_iam_role_policy.external_dns[0].policy == var.policies.external_dns
    )
    error_message = "ExternalDNS reaches the DNS account by its target role."
  }

  assert {
    condition     = aws_eks_pod_identity_association.load_balancer_controller[0].target_role_arn == null && aws_iam_role.load_balancer_controller[0].name == "aws-load-balancer-controller"
    error_message = "The load balancer controller works in its own account."
  }

  assert {
    condition     = aws_iam_role.external_dns[0].assume_role_policy == var.policies.pods_trust && aws_iam_role.load_balancer_controller[0].assume_role_policy == var.policies.pods_trust
    error_message = "Both are for pods of this cluster."
  }
}

run "an_account_that_has_it_all" {
  variables {
    policies                        = run.policies
    create_oidc_provider            = false
    create_pod_identity_agent       = false
    create_external_dns             = false
    create_load_balancer_controller = false
    external_dns_target_role_arn    = null
    load_balancer_controller_policy = null
    purposes                        = ["deploy"]
  }

  assert {
    condition = length(concat(
      aws_iam_openid_connect_provider.github, aws_eks_addon.pod_identity_agent,
      aws_iam_role.external_dns, aws_eks_pod_identity_association.external_dns,
      aws_iam_role.load_balancer_controller, aws_iam_policy.load_balancer_controller, aws_eks_pod_identity_association.load_balancer_controller,
    )) == 0
    error_message = "Nothing is made that is there."
  }

  assert {
    condition     = keys(output.role_arns) == ["deploy"] && output.controller_role_arns == { external_dns = null, load_balancer_controller = null }
    error_message = "Only the role that is wanted."
  }
}

run "no_policy_of_the_controller" {
  command = plan
  variables {
    policies                        = run.policies
    load_balancer_controller_policy = null
  }
  expect_failures = [aws_iam_policy.load_balancer_controller]
}

run "external_dns_has_nowhere_to_go" {
  command = plan
  variables {
    policies                     = run.policies
    external_dns_target_role_arn = null
  }
  expect_failures = [aws_eks_pod_identity_association.external_dns]
}

run "a_group_that_eks_refuses" {
  command = plan
  variables {
    policies = run.policies
    roles    = { deploy = { groups = ["system:masters"] } }
  }
  expect_failures = [var.roles]
}

run "an_access_policy_by_its_arn" {
  command = plan
  variables {
    policies = run.policies
    roles    = { deploy = { access_policies = ["arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"] } }
  }
  expect_failures = [var.roles]
}

run "a_purpose_that_there_is_not" {
  command = plan
  variables {
    policies = run.policies
    purposes = ["read"]
  }
  expect_failures = [var.purposes]
}

run "who_changed_what_has_drifted" {
  variables {
    policies      = run.policies
    drift_authors = true
  }

  assert {
    condition     = aws_iam_role_policy.more["drift/drift-authors"].policy == var.policies.drift_authors && !contains(keys(aws_iam_role_policy.more), "plan/drift-authors")
    error_message = "The drift role alone may look into CloudTrail, where that is wanted."
  }
}
