locals {
  # In this account and region only: a log group or topic of another one cannot use the key.
  log_groups_arn = "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:*"
  topics_arn     = "arn:${var.partition}:sns:${var.region}:${var.account_id}:${var.name}-*"

  policy = {
    Version = "2012-10-17"
    Statement = [
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
        Sid       = "EncryptLogs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.${var.dns_suffix}" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = local.log_groups_arn } }
      },
    ]
  }
}

resource "aws_kms_key" "this" {
  description             = "Everything that Lockgate keeps for ${var.name}: topic, ledger, artifacts, logs."
  deletion_window_in_days = var.deletion_window_days
  enable_key_rotation     = true
  policy                  = jsonencode(local.policy)
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
