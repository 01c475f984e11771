# Who may use the key, and under which conditions.
mock_provider "aws" {}

variables {
  account_id = "111111111111"
  name       = "lockgate-local"
  region     = "eu-west-1"
}

run "services_can_publish" {
  command = plan

  assert {
    condition = alltrue([
      for service in ["cloudwatch.amazonaws.com", "codedeploy.amazonaws.com", "events.amazonaws.com"] : anytrue([
        for statement in jsondecode(aws_kms_key.this.policy).Statement :
        statement.Effect == "Allow"
        && contains(flatten([try(statement.Principal.Service, [])]), service)
        && length(setsubtract(["kms:Decrypt", "kms:GenerateDataKey*"], flatten([statement.Action]))) == 0
      ])
    ])
    error_message = "CloudWatch, CodeDeploy and EventBridge need kms:Decrypt and kms:GenerateDataKey* to publish to an encrypted topic."
  }
}

run "services_act_for_this_account_only" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      try(statement.Condition.StringEquals["aws:SourceAccount"], "") == "111111111111"
      if contains(flatten([try(statement.Principal.Service, [])]), "cloudwatch.amazonaws.com")
      || contains(flatten([try(statement.Principal.Service, [])]), "codedeploy.amazonaws.com")
    ])
    error_message = "CloudWatch and CodeDeploy must be confined by aws:SourceAccount."
  }
}

run "eventbridge_is_confined_by_what_it_sends" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      contains([
        { ArnLike = { "kms:EncryptionContext:aws:sns:topicArn" = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-*" } },
        { ArnLike = { "kms:EncryptionContext:aws:sqs:arn" = "arn:aws:sqs:eu-west-1:111111111111:lockgate-local-*" } },
      ], statement.Condition)
      if contains(flatten([try(statement.Principal.Service, [])]), "events.amazonaws.com")
    ])
    error_message = "EventBridge sends no aws:SourceAccount to KMS: with that condition its messages vanish."
  }
}

run "topics_and_rules_can_write_to_queues" {
  command = plan

  assert {
    condition = alltrue([
      for service in ["events.amazonaws.com", "sns.amazonaws.com"] : anytrue([
        for statement in jsondecode(aws_kms_key.this.policy).Statement :
        contains(flatten([try(statement.Principal.Service, [])]), service)
        && try(statement.Condition.ArnLike["kms:EncryptionContext:aws:sqs:arn"], "") == "arn:aws:sqs:eu-west-1:111111111111:lockgate-local-*"
        && length(setsubtract(["kms:Decrypt", "kms:GenerateDataKey*"], flatten([statement.Action]))) == 0
      ])
    ])
    error_message = "SNS and EventBridge must be able to write to encrypted queues, and to those of this name only."
  }
}

run "logs_of_this_account_only" {
  command = plan

  assert {
    condition = one([
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      statement.Condition.ArnLike["kms:EncryptionContext:aws:logs:arn"]
      if try(statement.Principal.Service, "") == "logs.eu-west-1.amazonaws.com"
    ]) == "arn:aws:logs:eu-west-1:111111111111:log-group:*"
    error_message = "CloudWatch Logs may use the key for log groups of this account and region only."
  }
}

run "nobody_else" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      can(statement.Principal.Service) || statement.Principal == { AWS = "arn:aws:iam::111111111111:root" }
    ])
    error_message = "Besides the services, only the account itself, through IAM, may use the key."
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key must rotate."
  }
}

run "other_partition" {
  command = plan

  variables {
    dns_suffix = "amazonaws.com.cn"
    partition  = "aws-cn"
    region     = "cn-north-1"
  }

  assert {
    condition     = !strcontains(aws_kms_key.this.policy, "arn:aws:")
    error_message = "ARNs must be of the partition given."
  }

  assert {
    condition     = strcontains(aws_kms_key.this.policy, "logs.cn-north-1.amazonaws.com.cn")
    error_message = "The logs principal has the partition's DNS suffix."
  }
}
