# Inputs → policy documents. No provider and no resource, so that `terraform test` needs neither credentials nor downloads.
# docs/permissions.md shows what comes out for the example's setting; a test compares the two.

terraform {
  required_version = ">= 1.6"
}

locals {
  version = "2012-10-17"
  issuer  = "token.actions.githubusercontent.com"

  partitions = { us-gov = "aws-us-gov", cn = "aws-cn", eusc = "aws-eusc", us-iso = "aws-iso", us-isob = "aws-iso-b" }
  partition = coalesce(
    var.partition,
    one([for prefix, partition in local.partitions : partition if startswith(var.region, "${prefix}-")]),
    "aws",
  )

  eks_prefix   = "arn:${local.partition}:eks:${var.region}:${var.eks_account_id}"
  cluster_arn  = "${local.eks_prefix}:cluster/${var.cluster_name}"
  zone_arn     = "arn:${local.partition}:route53:::hostedzone/${var.zone_id}"
  iam_prefix   = "arn:${local.partition}:iam::${var.eks_account_id}"
  assumer_arn  = "${local.iam_prefix}:role/${var.external_dns.role_name}"
  target_arn   = "arn:${local.partition}:iam::${var.dns_account_id}:role/${var.external_dns.target_role}"
  assume       = ["sts:AssumeRole", "sts:TagSession"]
  job_purposes = { deploy = var.deploy_jobs, preview = var.preview_jobs, drift = var.drift_jobs, plan = var.plan_jobs }

  # GitHub's two forms: by names, and since July 2026 by names with ids that stay through a rename.
  repositories = flatten([
    for each in var.repositories : concat(
      ["repo:${each.owner}/${each.name}"],
      each.id == null ? [] : ["repo:${each.owner}@${each.owner_id}/${each.name}@${each.id}"],
    )
  ])
  subjects = {
    for purpose, jobs in local.job_purposes : purpose => flatten([
      for repository in local.repositories : [for job in jobs : "${repository}:${job}"]
    ])
  }
}

# --- what the action itself needs -----------------------------------------------------------------------------------

locals {
  run = {
    Version = local.version
    Statement = [
      {
        Effect   = "Allow"
        Action   = "eks:DescribeCluster"
        Resource = local.cluster_arn
      },
      {
        Effect = "Allow"
        Action = [
          "elasticloadbalancing:DescribeListeners",
          "elasticloadbalancing:DescribeRules",
          "elasticloadbalancing:DescribeTargetGroups",
          "elasticloadbalancing:DescribeTargetHealth",
        ]
        Resource = "*"
      },
      # Of Gateways that have no route yet: the controller looks at their certificates only when one comes.
      {
        Effect   = "Allow"
        Action   = "acm:DescribeCertificate"
        Resource = "arn:${local.partition}:acm:${var.region}:${var.eks_account_id}:certificate/*"
      },
    ]
  }

  drift = {
    Version = local.version
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "elasticloadbalancing:DescribeLoadBalancers",
          "elasticloadbalancing:DescribeLoadBalancerAttributes",
          "elasticloadbalancing:DescribeListenerAttributes",
          "elasticloadbalancing:DescribeListenerCertificates",
          "elasticloadbalancing:DescribeTargetGroupAttributes",
          "elasticloadbalancing:DescribeTags",
          "elasticloadbalancing:DescribeAccountLimits",
          "ec2:DescribeSecurityGroups",
          "wafv2:GetWebACLForResource",
        ]
        Resource = "*"
      },
    ]
  }

  teardown = {
    Version = local.version
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["tag:GetResources", "elasticloadbalancing:DescribeLoadBalancers"]
        Resource = "*"
      },
    ]
  }

  # Optional, for the roles of both accounts: who changed what has drifted.
  drift_authors = {
    Version = local.version
    Statement = [
      {
        Effect   = "Allow"
        Action   = "cloudtrail:LookupEvents"
        Resource = "*"
      },
    ]
  }

  run_dns = {
    Version = local.version
    Statement = [
      {
        Effect   = "Allow"
        Action   = "route53:ListHostedZonesByName"
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = ["route53:GetHostedZone", "route53:ListResourceRecordSets"]
        Resource = local.zone_arn
      },
    ]
  }

  doctor = {
    Version = local.version
    Statement = [
      {
        Sid    = "Identities"
        Effect = "Allow"
        Action = [
          "eks:ListPodIdentityAssociations",
          "eks:DescribePodIdentityAssociation",
          "eks:DescribeAddon",
          "eks:DescribeAccessEntry",
          "eks:ListAssociatedAccessPolicies",
        ]
        Resource = [
          local.cluster_arn,
          "${local.eks_prefix}:podidentityassociation/${var.cluster_name}/*",
          "${local.eks_prefix}:addon/${var.cluster_name}/eks-pod-identity-agent/*",
          "${local.eks_prefix}:access-entry/${var.cluster_name}/*",
        ]
      },
      {
        Sid    = "RolesOfTheControllers"
        Effect = "Allow"
        Action = ["iam:GetRole", "iam:SimulatePrincipalPolicy"]
        Resource = [
          local.assumer_arn,
          "${local.iam_prefix}:role/${var.load_balancer_controller_role}",
        ]
      },
      {
        Sid      = "CertificatesToFind"
        Effect   = "Allow"
        Action   = "acm:ListCertificates"
        Resource = "*"
      },
      {
        Sid    = "SubnetsAndQuotas"
        Effect = "Allow"
        Action = [
          "ec2:DescribeSubnets",
          "ec2:DescribeRouteTables",
          "elasticloadbalancing:DescribeAccountLimits",
          "elasticloadbalancing:DescribeLoadBalancers",
          "elasticloadbalancing:DescribeListenerCertificates",
        ]
        Resource = "*"
      },
    ]
  }

  doctor_dns = {
    Version = local.version
    Statement = [
      {
        Sid      = "TargetRoleOfExternalDns"
        Effect   = "Allow"
        Action   = ["iam:GetRole", "iam:SimulatePrincipalPolicy"]
        Resource = local.target_arn
      },
    ]
  }
}

# --- who may assume the action's roles ------------------------------------------------------------------------------

locals {
  github_trust = {
    for key, each in {
      deploy     = { account = var.eks_account_id, subjects = local.subjects.deploy }
      preview    = { account = var.eks_account_id, subjects = local.subjects.preview }
      drift      = { account = var.eks_account_id, subjects = local.subjects.drift }
      plan       = { account = var.eks_account_id, subjects = local.subjects.plan }
      dns_reader = { account = var.dns_account_id, subjects = distinct(concat(flatten(values(local.subjects)), var.dns_reader_subjects)) }
      } : key => {
      Version = local.version
      Statement = [
        {
          Effect    = "Allow"
          Principal = { Federated = "arn:${local.partition}:iam::${each.account}:oidc-provider/${local.issuer}" }
          Action    = "sts:AssumeRoleWithWebIdentity"
          Condition = {
            StringEquals = { "${local.issuer}:aud" = var.audience }
            StringLike   = { "${local.issuer}:sub" = each.subjects }
          }
        },
      ]
    }
  }
}

# --- the controllers ------------------------------------------------------------------------------------------------

locals {
  pods_trust = {
    Version = local.version
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "pods.eks.amazonaws.com" }
        Action    = local.assume
        Condition = {
          StringEquals = { "aws:RequestTag/eks-cluster-arn" = local.cluster_arn }
        }
      },
    ]
  }

  external_dns = {
    Version = local.version
    Statement = [
      {
        Effect   = "Allow"
        Action   = local.assume
        Resource = local.target_arn
      },
    ]
  }

  # The whole account is named, and the tags of Pod Identity narrow it to one service account of one cluster.
  external_dns_target_trust = {
    Version = local.version
    Statement = [
      {
        Effect    = "Allow"
        Principal = { AWS = "${local.iam_prefix}:root" }
        Action    = local.assume
        Condition = {
          StringEquals = {
            "aws:RequestTag/eks-cluster-arn"            = local.cluster_arn
            "aws:RequestTag/kubernetes-namespace"       = var.external_dns.namespace
            "aws:RequestTag/kubernetes-service-account" = var.external_dns.service_account
          }
          ArnEquals = { "aws:PrincipalArn" = local.assumer_arn }
        }
      },
    ]
  }

  external_dns_target = {
    Version = local.version
    Statement = [
      {
        Effect   = "Allow"
        Action   = "route53:ListHostedZones"
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"]
        Resource = local.zone_arn
      },
    ]
  }
}
