output "setting" {
  description = "What the other modules take from here, so that both sides of a name are written once."
  value = {
    partition                     = local.partition
    cluster_name                  = var.cluster_name
    zone_id                       = var.zone_id
    audience                      = var.audience
    external_dns                  = var.external_dns
    load_balancer_controller_role = var.load_balancer_controller_role
  }
}

output "run" {
  description = "Policy of every role in the EKS account that the action assumes, whatever the mode."
  value       = jsonencode(local.run)
}

output "run_dns" {
  description = "Policy of the action's role in the DNS account."
  value       = jsonencode(local.run_dns)
}

output "drift" {
  description = "What `mode: drift` needs in the EKS account besides."
  value       = jsonencode(local.drift)
}

output "drift_authors" {
  description = "What `mode: drift` needs in either account, optionally, to say who changed something in AWS or Route 53."
  value       = jsonencode(local.drift_authors)
}

output "teardown" {
  description = "What `mode: teardown` of a deploy needs in the EKS account besides."
  value       = jsonencode(local.teardown)
}

output "doctor" {
  description = "What `mode: doctor` needs in the EKS account besides."
  value       = jsonencode(local.doctor)
}

output "doctor_dns" {
  description = "What `mode: doctor` needs in the DNS account besides."
  value       = jsonencode(local.doctor_dns)
}

output "github_trust" {
  description = "Trust policies of the action's roles: deploy, preview, drift, plan (EKS account) and dns_reader (DNS account)."
  value       = { for key, each in local.github_trust : key => jsonencode(each) }
}

output "subjects" {
  description = "The subjects that are admitted, by purpose: deploy, preview, drift, plan."
  value       = local.subjects
}

output "pods_trust" {
  description = "Trust policy of the controllers' roles: pods of this cluster, by EKS Pod Identity."
  value       = jsonencode(local.pods_trust)
}

output "external_dns" {
  description = "Policy of ExternalDNS's role in the EKS account: the hop into the DNS account."
  value       = jsonencode(local.external_dns)
}

output "external_dns_target_trust" {
  description = "Trust policy of ExternalDNS's role in the DNS account."
  value       = jsonencode(local.external_dns_target_trust)
}

output "external_dns_target" {
  description = "Policy of ExternalDNS's role in the DNS account."
  value       = jsonencode(local.external_dns_target)
}
