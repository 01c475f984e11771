locals {
  # Built from their parts, so that policies and plans can name what does not exist yet.
  queue_name        = "${var.name}-notifier"
  dead_letters_name = "${local.queue_name}-dead-letters"
  queue_arn         = "arn:${var.partition}:sqs:${var.region}:${var.account_id}:${local.queue_name}"
  dead_letters_arn  = "${local.queue_arn}-dead-letters"

  # While it fails, a message waits twice as long each time: 30 receives are about six hours of the defaults.
  settings = {
    schema               = 1
    webhook              = var.webhook
    secret               = aws_secretsmanager_secret.webhook.name
    table                = aws_dynamodb_table.sent.name
    queue_url            = aws_sqs_queue.messages.url
    dead_letters_url     = aws_sqs_queue.dead_letters.url
    http_timeout_seconds = var.http_timeout_seconds
    retry_seconds        = var.retry_seconds
  }
}

# The address of the webhook, and the key that signs; people put it there (docs/notifications.md).
resource "aws_secretsmanager_secret" "webhook" {
  #checkov:skip=CKV2_AWS_57:The address is the chat's to renew; whoever renews it there puts the new one here.
  name                    = "${var.name}/notifier"
  description             = "Where the notifier of ${var.name} writes to: {\"url\": ..., \"signing_key\": ...}."
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.keep ? 30 : 0
}

# What was sent, so that what comes twice is sent once.
resource "aws_dynamodb_table" "sent" {
  name         = local.queue_name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  ttl {
    attribute_name = "expiration"
    enabled        = true
  }
}

# What the function reads on each call: a change counts at once, while its environment is part of a released version.
resource "aws_ssm_parameter" "settings" {
  #checkov:skip=CKV2_AWS_34:Names of resources, no secrets: the address of the webhook is in the secret that it names.
  name        = "/lockgate/${var.environment}/notifier"
  description = "What the notifier of ${var.environment} needs to know."
  type        = "String"
  value       = jsonencode(local.settings)
}
