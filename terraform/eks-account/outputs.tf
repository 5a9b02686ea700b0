output "role_arns" {
  description = "`role-to-assume` by purpose: deploy, preview, read, and team-NAME."
  value       = { for key, role in aws_iam_role.job : key => role.arn }
}
