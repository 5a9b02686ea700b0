# The certificate and the records that prove it, with AWS mocked: run by `npm run terraform`.

mock_provider "aws" {
  alias = "eks"
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:us-east-1:111111111111:certificate/mocked"
      domain_validation_options = [
        { domain_name = "example.com", resource_record_name = "_a.example.com.", resource_record_type = "CNAME", resource_record_value = "_a.acm-validations.aws." },
        { domain_name = "*.example.com", resource_record_name = "_a.example.com.", resource_record_type = "CNAME", resource_record_value = "_a.acm-validations.aws." },
        { domain_name = "*.preview.example.com", resource_record_name = "_b.preview.example.com.", resource_record_type = "CNAME", resource_record_value = "_b.acm-validations.aws." },
      ]
    }
  }
}

mock_provider "aws" {
  alias = "dns"
  mock_resource "aws_route53_record" {
    defaults = { fqdn = "_a.example.com" }
  }
}

variables {
  names   = ["example.com", "*.example.com", "*.preview.example.com"]
  zone_id = "Z0123456789ABC"
}

run "a_record_for_each_name_and_its_wildcard" {
  assert {
    condition = { for domain, record in aws_route53_record.validation : domain => "${record.zone_id} ${record.name} ${record.type} ${one(record.records)}" } == {
      "example.com"         = "Z0123456789ABC _a.example.com. CNAME _a.acm-validations.aws."
      "preview.example.com" = "Z0123456789ABC _b.preview.example.com. CNAME _b.acm-validations.aws."
    }
    error_message = "A name and its wildcard are proved by one record: two would fight over it."
  }

  assert {
    condition     = aws_acm_certificate.this.domain_name == "example.com" && tolist(aws_acm_certificate.this.subject_alternative_names) == tolist(["*.example.com", "*.preview.example.com"])
    error_message = "The certificate has every name."
  }

  assert {
    condition     = output.arn == aws_acm_certificate.this.arn
    error_message = "What comes out is the certificate, once it is issued."
  }
}

run "no_name" {
  command = plan
  variables {
    names = []
  }
  expect_failures = [var.names]
}

run "a_name_with_its_dot" {
  command = plan
  variables {
    names = ["example.com."]
  }
  expect_failures = [var.names]
}

run "a_wildcard_in_the_middle" {
  command = plan
  variables {
    names = ["example.com", "pr-*.example.com"]
  }
  expect_failures = [var.names]
}

run "a_common_name_that_is_too_long" {
  command = plan
  variables {
    names = ["a-name-of-more-than-sixty-four-characters-is-no-common-name-at-all.example.com"]
  }
  expect_failures = [var.names]
}

run "a_zone_with_its_path" {
  command = plan
  variables {
    zone_id = "/hostedzone/Z0123456789ABC"
  }
  expect_failures = [var.zone_id]
}
