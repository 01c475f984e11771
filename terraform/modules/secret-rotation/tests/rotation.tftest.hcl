# Secrets Manager calls what was released, and that may change this one secret.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account_id         = "111111111111"
  days               = 30
  function_alias_arn = "arn:aws:lambda:eu-west-1:111111111111:function:lockgate-local-rotator:live"
  function_name      = "lockgate-local-rotator"
  function_role_name = "lockgate-local-rotator-exec"
  kms_key_arn        = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  region             = "eu-west-1"
  secret             = "main"
  secret_arn         = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/orders/main-AbCdEf"
  service            = "orders"
}

run "schedule" {
  command = plan

  assert {
    condition = (
      aws_secretsmanager_secret_rotation.this.secret_id == var.secret_arn
      && aws_secretsmanager_secret_rotation.this.rotation_lambda_arn == var.function_alias_arn
      && aws_secretsmanager_secret_rotation.this.rotate_immediately == false
      && output.days == 30
    )
    error_message = "The alias must rotate, on its day and not at once: there is no value yet."
  }
}

run "caller" {
  command = plan

  assert {
    condition = (
      aws_lambda_permission.rotate.principal == "secretsmanager.amazonaws.com"
      && aws_lambda_permission.rotate.qualifier == "live"
      && aws_lambda_permission.rotate.source_account == "111111111111"
    )
    error_message = "Only this account's Secrets Manager may call it, and only the alias."
  }
}

run "role" {
  command = plan

  assert {
    condition = (
      aws_iam_role_policy.rotate.role == "lockgate-local-rotator-exec"
      && [for statement in jsondecode(aws_iam_role_policy.rotate.policy).Statement : statement.Resource] == [[var.secret_arn], ["*"], [var.kms_key_arn]]
      && jsondecode(aws_iam_role_policy.rotate.policy).Statement[1].Action == ["secretsmanager:GetRandomPassword"]
      && jsondecode(aws_iam_role_policy.rotate.policy).Statement[2].Condition == { StringLike = { "kms:ViaService" = "secretsmanager.eu-west-1.*" } }
    )
    error_message = "It changes this secret alone, and uses the key through Secrets Manager alone."
  }
}

run "days" {
  command = plan

  variables {
    days = 1001
  }

  expect_failures = [var.days]
}
