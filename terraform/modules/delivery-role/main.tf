resource "aws_iam_role" "this" {
  name                 = var.name
  description          = var.description
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = local.trust })
  max_session_duration = var.session_hours * 3600
  permissions_boundary = var.permissions_boundary_arn
}

locals {
  trust = concat(
    [for subjects in [var.github_subjects] : {
      # Exactly these, and the audience of STS: a subject with a wildcard, or a condition that holds where a claim is
      # missing, lets other repositories in (GitHub docs, "Configuring OpenID Connect in Amazon Web Services").
      Sid       = "GitHub"
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = var.github_provider_arn }
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = subjects
        }
      }
    } if length(subjects) > 0],
    [for people in [var.people] : {
      # The account's own IAM has to agree for each of them. MFA within the hour, for federated people at their own
      # provider: AWS does not see that one, which is why they are named by role.
      Sid       = "People"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
      Condition = merge(
        length(people.principal_arns) > 0 ? { ArnLike = { "aws:PrincipalArn" = people.principal_arns } } : {},
        people.mfa ? {
          Bool            = { "aws:MultiFactorAuthPresent" = "true" }
          NumericLessThan = { "aws:MultiFactorAuthAge" = "3600" }
        } : {},
      )
    } if people != null],
  )
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.policy_arns

  role       = aws_iam_role.this.name
  policy_arn = each.value
}
