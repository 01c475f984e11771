# Who reads them may read these and no others, and use the key through their stores alone.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account_id  = "111111111111"
  kms_key_arn = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  name_prefix = "lockgate-local"
  region      = "eu-west-1"
  service     = "orders"

  secrets = {
    api-key           = { store = "parameter_store", variable = "PARTNER" }
    database-password = { description = "Of the user orders" }
  }
}

run "both_stores" {
  command = apply

  assert {
    condition = jsonencode(output.read_statements) == jsonencode([
      {
        Sid      = "ReadOwnParameters"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter", "ssm:GetParameters"]
        Resource = ["arn:aws:ssm:eu-west-1:111111111111:parameter/lockgate-local/orders/api-key"]
      },
      {
        Sid      = "ReadOwnSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [aws_secretsmanager_secret.this["database-password"].arn]
      },
      {
        Sid       = "DecryptOwnSecrets"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.kms_key_arn]
        Condition = { StringLike = { "kms:ViaService" = ["ssm.eu-west-1.*", "secretsmanager.eu-west-1.*"] } }
      },
    ])
    error_message = "Unexpected statements: ${jsonencode(output.read_statements)}"
  }
}

run "one_store" {
  command = apply

  variables {
    secrets = { database-password = {} }
  }

  assert {
    condition = (
      [for statement in output.read_statements : statement.Sid] == ["ReadOwnSecrets", "DecryptOwnSecrets"]
      && output.read_statements[1].Condition.StringLike["kms:ViaService"] == ["secretsmanager.eu-west-1.*"]
    )
    error_message = "The key must not be usable through a store that is not used."
  }
}

run "none" {
  command = apply

  variables {
    secrets = {}
  }

  assert {
    condition     = length(output.read_statements) == 0 && length(output.secrets) == 0
    error_message = "Without secrets there is nothing to read."
  }
}
