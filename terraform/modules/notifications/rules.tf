# What others say on the account's default bus. Alarms and CodeDeploy publish on the topics themselves.
locals {
  rules = {
    build-failed = {
      description = "A build of ${var.name} that did not succeed."
      severity    = "warning"
      # A rule's state besides ENABLED counts for what comes by CloudTrail alone.
      state = "ENABLED"
      pattern = {
        source      = ["aws.codebuild"]
        detail-type = ["CodeBuild Build State Change"]
        detail = {
          build-status = ["FAILED", "FAULT", "STOPPED", "TIMED_OUT"]
          project-name = [{ prefix = coalesce(var.builds, "${var.name}-") }]
        }
      }
      paths    = { project = "$.detail.project-name", status = "$.detail.build-status" }
      template = "{\"summary\": \"A build of <project> ended: <status>.\", \"event\": <aws.events.event.json>}"
    }

    # AssumeRole is a read-only call to CloudTrail, which a rule gets for certain in this state only (EventBridge user
    # guide, "Read-only management events from AWS services"). It needs a trail in this region, and sees calls to STS's
    # endpoint of this region.
    break-glass = {
      description = "Somebody takes a role that is for emergencies."
      severity    = "critical"
      state       = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
      pattern = {
        source      = ["aws.sts"]
        detail-type = ["AWS API Call via CloudTrail"]
        detail = {
          eventSource = ["sts.amazonaws.com"]
          eventName   = ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"]
          requestParameters = {
            roleArn = [{ wildcard = "arn:${var.partition}:iam::${var.account_id}:role/*${var.break_glass_roles}" }]
          }
        }
      }
      paths    = { role = "$.detail.requestParameters.roleArn", who = "$.detail.userIdentity.arn" }
      template = "{\"summary\": \"<who> takes the role <role>.\", \"event\": <aws.events.event.json>}"
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
  state         = each.value.state
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.rules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "topic"
  arn       = aws_sns_topic_policy.this[each.value.severity].arn

  input_transformer {
    input_paths    = each.value.paths
    input_template = each.value.template
  }
}
