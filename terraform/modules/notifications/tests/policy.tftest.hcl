# Who may publish.
mock_provider "aws" {
  mock_resource "aws_sns_topic" {
    defaults = {
      arn = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-releases"
    }
  }
}

variables {
  account_id  = "111111111111"
  kms_key_arn = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  name        = "lockgate-local-releases"
  region      = "eu-west-1"
}

run "services_can_publish" {
  command = plan

  assert {
    condition = alltrue([
      for service in ["cloudwatch.amazonaws.com", "codedeploy.amazonaws.com", "events.amazonaws.com"] : anytrue([
        for statement in jsondecode(aws_sns_topic_policy.releases.policy).Statement :
        statement.Effect == "Allow" && statement.Action == "sns:Publish"
        && statement.Resource == "arn:aws:sns:eu-west-1:111111111111:lockgate-local-releases"
        && contains(flatten([try(statement.Principal.Service, [])]), service)
      ])
    ])
    error_message = "CloudWatch, CodeDeploy and EventBridge must be allowed to publish to this topic."
  }
}

run "eventbridge_without_condition" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_sns_topic_policy.releases.policy).Statement :
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
      for statement in jsondecode(aws_sns_topic_policy.releases.policy).Statement :
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
      for statement in jsondecode(aws_sns_topic_policy.releases.policy).Statement :
      statement.Condition.Bool["aws:SecureTransport"] if statement.Effect == "Deny"
    ]) == "false"
    error_message = "Publishing without TLS must be denied."
  }
}

run "policy_names_the_topic" {
  command = apply

  assert {
    condition     = strcontains(aws_sns_topic_policy.releases.policy, aws_sns_topic.releases.arn)
    error_message = "The ARN that the policy is built from must be the topic's."
  }

  assert {
    condition     = output.topic_arn == aws_sns_topic.releases.arn
    error_message = "topic_arn must be the topic's."
  }
}
