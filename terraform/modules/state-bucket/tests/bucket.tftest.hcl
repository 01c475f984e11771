# States hold secrets: who could read them, and for how long they are there.
mock_provider "aws" {}

variables {
  bucket      = "lockgate-prod-state-444444444444-eu-west-1"
  kms_key_arn = "arn:aws:kms:eu-west-1:444444444444:key/1"
}

run "private_and_encrypted" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.state.block_public_acls,
      aws_s3_bucket_public_access_block.state.block_public_policy,
      aws_s3_bucket_public_access_block.state.ignore_public_acls,
      aws_s3_bucket_public_access_block.state.restrict_public_buckets,
    ])
    error_message = "Nothing of the bucket may be public."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn
    error_message = "States are encrypted with the key given."
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.state.versioning_configuration).status == "Enabled" && !aws_s3_bucket.state.force_destroy
    error_message = "A state that is overwritten or deleted can be had back."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.state.policy).Statement :
      statement.Effect == "Deny" && statement.Action == "s3:*" && statement.Condition == { Bool = { "aws:SecureTransport" = "false" } }
    ])
    error_message = "Whatever comes without TLS is denied."
  }
}

run "plans_go_and_states_stay" {
  command = apply

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.state[0].rule : one(rule.expiration).days
      if try(one(rule.filter).prefix, "") == "plans/"
    ] == [30]
    error_message = "Plans go after 30 days."
  }

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_lifecycle_configuration.state[0].rule :
      try(one(rule.expiration).days, 0) == 0 || try(one(rule.filter).prefix, "") == "plans/"
    ])
    error_message = "A current state never expires."
  }
}

run "key_that_is_none" {
  command = plan

  variables {
    kms_key_arn = "alias/aws/s3"
  }

  expect_failures = [var.kms_key_arn]
}
