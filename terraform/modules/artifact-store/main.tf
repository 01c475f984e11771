locals {
  bucket_arn = "arn:${var.partition}:s3:::${var.bucket}"

  # What a release and Terraform read: code, bundles, and the code of a function before its first release. Sources are
  # for builds only.
  released_arns = [for prefix in ["bootstrap", "bundles", "services"] : "${local.bucket_arn}/${prefix}/*"]
  built_arns    = [for prefix in ["bundles", "services"] : "${local.bucket_arn}/${prefix}/*"]

  # Principal is the reader's account, so that its own IAM must agree; the condition narrows that to the roles named.
  reader_conditions = {
    for reader in var.readers : reader.account_id => [
      for roles in [reader.roles] : {
        ArnLike = { "aws:PrincipalArn" = [for role in roles : "arn:${var.partition}:iam::${reader.account_id}:role/${role}"] }
      } if length(roles) > 0
    ]
  }

  tls_statements = [
    for only in [var.only_over_tls] : {
      Sid       = "OnlyOverTls"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    } if only
  ]

  # Without a bucket policy that says otherwise, whoever may write to S3 in this account could put code under the name
  # of what was built. Sources and the bootstrap stay with the account's IAM.
  writer_statements = [
    for writers in [var.writers] : {
      Sid       = "OnlyBuildsWriteArtifacts"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:PutObject"
      Resource  = local.built_arns
      Condition = { ArnNotLike = { "aws:PrincipalArn" = writers } }
    } if length(writers) > 0
  ]

  read_statements = [
    for reader in var.readers : merge({
      Sid       = "Read${reader.account_id}"
      Effect    = "Allow"
      Principal = { AWS = "arn:${var.partition}:iam::${reader.account_id}:root" }
      Action    = "s3:GetObject"
      Resource  = local.released_arns
    }, [for condition in local.reader_conditions[reader.account_id] : { Condition = condition }]...)
  ]

  # Without it a missing object would answer 403 instead of 404 (S3 API reference, HeadObject, Permissions), and a
  # release could not tell what is missing from what is forbidden.
  list_statements = [
    for reader in var.readers : merge({
      Sid       = "List${reader.account_id}"
      Effect    = "Allow"
      Principal = { AWS = "arn:${var.partition}:iam::${reader.account_id}:root" }
      Action    = "s3:ListBucket"
      Resource  = local.bucket_arn
    }, [for condition in local.reader_conditions[reader.account_id] : { Condition = condition }]...)
  ]
}

resource "aws_s3_bucket" "artifacts" {
  #checkov:skip=CKV_AWS_18:Access belongs in CloudTrail data events, which name the caller; those are the account's, not this bucket's.
  #checkov:skip=CKV_AWS_144:Artifacts are rebuilt from a commit; another region gets its own bucket when an environment is there.
  #checkov:skip=CKV2_AWS_62:Nothing reacts to an upload: a release names the artifact that it wants.
  bucket        = var.bucket
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_ownership_controls" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "artifacts" {
  bucket                  = aws_s3_bucket.artifacts.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      kms_master_key_id = var.kms_key_arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "artifacts" {
  count = var.expire ? 1 : 0

  bucket = aws_s3_bucket.artifacts.id

  rule {
    id     = "noncurrent"
    status = "Enabled"

    filter {}

    # What was pruned leaves a marker, which is of no use once nothing is under it.
    expiration {
      expired_object_delete_marker = true
    }

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }
  }

  rule {
    id     = "incomplete-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.artifacts]
}

resource "aws_s3_bucket_policy" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.tls_statements, local.writer_statements, local.read_statements, local.list_statements)
  })

  depends_on = [aws_s3_bucket_public_access_block.artifacts]
}

# A function needs code to exist. This one answers 503 until the first release; see bootstrap/app.py.
resource "aws_s3_object" "bootstrap" {
  bucket         = aws_s3_bucket.artifacts.id
  key            = "bootstrap/lambda-python.zip"
  content_base64 = trimspace(file("${path.module}/bootstrap/lambda-python.zip.b64"))
  content_type   = "application/zip"
  kms_key_id     = var.kms_key_arn

  depends_on = [
    aws_s3_bucket_ownership_controls.artifacts,
    aws_s3_bucket_server_side_encryption_configuration.artifacts,
    aws_s3_bucket_versioning.artifacts,
  ]
}
