# What must be refused.
mock_provider "aws" {}

variables {
  account_id = "111111111111"
  name       = "lockgate-local"
  region     = "eu-west-1"
}

run "account_id_of_other_length" {
  command = plan

  variables {
    account_id = "1111"
  }

  expect_failures = [var.account_id]
}

run "deletion_window_beyond_kms" {
  command = plan

  variables {
    deletion_window_days = 3
  }

  expect_failures = [var.deletion_window_days]
}

run "name_with_capitals" {
  command = plan

  variables {
    name = "Lockgate"
  }

  expect_failures = [var.name]
}
