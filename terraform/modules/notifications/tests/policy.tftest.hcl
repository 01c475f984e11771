# Who may publish.
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

run "services_can_publish" {
  command = plan

  assert {
    condition = alltrue([
      for pair in setproduct(
        ["cloudwatch.amazonaws.com", "codedeploy.amazonaws.com", "events.amazonaws.com"], ["critical", "info", "warning"]
        ) : anytrue([
          for statement in jsondecode(aws_sns_topic_policy.this[pair[1]].policy).Statement :
          statement.Effect == "Allow" && statement.Action == "sns:Publish"
          && statement.Resource == "arn:aws:sns:eu-west-1:111111111111:lockgate-local-${pair[1]}"
          && contains(flatten([try(statement.Principal.Service, [])]), pair[0])
      ])
    ])
    error_message = "CloudWatch, CodeDeploy and EventBridge must be allowed to publish to each topic."
  }
}

run "eventbridge_without_condition" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_sns_topic_policy.this["critical"].policy).Statement :
      !can(statement.Condition)
      if contains(flatten([try(statement.Principal.Service, [])]), "events.amazonaws.com")
    ])
    error_message = "EventBridge evaluates no condition in a topic policy: its messages would vanish."
  }
}

run "others_for_this_account_only" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_sns_topic_policy.this["critical"].policy).Statement :
      statement.Condition.StringEquals["aws:SourceAccount"] == "111111111111"
      if contains(flatten([try(statement.Principal.Service, [])]), "cloudwatch.amazonaws.com")
    ])
    error_message = "Alarms and deployments of other accounts must not publish."
  }
}

run "only_over_tls" {
  command = plan

  assert {
    condition = one([
      for statement in jsondecode(aws_sns_topic_policy.this["critical"].policy).Statement :
      statement.Condition.Bool["aws:SecureTransport"] if statement.Effect == "Deny"
    ]) == "false"
    error_message = "Publishing without TLS must be denied."
  }
}

run "policies_name_their_topics" {
  command = apply

  # Each of the mocked topics has the same ARN: that of `info`.
  assert {
    condition     = strcontains(aws_sns_topic_policy.this["info"].policy, aws_sns_topic.this["info"].arn)
    error_message = "The ARN that a policy is built from must be its topic's."
  }

  assert {
    condition     = toset(keys(output.topic_arns)) == toset(["critical", "info", "warning"])
    error_message = "There must be a topic of each severity."
  }
}
