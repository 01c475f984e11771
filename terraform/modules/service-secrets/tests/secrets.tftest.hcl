# What is made, and what the service is told of it.
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

run "empty" {
  command = apply

  assert {
    condition     = keys(aws_secretsmanager_secret.this) == ["database-password"]
    error_message = "A parameter cannot be made without a value, so Terraform makes none."
  }

  assert {
    condition = (
      aws_secretsmanager_secret.this["database-password"].name == "lockgate-local/orders/database-password"
      && aws_secretsmanager_secret.this["database-password"].description == "Of the user orders"
      && aws_secretsmanager_secret.this["database-password"].kms_key_id == var.kms_key_arn
      && aws_secretsmanager_secret.this["database-password"].recovery_window_in_days == 30
      && aws_secretsmanager_secret.this["database-password"].tags == tomap({ service = "orders" })
    )
    error_message = "A secret has its name, the customer key, a window in which it can be restored, and its service as a tag."
  }

  assert {
    condition = output.secrets == [
      {
        arn      = "arn:aws:ssm:eu-west-1:111111111111:parameter/lockgate-local/orders/api-key"
        id       = "/lockgate-local/orders/api-key"
        key      = var.kms_key_arn
        name     = "api-key"
        store    = "parameter_store"
        variable = "PARTNER"
      },
      {
        arn      = aws_secretsmanager_secret.this["database-password"].arn
        id       = "lockgate-local/orders/database-password"
        key      = var.kms_key_arn
        name     = "database-password"
        store    = "secrets_manager"
        variable = "LOCKGATE_SECRET_DATABASE_PASSWORD"
      },
    ]
    error_message = "Each secret must be known by its name, its store's name and its variable."
  }
}

run "thrown_away" {
  command = plan

  variables {
    recovery_window_days = 0
  }

  assert {
    condition     = aws_secretsmanager_secret.this["database-password"].recovery_window_in_days == 0
    error_message = "An environment that is thrown away keeps no name."
  }
}
