# Which events go to which topic, and who gets e-mail.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account_id        = "111111111111"
  break_glass_roles = "lockgate-*-break-glass"
  kms_key_arn       = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  name              = "lockgate-local"
  region            = "eu-west-1"
}

run "each_severity_has_its_rule" {
  command = plan

  assert {
    condition = {
      for severity, rule in aws_cloudwatch_event_rule.release : severity => jsondecode(rule.event_pattern)
      } == {
      for severity in ["critical", "info", "warning"] : severity => {
        source      = ["lockgate"]
        detail-type = ["Lockgate Release Event"]
        detail      = { severity = [severity] }
      }
    }
    error_message = "Release events must go to the topic of their severity."
  }

  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.release : rule.event_bus_name == "lockgate-local"])
    error_message = "Release events come on their own bus."
  }
}

run "a_sentence_comes_first" {
  command = plan

  assert {
    condition = alltrue([
      for target in concat(values(aws_cloudwatch_event_target.release), values(aws_cloudwatch_event_target.this)) :
      startswith(one(target.input_transformer).input_template, "{\"summary\": ")
      && endswith(one(target.input_transformer).input_template, ", \"event\": <aws.events.event.json>}")
    ])
    error_message = "Whoever gets e-mail reads a sentence first; the notifier needs the whole event."
  }
}

run "only_builds_of_this_name" {
  command = plan

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["build-failed"].event_pattern).detail.project-name == [{ prefix = "lockgate-local-" }]
    error_message = "Builds of another platform in the account must not be announced."
  }
}

run "break_glass" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["break-glass"].event_pattern).detail.requestParameters == {
      roleArn = [{ wildcard = "arn:aws:iam::111111111111:role/*lockgate-*-break-glass" }]
    }
    error_message = "The rule must look for the roles given, in this account, with any path."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this["break-glass"].state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    error_message = "AssumeRole is a read-only call to CloudTrail."
  }
}

run "nobody_gets_email_unasked" {
  command = plan

  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "Without addresses there are no subscriptions."
  }
}

run "email_by_severity" {
  command = plan

  variables {
    email = { critical = ["a@example.com", "b@example.com"], warning = ["a@example.com"] }
  }

  assert {
    condition = toset([for key, subscription in aws_sns_topic_subscription.email : "${key} ${subscription.protocol} ${subscription.endpoint}"]) == toset([
      "critical/a@example.com email a@example.com",
      "critical/b@example.com email b@example.com",
      "warning/a@example.com email a@example.com",
    ])
    error_message = "Each address is subscribed to the topics that name it."
  }
}

run "two_stars_are_refused" {
  command = plan

  variables {
    break_glass_roles = "**"
  }

  expect_failures = [var.break_glass_roles]
}
