# What is made of the policies in the DNS account, with AWS mocked: run by `npm run terraform`.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::222222222222:role/mocked" }
  }
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
    external_dns   = { target_role = "writes-the-zone" }
  }
}

run "two_roles" {
  variables {
    policies = run.policies
  }

  assert {
    condition = (
      aws_iam_role.external_dns_target[0].name == "writes-the-zone"
      && aws_iam_role.external_dns_target[0].assume_role_policy == var.policies.external_dns_target_trust
      && aws_iam_role_policy.external_dns_target[0].policy == var.policies.external_dns_target
    )
    error_message = "ExternalDNS's role has the name that its policies speak of."
  }

  assert {
    condition = (
      aws_iam_role.reader.name == "gateway-dns-reader"
      && aws_iam_role.reader.assume_role_policy == var.policies.github_trust.dns_reader
      && aws_iam_role_policy.reader.policy == var.policies.run_dns
      && aws_iam_role_policy.doctor[0].policy == var.policies.doctor_dns
    )
    error_message = "The action's role reads."
  }

  assert {
    condition     = length(aws_iam_role_policy.drift_authors) == 0
    error_message = "Nobody looks into CloudTrail unasked."
  }

  assert {
    condition     = tolist(aws_iam_openid_connect_provider.github[0].client_id_list) == tolist(["sts.amazonaws.com"])
    error_message = "The account has an OIDC provider of its own."
  }
}

run "an_account_that_has_it_all" {
  variables {
    policies                   = run.policies
    create_oidc_provider       = false
    create_external_dns_target = false
    doctor                     = false
    reader_name                = "looks"
    permissions_boundary       = "arn:aws:iam::222222222222:policy/boundary"
  }

  assert {
    condition     = length(concat(aws_iam_openid_connect_provider.github, aws_iam_role.external_dns_target, aws_iam_role_policy.external_dns_target, aws_iam_role_policy.doctor)) == 0 && output.external_dns_target_role_arn == null
    error_message = "Nothing is made that is there."
  }

  assert {
    condition     = aws_iam_role.reader.name == "looks" && aws_iam_role.reader.permissions_boundary == "arn:aws:iam::222222222222:policy/boundary"
    error_message = "The reader is, as it is wanted."
  }
}

run "who_changed_a_record" {
  variables {
    policies      = run.policies
    drift_authors = true
  }

  assert {
    condition     = aws_iam_role_policy.drift_authors[0].policy == var.policies.drift_authors
    error_message = "The reader may look into CloudTrail where that is wanted."
  }
}
