# What must be refused.
mock_provider "aws" {}

variables {
  bucket      = "lockgate-local-artifacts-111111111111-eu-west-1"
  kms_key_arn = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
}

run "bucket_with_capitals" {
  command = plan

  variables {
    bucket = "Lockgate"
  }

  expect_failures = [var.bucket]
}

run "service_key" {
  command = plan

  variables {
    kms_key_arn = "alias/aws/s3"
  }

  expect_failures = [var.kms_key_arn]
}

run "no_days" {
  command = plan

  variables {
    noncurrent_days = 0
  }

  expect_failures = [var.noncurrent_days]
}
