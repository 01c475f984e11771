mock_provider "aws" {}

variables {
  name = "lockgate-prod"
}

run "nothing_is_public" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_account_public_access_block.this[0].block_public_acls,
      aws_s3_account_public_access_block.this[0].block_public_policy,
      aws_s3_account_public_access_block.this[0].ignore_public_acls,
      aws_s3_account_public_access_block.this[0].restrict_public_buckets,
    ])
    error_message = "No bucket of the account may become public."
  }

  assert {
    condition     = aws_ebs_encryption_by_default.this[0].enabled && length(aws_accessanalyzer_analyzer.account) == 1
    error_message = "Volumes are encrypted, and access is analysed."
  }
}

run "embedded" {
  command = plan

  variables {
    guards = { analyze_access = false, block_public_buckets = false, encrypt_volumes = false }
  }

  assert {
    condition     = output.analyzer_arn == null
    error_message = "Without an analyzer there is no ARN."
  }
}
