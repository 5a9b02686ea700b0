output "external_dns_target_role_arn" {
  description = "Target role of ExternalDNS's pod identity association; null where it is not made here."
  value       = one(aws_iam_role.external_dns_target[*].arn)
}

output "reader_role_arn" {
  description = "`dns-role-to-assume`."
  value       = aws_iam_role.reader.arn
}
