# The topics are encrypted with a customer key, and with nothing else.
mock_provider "aws" {}

variables {
  account_id        = "111111111111"
  break_glass_roles = "lockgate-*-break-glass"
  kms_key_arn       = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  name              = "lockgate-local"
  region            = "eu-west-1"
}

run "customer_key" {
  command = plan

  assert {
    condition     = alltrue([for topic in aws_sns_topic.this : topic.kms_master_key_id == var.kms_key_arn])
    error_message = "Each topic must use the key given."
  }
}

run "service_key_is_refused" {
  command = plan

  variables {
    kms_key_arn = "alias/aws/sns"
  }

  expect_failures = [var.kms_key_arn]
}

run "name_with_spaces_is_refused" {
  command = plan

  variables {
    name = "lockgate releases"
  }

  expect_failures = [var.name]
}

run "short_account_is_refused" {
  command = plan

  variables {
    account_id = "1"
  }

  expect_failures = [var.account_id]
}

run "what_is_no_address_is_refused" {
  command = plan

  variables {
    email = { warning = ["nobody"] }
  }

  expect_failures = [var.email]
}
