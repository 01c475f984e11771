# What must be refused.
mock_provider "aws" {}

variables {
  account_id  = "555555555555"
  kms_key_arn = "arn:aws:kms:eu-west-1:555555555555:key/00000000-0000-4000-8000-000000000000"
  name_prefix = "lockgate"
  region      = "eu-west-1"
  services    = ["orders"]
}

run "short_account" {
  command = plan

  variables {
    account_id = "5"
  }

  expect_failures = [var.account_id]
}

run "service_key" {
  command = plan

  variables {
    kms_key_arn = "alias/aws/ecr"
  }

  expect_failures = [var.kms_key_arn]
}

run "prefix_with_capitals" {
  command = plan

  variables {
    name_prefix = "Lockgate"
  }

  expect_failures = [var.name_prefix]
}

run "reader_that_is_no_account" {
  command = plan

  variables {
    pull_account_ids = ["dev"]
  }

  expect_failures = [var.pull_account_ids]
}

run "writer_that_is_no_role" {
  command = plan

  variables {
    push_role_arns = ["lockgate-build"]
  }

  expect_failures = [var.push_role_arns]
}

run "service_with_capitals" {
  command = plan

  variables {
    services = ["Orders"]
  }

  expect_failures = [var.services]
}

run "no_days" {
  command = plan

  variables {
    untagged_days = 0
  }

  expect_failures = [var.untagged_days]
}
