locals {
  # In this account and region only: a log group, queue or topic of another one cannot use the key.
  log_groups_arn = "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:*"
  queues_arn     = "arn:${var.partition}:sqs:${var.region}:${var.account_id}:${var.name}-*"
  topics_arn     = "arn:${var.partition}:sns:${var.region}:${var.account_id}:${var.name}-*"

  # Objects of one bucket, through S3, and nothing else that the key encrypts. S3 takes the bucket's ARN as encryption
  # context where the bucket has a bucket key, else the object's (S3 user guide, "Reducing the cost of SSE-KMS with
  # Amazon S3 Bucket Keys").
  reader_statements = [
    for reader in var.s3_readers : {
      Sid       = "ReadObjects${reader.account_id}"
      Effect    = "Allow"
      Principal = { AWS = "arn:${var.partition}:iam::${reader.account_id}:root" }
      Action    = "kms:Decrypt"
      Resource  = "*"
      Condition = {
        StringEquals = { "kms:ViaService" = "s3.${var.region}.${var.dns_suffix}" }
        ArnLike = {
          for key, arns in {
            "aws:PrincipalArn"                 = [for role in reader.roles : "arn:${var.partition}:iam::${reader.account_id}:role/${role}"]
            "kms:EncryptionContext:aws:s3:arn" = [reader.bucket_arn, "${reader.bucket_arn}/*"]
          } : key => arns if length(arns) > 0
        }
      }
    }
  ]

  policy = {
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "AccountAdministersThroughIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "PublishToTopics"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "codedeploy.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      },
      {
        # No aws:SourceAccount here, on purpose: EventBridge does not send it when it publishes to an encrypted
        # topic, and each message would vanish (SNS developer guide, "Key management", compatibility with event
        # sources). The encryption context that SNS adds to every call confines it to this platform's topics.
        Sid       = "PublishEventsToTopics"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:sns:topicArn" = local.topics_arn } }
      },
      {
        # SNS and EventBridge write to queues for the topic or rule; SQS adds the queue to every call (SQS developer
        # guide, "Key management").
        Sid       = "SendToQueues"
        Effect    = "Allow"
        Principal = { Service = ["events.amazonaws.com", "sns.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:sqs:arn" = local.queues_arn } }
      },
      {
        Sid       = "EncryptLogs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.${var.dns_suffix}" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = local.log_groups_arn } }
      },
    ], local.reader_statements)
  }
}

resource "aws_kms_key" "this" {
  description             = "Everything that Lockgate keeps for ${var.name}: topics, queues, ledger, artifacts, logs."
  deletion_window_in_days = var.deletion_window_days
  enable_key_rotation     = true
  policy                  = jsonencode(local.policy)
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
