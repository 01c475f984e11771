locals {
  publishers = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TakeMessagesOfTopics"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = { ArnEquals = { "aws:SourceArn" = values(var.topic_arns) } }
      },
      {
        Sid       = "TakeEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arns } }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sqs:*"
        Resource  = local.queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  }
}

# Policies stand inside their queues: Terraform waits half a minute for each resource of SQS.
resource "aws_sqs_queue" "messages" {
  name                      = local.queue_name
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = 4 * 24 * 3600
  policy                    = jsonencode(local.publishers)

  # Six times the function's time, as Lambda wants it (Lambda developer guide, "Using Lambda with Amazon SQS"): a batch
  # that waits for a free function must not show up a second time. The function itself says when a failure comes back.
  visibility_timeout_seconds = 6 * var.timeout_seconds

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = var.max_receives
  })
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = local.dead_letters_name
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = 14 * 24 * 3600

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.queue_arn]
  })
}

resource "aws_sns_topic_subscription" "queue" {
  for_each = var.topic_arns

  topic_arn = each.value
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.messages.arn

  # Which topic a message was published on says how severe it is.
  raw_message_delivery = false
}

# By e-mail too, since what cannot be delivered cannot say so by the same way.
resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${local.queue_name}-dead-letters"
  alarm_description   = "Messages that the notifier of ${var.name} could not deliver: its log says why."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  period              = 60
  statistic           = "Maximum"
  alarm_actions       = [var.topic_arns["critical"]]
  ok_actions          = [var.topic_arns["critical"]]
}
