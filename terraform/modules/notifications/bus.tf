# Release events: what Lockgate says, by the severity that it gives them (schemas/release-event.schema.json).
resource "aws_cloudwatch_event_bus" "this" {
  name = var.name
}

resource "aws_cloudwatch_event_rule" "release" {
  for_each = local.topic_arns

  name           = "${var.name}-release-${each.key}"
  description    = "Release events of severity ${each.key} go to its topic."
  event_bus_name = aws_cloudwatch_event_bus.this.name

  event_pattern = jsonencode({
    source      = ["lockgate"]
    detail-type = ["Lockgate Release Event"]
    detail      = { severity = [each.key] }
  })
}

resource "aws_cloudwatch_event_target" "release" {
  for_each = local.topic_arns

  rule           = aws_cloudwatch_event_rule.release[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  target_id      = "topic"
  arn            = aws_sns_topic_policy.this[each.key].arn

  # A sentence first, for whoever gets e-mail, and everything behind it.
  input_transformer {
    input_paths    = { text = "$.detail.text" }
    input_template = "{\"summary\": <text>, \"event\": <aws.events.event.json>}"
  }
}
