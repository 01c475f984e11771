# The bucket is private, versioned and encrypted.
mock_provider "aws" {}

variables {
  bucket      = "lockgate-prod-artifacts-444444444444-eu-west-1"
  kms_key_arn = "arn:aws:kms:eu-west-1:444444444444:key/00000000-0000-4000-8000-000000000000"
}

run "private" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.artifacts.block_public_acls,
      aws_s3_bucket_public_access_block.artifacts.block_public_policy,
      aws_s3_bucket_public_access_block.artifacts.ignore_public_acls,
      aws_s3_bucket_public_access_block.artifacts.restrict_public_buckets,
    ])
    error_message = "All four public-access blocks must be on."
  }

  assert {
    condition     = one(aws_s3_bucket_ownership_controls.artifacts.rule).object_ownership == "BucketOwnerEnforced"
    error_message = "The bucket's account must own every object."
  }
}

run "only_over_tls" {
  command = plan

  assert {
    condition = jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement[0] == {
      Sid       = "OnlyOverTls"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource = [
        "arn:aws:s3:::lockgate-prod-artifacts-444444444444-eu-west-1",
        "arn:aws:s3:::lockgate-prod-artifacts-444444444444-eu-west-1/*",
      ]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
    error_message = "Requests without TLS must be denied, for the bucket and its objects."
  }
}

run "versioned" {
  command = plan

  assert {
    condition     = one(aws_s3_bucket_versioning.artifacts.versioning_configuration).status == "Enabled"
    error_message = "Artifacts must be versioned."
  }
}

run "encrypted_with_the_customer_key" {
  command = plan

  assert {
    condition = one(one(aws_s3_bucket_server_side_encryption_configuration.artifacts.rule).apply_server_side_encryption_by_default) == {
      kms_master_key_id = var.kms_key_arn
      sse_algorithm     = "aws:kms"
    }
    error_message = "Objects must be encrypted with the key given."
  }
}

run "what_is_replaced_goes_away" {
  command = plan

  assert {
    condition     = toset([for rule in aws_s3_bucket_lifecycle_configuration.artifacts[0].rule : rule.id]) == toset(["noncurrent", "incomplete-uploads"])
    error_message = "Replaced objects and unfinished uploads must expire."
  }

  assert {
    condition = alltrue(flatten([
      for rule in aws_s3_bucket_lifecycle_configuration.artifacts[0].rule : [
        # S3 takes neither days nor a date beside it.
        for expiration in rule.expiration : expiration.expired_object_delete_marker
      ]
    ]))
    error_message = "A current artifact must never expire: a rollback may need it."
  }
}

run "kept_unless_told_otherwise" {
  command = plan

  assert {
    condition     = !aws_s3_bucket.artifacts.force_destroy
    error_message = "Destroying must not delete artifacts unless told so."
  }
}

run "over_http_on_an_embedded_aws" {
  command = plan

  variables {
    only_over_tls = false
    readers       = [{ account_id = "222222222222" }]
  }

  assert {
    condition     = !strcontains(aws_s3_bucket_policy.artifacts.policy, "Deny")
    error_message = "Other accounts reach an embedded AWS over HTTP."
  }
}
