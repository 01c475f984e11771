locals {
  reader_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "ReadMessages"
        Effect = "Allow"
        Action = [
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
        ]
        Resource = [local.queue_arn]
      },
      {
        Sid      = "PutAsideWhatCannotBeDelivered"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [local.dead_letters_arn]
      },
      {
        Sid      = "ReadAddress"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [aws_secretsmanager_secret.webhook.arn]
      },
      {
        Sid      = "ReadSettings"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = ["arn:${var.partition}:ssm:${var.region}:${var.account_id}:parameter/lockgate/${var.environment}/notifier"]
      },
      {
        Sid      = "RememberWhatWasSent"
        Effect   = "Allow"
        Action   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        Resource = [aws_dynamodb_table.sent.arn]
      },
      {
        Sid      = "UseKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.kms_key_arn]
        Condition = {
          StringLike = {
            "kms:ViaService" = [for service in ["dynamodb", "secretsmanager", "sqs"] : "${service}.${var.region}.*"]
          }
        }
      },
    ]
  }
}

resource "aws_iam_role_policy" "reader" {
  name   = "notifier"
  role   = var.role_name
  policy = jsonencode(local.reader_policy)
}

# To the alias, never to the function: what CodeDeploy releases reads the queue, and nothing else.
resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn        = aws_sqs_queue.messages.arn
  function_name           = var.alias_arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  # Slack takes about one message a second (Slack API, "Rate limits"); 2 is the least that Lambda takes.
  scaling_config {
    maximum_concurrency = 2
  }

  depends_on = [aws_iam_role_policy.reader]
}
