output "role_arns" {
  description = "`role-to-assume` by purpose: deploy, preview, drift, plan, and team-NAME."
  value       = { for key, role in aws_iam_role.job : key => role.arn }
}

output "controller_role_arns" {
  description = "Roles of the controllers that were made: external_dns, load_balancer_controller."
  value = {
    for name, roles in { external_dns = aws_iam_role.external_dns, load_balancer_controller = aws_iam_role.load_balancer_controller } :
    name => one(roles[*].arn)
  }
}
