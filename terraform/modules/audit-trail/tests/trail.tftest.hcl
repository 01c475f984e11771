mock_provider "aws" {}

variables {
  account_id      = "444444444444"
  bucket          = "lockgate-prod-trail-444444444444-eu-west-1"
  kms_key_arn     = "arn:aws:kms:eu-west-1:444444444444:key/1"
  name            = "lockgate-prod-trail"
  region          = "eu-west-1"
  watched_buckets = ["lockgate-prod-state-444444444444-eu-west-1"]
}

run "records_everything_and_can_be_checked" {
  command = plan

  assert {
    condition     = aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.enable_log_file_validation && aws_cloudtrail.this.include_global_service_events
    error_message = "All regions, global services, validated files."
  }

  assert {
    condition     = aws_cloudtrail.this.kms_key_id == var.kms_key_arn
    error_message = "The trail is encrypted with the key given."
  }

  assert {
    condition = contains(flatten([
      for selector in aws_cloudtrail.this.advanced_event_selector : [
        for field in selector.field_selector : coalesce(field.starts_with, []) if field.field == "resources.ARN"
      ]
    ]), "arn:aws:s3:::lockgate-prod-state-444444444444-eu-west-1/")
    error_message = "Objects of the state's bucket are watched."
  }
}

run "nobody_deletes" {
  command = plan

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.trail.policy).Statement :
      statement.Effect == "Deny" && statement.Principal == { AWS = "*" } && contains(flatten([statement.Action]), "s3:DeleteObjectVersion")
    ])
    error_message = "Nobody may delete a file of the trail."
  }
}

run "only_this_trail_writes" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_s3_bucket_policy.trail.policy).Statement :
      statement.Condition.StringEquals["aws:SourceArn"] == "arn:aws:cloudtrail:eu-west-1:444444444444:trail/lockgate-prod-trail"
      if statement.Effect == "Allow"
    ])
    error_message = "Another account's trail must not write here."
  }
}

run "no_bucket_to_watch" {
  command = plan

  variables {
    watched_buckets = []
  }

  expect_failures = [var.watched_buckets]
}
