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

run "deploying_and_drift_are_not_for_pull_requests" {
  assert {
    condition     = [for purpose, trust in output.github_trust : purpose if strcontains(trust, "pull_request")] == ["dns_reader", "plan", "preview"]
    error_message = "A pull request must get neither the role that deploys, nor the one that reads the whole cluster."
  }
}

run "a_schedule_sweeps_previews" {
  assert {
    condition     = contains(output.subjects.preview, "repo:example-org/sample-app:ref:refs/heads/main")
    error_message = "A schedule runs on the default branch; the role of previews sweeps them."
  }
}

run "another_audience" {
  variables {
    audience = "sts.amazonaws.com.cn"
  }

  assert {
    condition     = alltrue([for trust in values(output.github_trust) : jsondecode(trust).Statement[0].Condition.StringEquals == { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com.cn" }])
    error_message = "Every trust policy demands the audience that was given."
  }
}

run "app_teams_read_the_zone" {
  variables {
    dns_reader_subjects = ["repo:example-org/shop-routes:ref:refs/heads/main"]
  }

  assert {
    condition     = contains(jsondecode(output.github_trust.dns_reader).Statement[0].Condition.StringLike["token.actions.githubusercontent.com:sub"], "repo:example-org/shop-routes:ref:refs/heads/main") && !strcontains(output.github_trust.deploy, "shop-routes")
    error_message = "The zone's reader admits them, the roles of the cluster do not."
  }
}

run "each_account_has_a_provider_of_its_own" {
  assert {
    condition = [for key in ["deploy", "preview", "drift", "plan", "dns_reader"] : jsondecode(output.github_trust[key]).Statement[0].Principal.Federated] == [
      "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
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
        for document in [output.run, output.run_dns, output.drift, output.drift_authors, output.teardown, output.doctor, output.doctor_dns] :
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

run "the_partition_of_the_region" {
  variables {
    region = "us-gov-west-1"
  }

  assert {
    condition = join(" ", distinct(flatten(regexall("arn:([a-z-]+):", join(" ", concat(
      [output.run, output.run_dns, output.drift, output.drift_authors, output.doctor, output.doctor_dns, output.external_dns, output.external_dns_target, output.external_dns_target_trust, output.pods_trust],
      values(output.github_trust),
    )))))) == "aws-us-gov"
    error_message = "Every ARN has the partition of the region."
  }

  assert {
    condition     = output.setting.partition == "aws-us-gov"
    error_message = "The other modules get it as well."
  }
}

run "a_partition_that_is_given" {
  variables {
    region    = "xx-new-1"
    partition = "aws-xx"
  }

  assert {
    condition     = startswith(jsondecode(output.run).Statement[0].Resource, "arn:aws-xx:eks:xx-new-1:")
    error_message = "What is given counts."
  }
}

run "china" {
  variables {
    region = "cn-north-1"
  }

  assert {
    condition     = output.setting.partition == "aws-cn"
    error_message = "Regions that begin with cn- are in aws-cn."
  }
}

run "a_wildcard_owner" {
  command = plan
  variables {
    repositories = [{ owner = "*", name = "sample-app" }]
  }
  expect_failures = [var.repositories]
}

run "an_owner_alone" {
  command = plan
  variables {
    repositories = [{ owner = "example-org", name = "" }]
  }
  expect_failures = [var.repositories]
}

run "an_id_that_is_a_name" {
  command = plan
  variables {
    repositories = [{ owner = "example-org", name = "sample-app", owner_id = "example-org", id = "424242" }]
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

run "any_job_may_make_previews" {
  command = plan
  variables {
    preview_jobs = ["*"]
  }
  expect_failures = [var.preview_jobs]
}

run "pull_requests_look_for_drift" {
  command = plan
  variables {
    drift_jobs = ["pull_request"]
  }
  expect_failures = [var.drift_jobs]
}

run "no_job_plans" {
  command = plan
  variables {
    plan_jobs = []
  }
  expect_failures = [var.plan_jobs]
}

run "every_repository_reads_the_zone" {
  command = plan
  variables {
    dns_reader_subjects = ["repo:example-org/*"]
  }
  expect_failures = [var.dns_reader_subjects]
}

run "an_availability_zone_for_a_region" {
  command = plan
  variables {
    region = "us-east-1a"
  }
  expect_failures = [var.region]
}

run "an_arn_for_a_name" {
  command = plan
  variables {
    cluster_name = "arn:aws:eks:us-east-1:111111111111:cluster/sample"
  }
  expect_failures = [var.cluster_name]
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
