locals {
  # What a rotation function does (Secrets Manager user guide, "Lambda rotation function execution role permissions").
  policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "RotateSecret"
        Effect = "Allow"
        Action = [
          "secretsmanager:DescribeSecret",
          "secretsmanager:GetSecretValue",
          "secretsmanager:PutSecretValue",
          "secretsmanager:UpdateSecretVersionStage",
        ]
        Resource = [var.secret_arn]
      },
      {
        # It knows no secret.
        Sid      = "MakeValue"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetRandomPassword"]
        Resource = ["*"]
      },
      {
        Sid       = "UseKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
        Resource  = [var.kms_key_arn]
        Condition = { StringLike = { "kms:ViaService" = "secretsmanager.${var.region}.*" } }
      },
    ]
  }
}

resource "aws_iam_role_policy" "rotate" {
  name   = "rotate-${var.service}-${var.secret}"
  role   = var.function_role_name
  policy = jsonencode(local.policy)
}

# By the account and not by the secret: with the condition aws:SourceArn the function could rotate one secret only
# (Secrets Manager user guide, "Lambda rotation function execution role permissions").
resource "aws_lambda_permission" "rotate" {
  statement_id   = "rotate-${var.service}-${var.secret}"
  action         = "lambda:InvokeFunction"
  principal      = "secretsmanager.amazonaws.com"
  function_name  = var.function_name
  qualifier      = var.function_alias
  source_account = var.account_id
}

resource "aws_secretsmanager_secret_rotation" "this" {
  #checkov:skip=CKV_AWS_304:The service declares how often, within Secrets Manager's own limits.
  secret_id           = var.secret_arn
  rotation_lambda_arn = var.function_alias_arn

  # The function may have no code of its own yet, and the secret has no value: the first rotation comes on its day.
  rotate_immediately = false

  rotation_rules {
    automatically_after_days = var.days
  }

  # Secrets Manager calls the function before it accepts a rotation.
  depends_on = [aws_iam_role_policy.rotate, aws_lambda_permission.rotate]
}
