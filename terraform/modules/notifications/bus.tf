# Release events: what Lockgate says, by the severity that it gives them (schemas/release-event.schema.json).
resource "aws_cloudwatch_event_bus" "this" {
  count = var.release_events ? 1 : 0

  name = var.name
}

moved {
  from = aws_cloudwatch_event_bus.this
  to   = aws_cloudwatch_event_bus.this[0]
}

locals {
  release_topics = { for severity, arn in local.topic_arns : severity => arn if var.release_events }
}

resource "aws_cloudwatch_event_rule" "release" {
  for_each = local.release_topics

  name           = "${var.name}-release-${each.key}"
  description    = "Release events of severity ${each.key} go to its topic."
  event_bus_name = aws_cloudwatch_event_bus.this[0].name

  event_pattern = jsonencode({
    source      = ["lockgate"]
    detail-type = ["Lockgate Release Event"]
    detail      = { severity = [each.key] }
  })
}

resource "aws_cloudwatch_event_target" "release" {
  for_each = local.release_topics

  rule           = aws_cloudwatch_event_rule.release[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.this[0].name
  target_id      = "topic"
  arn            = aws_sns_topic_policy.this[each.key].arn

  # A sentence first, for whoever gets e-mail, and everything behind it.
  input_transformer {
    input_paths    = { text = "$.detail.text" }
    input_template = "{\"summary\": <text>, \"event\": <aws.events.event.json>}"
  }
}
