mock_provider "aws" {}

variables {
  account_id               = "444444444444"
  description              = "Applies and releases prod."
  github_provider_arn      = "arn:aws:iam::444444444444:oidc-provider/token.actions.githubusercontent.com"
  github_subjects          = ["repo:acme/shop:environment:prod", "repo:acme@1/shop@2:environment:prod"]
  name                     = "lockgate-prod-deploy"
  permissions_boundary_arn = "arn:aws:iam::444444444444:policy/lockgate-prod-delivery"
  policy_arns              = { read = "arn:aws:iam::444444444444:policy/lockgate-prod-pipeline-read" }
}

run "exact_subjects_and_audience" {
  command = plan

  assert {
    condition = one(jsondecode(aws_iam_role.this.assume_role_policy).Statement).Condition == {
      StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = ["repo:acme/shop:environment:prod", "repo:acme@1/shop@2:environment:prod"]
      }
    }
    error_message = "Both forms of the subject, and the audience, each by StringEquals."
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.permissions_boundary_arn && length(aws_iam_role_policy_attachment.this) == 1
    error_message = "The role has its boundary, and its policies."
  }
}

run "people_with_mfa" {
  command = plan

  variables {
    github_subjects = []
    people          = { principal_arns = ["arn:aws:iam::444444444444:user/ada"] }
  }

  assert {
    condition = one(jsondecode(aws_iam_role.this.assume_role_policy).Statement).Condition == {
      ArnLike         = { "aws:PrincipalArn" = ["arn:aws:iam::444444444444:user/ada"] }
      Bool            = { "aws:MultiFactorAuthPresent" = "true" }
      NumericLessThan = { "aws:MultiFactorAuthAge" = "3600" }
    }
    error_message = "Named people, with MFA that is not older than an hour."
  }
}

run "wildcard_in_a_subject" {
  command = plan

  variables {
    github_subjects = ["repo:acme/*:environment:prod"]
  }

  expect_failures = [var.github_subjects]
}
