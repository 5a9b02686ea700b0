# What the documents must hold, whatever the inputs: run by `npm run terraform`.

variables {
  region         = "us-east-1"
  cluster_name   = "sample"
  eks_account_id = "111111111111"
  dns_account_id = "222222222222"
  zone_id        = "Z0123456789ABC"
  repositories   = [{ owner = "example-org", name = "sample-app", owner_id = "9001", id = "424242" }]
}

run "both_forms_of_the_subject" {
  assert {
    condition = jsondecode(output.github_trust.deploy).Statement[0].Condition.StringLike["token.actions.githubusercontent.com:sub"] == [
      "repo:example-org/sample-app:ref:refs/heads/main",
      "repo:example-org@9001/sample-app@424242:ref:refs/heads/main",
    ]
    error_message = "A repository with ids is admitted by both forms of its subject."
  }
}

run "without_ids_the_older_form_alone" {
  variables {
    repositories = [{ owner = "example-org", name = "sample-app" }]
    deploy_jobs  = ["environment:production"]
  }

  assert {
    condition     = jsondecode(output.github_trust.deploy).Statement[0].Condition.StringLike["token.actions.githubusercontent.com:sub"] == ["repo:example-org/sample-app:environment:production"]
    error_message = "No form with ids can be made without them."
  }
}

run "deploying_is_not_for_pull_requests" {
  assert {
    condition     = !strcontains(output.github_trust.deploy, "pull_request")
    error_message = "A pull request must not get the role that deploys."
  }
}

run "each_account_has_a_provider_of_its_own" {
  assert {
    condition = [for key in ["deploy", "preview", "read", "dns_reader"] : jsondecode(output.github_trust[key]).Statement[0].Principal.Federated] == [
      "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
      "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
      "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
      "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com",
    ]
    error_message = "A role is assumed through the OIDC provider of its own account."
  }
}

run "the_action_never_writes" {
  assert {
    condition = alltrue([
      for action in flatten([
        for document in [output.run, output.run_dns, output.drift, output.drift_authors, output.doctor, output.doctor_dns] :
        [for statement in jsondecode(document).Statement : statement.Action]
      ]) : can(regex(":(Describe|Get|List|Lookup|Simulate)", action))
    ])
    error_message = "The action's own roles read AWS; the controllers write."
  }
}

run "only_the_controller_of_this_cluster_may_write_the_zone" {
  assert {
    condition = jsondecode(output.external_dns_target_trust).Statement[0].Condition == {
      StringEquals = {
        "aws:RequestTag/eks-cluster-arn"            = "arn:aws:eks:us-east-1:111111111111:cluster/sample"
        "aws:RequestTag/kubernetes-namespace"       = "infra"
        "aws:RequestTag/kubernetes-service-account" = "external-dns"
      }
      ArnEquals = { "aws:PrincipalArn" = "arn:aws:iam::111111111111:role/external-dns" }
    }
    error_message = "The account's root is named: the session tags and the role narrow it."
  }

  assert {
    condition     = [for each in jsondecode(output.external_dns_target).Statement : each.Resource if contains(flatten([each.Action]), "route53:ChangeResourceRecordSets")] == ["arn:aws:route53:::hostedzone/Z0123456789ABC"]
    error_message = "Records are changed in the one zone alone."
  }
}

run "another_partition" {
  variables {
    partition = "aws-us-gov"
    region    = "us-gov-west-1"
  }

  assert {
    condition = !can(regex("arn:aws:", join(" ", concat(
      [output.run, output.run_dns, output.drift, output.drift_authors, output.doctor, output.doctor_dns, output.external_dns, output.external_dns_target, output.external_dns_target_trust, output.pods_trust],
      values(output.github_trust),
    ))))
    error_message = "Every ARN has the partition that was given."
  }
}

run "a_wildcard_owner" {
  command = plan
  variables {
    repositories = [{ owner = "*", name = "sample-app" }]
  }
  expect_failures = [var.repositories]
}

run "one_id_without_the_other" {
  command = plan
  variables {
    repositories = [{ owner = "example-org", name = "sample-app", id = "424242" }]
  }
  expect_failures = [var.repositories]
}

run "any_job_may_deploy" {
  command = plan
  variables {
    deploy_jobs = ["*"]
  }
  expect_failures = [var.deploy_jobs]
}

run "an_account_that_lost_its_zeros" {
  command = plan
  variables {
    dns_account_id = "12345678"
  }
  expect_failures = [var.dns_account_id]
}

run "a_zone_with_its_path" {
  command = plan
  variables {
    zone_id = "/hostedzone/Z0123456789ABC"
  }
  expect_failures = [var.zone_id]
}
