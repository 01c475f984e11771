# A queue that topics and rules can write to, and that one function reads.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account_id      = "111111111111"
  alias_arn       = "arn:aws:lambda:eu-west-1:111111111111:function:lockgate-local-notifier:live"
  environment     = "local"
  kms_key_arn     = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  name            = "lockgate-local"
  region          = "eu-west-1"
  role_name       = "lockgate-local-notifier-exec"
  timeout_seconds = 30
  topic_arns = {
    critical = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-critical"
    info     = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
    warning  = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-warning"
  }
}

run "everything_is_encrypted_with_the_key" {
  command = plan

  assert {
    condition = (
      aws_sqs_queue.messages.kms_master_key_id == var.kms_key_arn
      && aws_sqs_queue.dead_letters.kms_master_key_id == var.kms_key_arn
      && aws_secretsmanager_secret.webhook.kms_key_id == var.kms_key_arn
      && one(aws_dynamodb_table.sent.server_side_encryption).kms_key_arn == var.kms_key_arn
    )
    error_message = "Queues, secret and table must use the key given."
  }
}

run "all_topics" {
  command = plan

  assert {
    condition     = toset([for subscription in aws_sns_topic_subscription.queue : subscription.topic_arn]) == toset(values(var.topic_arns))
    error_message = "The queue must get the messages of each topic."
  }

  assert {
    condition     = alltrue([for subscription in aws_sns_topic_subscription.queue : subscription.raw_message_delivery != true])
    error_message = "Which topic it was says how severe a message is."
  }
}

run "what_fails_is_put_aside_in_the_end" {
  command = apply

  assert {
    condition     = jsondecode(aws_sqs_queue.messages.redrive_policy).maxReceiveCount == 30
    error_message = "A message must not be tried for ever."
  }

  assert {
    condition     = aws_sqs_queue.messages.visibility_timeout_seconds == 180
    error_message = "The queue must wait six times the function's time."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.dead_letters.alarm_actions == toset([var.topic_arns["critical"]])
      && aws_cloudwatch_metric_alarm.dead_letters.threshold == 0
    )
    error_message = "What could not be delivered must be announced."
  }
}

run "the_alias_reads_it" {
  command = apply

  assert {
    condition = (
      aws_lambda_event_source_mapping.queue.function_name == var.alias_arn
      && aws_lambda_event_source_mapping.queue.function_response_types == toset(["ReportBatchItemFailures"])
    )
    error_message = "The alias must read the queue, and say which messages failed."
  }
}

run "only_topics_and_rules_write" {
  command = plan

  assert {
    condition = {
      for statement in jsondecode(aws_sqs_queue.messages.policy).Statement :
      statement.Principal.Service => statement.Condition if statement.Effect == "Allow"
      } == {
      "events.amazonaws.com" = { ArnEquals = { "aws:SourceArn" = [
        "arn:aws:events:eu-west-1:111111111111:rule/lockgate-local-alarms",
        "arn:aws:events:eu-west-1:111111111111:rule/lockgate-local-deployments",
      ] } }
      "sns.amazonaws.com" = { ArnEquals = { "aws:SourceArn" = values(var.topic_arns) } }
    }
    error_message = "The queue must take messages of its topics and rules, and of nobody else."
  }

  assert {
    condition     = toset([for key, rule in aws_cloudwatch_event_rule.this : rule.name]) == toset(["lockgate-local-alarms", "lockgate-local-deployments"])
    error_message = "The policy must name the rules that there are."
  }
}

run "nothing_is_delivered_unasked" {
  command = apply

  assert {
    condition     = jsondecode(aws_ssm_parameter.settings.value).webhook == null
    error_message = "Without a webhook the notifier must know that there is none."
  }
}

run "unknown_webhook_is_refused" {
  command = plan

  variables {
    webhook = "irc"
  }

  expect_failures = [var.webhook]
}

run "slower_than_the_function_is_refused" {
  command = plan

  variables {
    http_timeout_seconds = 30
  }

  expect_failures = [var.http_timeout_seconds]
}
