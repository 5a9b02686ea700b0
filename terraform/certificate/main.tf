# A certificate in the EKS account, proved by records in the zone of the DNS account.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 6.2, < 7.0"
      configuration_aliases = [aws.eks, aws.dns]
    }
  }
}

resource "aws_acm_certificate" "this" {
  provider                  = aws.eks
  domain_name               = var.names[0]
  subject_alternative_names = slice(var.names, 1, length(var.names))
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  # `example.com` and `*.example.com` are proved by one and the same record. How many there are is known before there is a
  # certificate; what they hold is not.
  domains = toset([for name in var.names : trimprefix(name, "*.")])
  proofs = {
    for domain in local.domains : domain => [
      for option in aws_acm_certificate.this.domain_validation_options : option if trimprefix(option.domain_name, "*.") == domain
    ][0]
  }
}

resource "aws_route53_record" "validation" {
  for_each        = local.domains
  provider        = aws.dns
  zone_id         = var.zone_id
  name            = local.proofs[each.key].resource_record_name
  type            = local.proofs[each.key].resource_record_type
  records         = [local.proofs[each.key].resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  provider                = aws.eks
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for each in aws_route53_record.validation : each.fqdn]
}
