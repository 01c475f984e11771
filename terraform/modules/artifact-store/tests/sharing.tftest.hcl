# Who else may read, and who alone may write.
mock_provider "aws" {}

variables {
  bucket      = "lockgate-tooling-artifacts-555555555555-eu-west-1"
  kms_key_arn = "arn:aws:kms:eu-west-1:555555555555:key/00000000-0000-4000-8000-000000000000"
}

run "nobody_else_unless_told" {
  command = plan

  assert {
    condition     = [for statement in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement : statement.Sid] == ["OnlyOverTls"]
    error_message = "Without readers and writers the account's IAM decides."
  }
}

run "readers_read_what_is_released" {
  command = plan

  variables {
    readers = [
      { account_id = "222222222222" },
      { account_id = "444444444444", roles = ["lockgate-prod-deploy", "delivery/*"] },
    ]
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement : statement if statement.Sid == "Read222222222222"
      ]) == {
      Sid       = "Read222222222222"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::222222222222:root" }
      Action    = "s3:GetObject"
      Resource = [
        "arn:aws:s3:::lockgate-tooling-artifacts-555555555555-eu-west-1/bootstrap/*",
        "arn:aws:s3:::lockgate-tooling-artifacts-555555555555-eu-west-1/bundles/*",
        "arn:aws:s3:::lockgate-tooling-artifacts-555555555555-eu-west-1/services/*",
      ]
    }
    error_message = "An account without roles may read what is released, as far as its own IAM allows; never sources."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement :
      statement.Condition.ArnLike["aws:PrincipalArn"] == [
        "arn:aws:iam::444444444444:role/lockgate-prod-deploy",
        "arn:aws:iam::444444444444:role/delivery/*",
      ]
      if contains(["Read444444444444", "List444444444444"], statement.Sid)
    ])
    error_message = "An account with roles may only read with these."
  }

  assert {
    condition     = length(jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement) == 5
    error_message = "Two statements for each reader, and the one for TLS."
  }
}

run "only_writers_write" {
  command = plan

  variables {
    writers = ["arn:aws:iam::555555555555:role/lockgate-build"]
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement : statement if statement.Sid == "OnlyBuildsWriteArtifacts"
      ]) == {
      Sid       = "OnlyBuildsWriteArtifacts"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:PutObject"
      Resource = [
        "arn:aws:s3:::lockgate-tooling-artifacts-555555555555-eu-west-1/bundles/*",
        "arn:aws:s3:::lockgate-tooling-artifacts-555555555555-eu-west-1/services/*",
      ]
      Condition = { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::555555555555:role/lockgate-build"] } }
    }
    error_message = "Everybody but the writers must be denied what was built."
  }
}

run "short_account" {
  command = plan

  variables {
    readers = [{ account_id = "2" }]
  }

  expect_failures = [var.readers]
}

run "account_twice" {
  command = plan

  variables {
    readers = [{ account_id = "222222222222" }, { account_id = "222222222222", roles = ["a"] }]
  }

  expect_failures = [var.readers]
}

run "role_as_arn" {
  command = plan

  variables {
    readers = [{ account_id = "222222222222", roles = ["arn:aws:iam::222222222222:role/a"] }]
  }

  expect_failures = [var.readers]
}

run "writer_that_is_no_role" {
  command = plan

  variables {
    writers = ["lockgate-build"]
  }

  expect_failures = [var.writers]
}
