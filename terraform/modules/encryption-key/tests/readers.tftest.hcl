# Other accounts that read a bucket's objects.
mock_provider "aws" {}

variables {
  account_id = "555555555555"
  name       = "lockgate-tooling"
  region     = "eu-west-1"

  s3_readers = [
    { account_id = "222222222222", bucket_arn = "arn:aws:s3:::artifacts" },
    { account_id = "444444444444", bucket_arn = "arn:aws:s3:::artifacts", roles = ["lockgate-prod-deploy"] },
  ]
}

run "decrypt_through_s3_for_one_bucket" {
  command = plan

  assert {
    condition = one([
      for statement in jsondecode(aws_kms_key.this.policy).Statement : statement if statement.Sid == "ReadObjects222222222222"
      ]) == {
      Sid       = "ReadObjects222222222222"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::222222222222:root" }
      Action    = "kms:Decrypt"
      Resource  = "*"
      Condition = {
        StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" }
        ArnLike      = { "kms:EncryptionContext:aws:s3:arn" = ["arn:aws:s3:::artifacts", "arn:aws:s3:::artifacts/*"] }
      }
    }
    error_message = "A reader may decrypt objects of the bucket through S3, and nothing else."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      statement.Condition.ArnLike["aws:PrincipalArn"] if statement.Sid == "ReadObjects444444444444"
    ]) == ["arn:aws:iam::444444444444:role/lockgate-prod-deploy"]
    error_message = "An account with roles may only decrypt with these."
  }
}

run "object_for_bucket" {
  command = plan

  variables {
    s3_readers = [{ account_id = "222222222222", bucket_arn = "arn:aws:s3:::artifacts/*" }]
  }

  expect_failures = [var.s3_readers]
}

run "short_account" {
  command = plan

  variables {
    s3_readers = [{ account_id = "2", bucket_arn = "arn:aws:s3:::artifacts" }]
  }

  expect_failures = [var.s3_readers]
}

run "account_twice" {
  command = plan

  variables {
    s3_readers = [
      { account_id = "222222222222", bucket_arn = "arn:aws:s3:::artifacts" },
      { account_id = "222222222222", bucket_arn = "arn:aws:s3:::others" },
    ]
  }

  expect_failures = [var.s3_readers]
}
