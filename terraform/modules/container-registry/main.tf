locals {
  repository_arns = {
    for service in var.services :
    service => "arn:${var.partition}:ecr:${var.region}:${var.account_id}:repository/${var.name_prefix}/${service}"
  }

  # What `docker pull` calls (Amazon ECR user guide, "Private repository policy examples"), and DescribeImages, with
  # which a release asks whether a digest is there. GetAuthorizationToken knows no repository: it is the caller's IAM.
  pull_actions = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
  ]
  push_actions = [
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
  ]

  pull_statements = [
    for accounts in [var.pull_account_ids] : {
      Sid       = "Pull"
      Effect    = "Allow"
      Principal = { AWS = [for account_id in accounts : "arn:${var.partition}:iam::${account_id}:root"] }
      Action    = local.pull_actions
    } if length(accounts) > 0
  ]

  # Without it, whoever may use ECR in this account could push an image that nobody has built.
  push_statements = [
    for roles in [var.push_role_arns] : {
      Sid       = "OnlyBuildsPush"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = local.push_actions
      Condition = { ArnNotLike = { "aws:PrincipalArn" = roles } }
    } if length(roles) > 0
  ]

  statements = concat(local.push_statements, local.pull_statements)
}

resource "aws_ecr_repository" "this" {
  for_each = var.services

  name                 = "${var.name_prefix}/${each.key}"
  force_delete         = var.force_delete
  image_tag_mutability = "IMMUTABLE"

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.kms_key_arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }

  tags = { service = each.key }
}

# Only what no tag names: each image that a release can go back to has a tag of its content, and what is no longer
# needed is known by the ledger alone, which `lockgate prune` reads.
resource "aws_ecr_lifecycle_policy" "this" {
  for_each = aws_ecr_repository.this

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Layers of pushes that did not end, and images whose tag was deleted."
      selection = {
        tagStatus   = "untagged"
        countType   = "sinceImagePushed"
        countUnit   = "days"
        countNumber = var.untagged_days
      }
      action = { type = "expire" }
    }]
  })
}

resource "aws_ecr_repository_policy" "this" {
  for_each = { for service, repository in aws_ecr_repository.this : service => repository if length(local.statements) > 0 }

  repository = each.value.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.statements
  })
}
