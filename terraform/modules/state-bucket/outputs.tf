output "bucket" {
  description = "Name of the bucket, known when it is private, versioned and encrypted."
  value       = aws_s3_bucket.state.id

  depends_on = [
    aws_s3_bucket_policy.state,
    aws_s3_bucket_server_side_encryption_configuration.state,
    aws_s3_bucket_versioning.state,
  ]
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = local.bucket_arn
}
