# Who may pull and push.
mock_provider "aws" {}

variables {
  account_id  = "555555555555"
  kms_key_arn = "arn:aws:kms:eu-west-1:555555555555:key/00000000-0000-4000-8000-000000000000"
  name_prefix = "lockgate"
  region      = "eu-west-1"
  services    = ["orders"]
}

run "iam_alone_unless_told" {
  command = plan

  assert {
    condition     = length(aws_ecr_repository_policy.this) == 0
    error_message = "Without other accounts and writers the account's IAM decides."
  }
}

run "pull_for_accounts_push_for_builds" {
  command = plan

  variables {
    pull_account_ids = ["222222222222", "444444444444"]
    push_role_arns   = ["arn:aws:iam::555555555555:role/lockgate-build"]
  }

  assert {
    condition = jsondecode(aws_ecr_repository_policy.this["orders"].policy).Statement == [
      {
        Sid       = "OnlyBuildsPush"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
        Condition = { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::555555555555:role/lockgate-build"] } }
      },
      {
        Sid       = "Pull"
        Effect    = "Allow"
        Principal = { AWS = ["arn:aws:iam::222222222222:root", "arn:aws:iam::444444444444:root"] }
        Action    = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"]
      },
    ]
    error_message = "Accounts pull, and nobody but the build pushes."
  }
}
