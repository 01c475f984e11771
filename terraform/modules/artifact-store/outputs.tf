output "bootstrap" {
  description = "Bucket and key of the code that a function is created with."
  value = {
    bucket = aws_s3_object.bootstrap.bucket
    key    = aws_s3_object.bootstrap.key
  }
}

output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.artifacts.bucket
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.artifacts.arn
}
