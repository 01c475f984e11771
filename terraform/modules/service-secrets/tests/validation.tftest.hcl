# What cannot be is refused.
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

run "name" {
  command = plan

  variables {
    secrets = { Database = {} }
  }

  expect_failures = [var.secrets]
}

run "store" {
  command = plan

  variables {
    secrets = { key = { store = "vault" } }
  }

  expect_failures = [var.secrets]
}

run "rotating_parameter" {
  command = plan

  variables {
    secrets = { key = { store = "parameter_store", rotation = { days = 9, function = "rotator" } } }
  }

  expect_failures = [var.secrets]
}

run "parameter_with_a_reserved_name" {
  command = plan

  variables {
    name_prefix = "ssmshop-local"
  }

  expect_failures = [var.secrets]
}

run "window" {
  command = plan

  variables {
    recovery_window_days = 3
  }

  expect_failures = [var.recovery_window_days]
}
