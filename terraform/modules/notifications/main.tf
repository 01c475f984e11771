locals {
  # Built from its parts, so that a plan shows the whole policy before the topic exists.
  topic_arn = "arn:${var.partition}:sns:${var.region}:${var.account_id}:${var.name}"

  policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "PublishAlarmsAndDeployments"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "codedeploy.amazonaws.com"] }
        Action    = "sns:Publish"
        Resource  = local.topic_arn
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      },
      {
        # Without a condition: EventBridge evaluates none in a topic policy (EventBridge user guide, "Using
        # resource-based policies", SNS), and a guard here would drop each message silently.
        Sid       = "PublishEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.topic_arn
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sns:Publish"
        Resource  = local.topic_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  }
}

resource "aws_sns_topic" "releases" {
  name              = var.name
  display_name      = "Lockgate releases"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_policy" "releases" {
  arn    = aws_sns_topic.releases.arn
  policy = jsonencode(local.policy)
}
