# A second way for what alarms and CodeDeploy publish on the topics themselves, and the only one for an alarm without
# actions or a group without triggers. It ends at the queue, so that nobody gets e-mail twice; the notifier knows the
# two as one message.
locals {
  patterns = {
    alarms = {
      source      = ["aws.cloudwatch"]
      detail-type = ["CloudWatch Alarm State Change"]
      detail      = { alarmName = [{ prefix = "${var.name}-" }] }
    }
    deployments = {
      source      = ["aws.codedeploy"]
      detail-type = ["CodeDeploy Deployment State-change Notification"]
      detail      = { application = [{ prefix = "${var.name}-" }] }
    }
  }

  rule_arns = [
    for key in keys(local.patterns) :
    "arn:${var.partition}:events:${var.region}:${var.account_id}:rule/${var.name}-${key}"
  ]
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.patterns

  name          = "${var.name}-${each.key}"
  description   = "State changes of ${each.key} go to the notifier."
  event_pattern = jsonencode(each.value)
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.patterns

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "notifier"
  arn       = aws_sqs_queue.messages.arn
}
