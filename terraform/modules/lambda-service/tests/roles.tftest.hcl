# What the roles may do.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account_id      = "111111111111"
  artifact_bucket = "lockgate-local-artifacts-111111111111-eu-west-1"
  environment     = "local"
  kms_key_arn     = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  name_prefix     = "lockgate-local"
  region          = "eu-west-1"
  service         = "hello-api"
  topic_arns = {
    critical = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-critical"
    info     = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
    warning  = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-warning"
  }

  alarms = {
    backstop_error_rate_percent = 25
    datapoints                  = 2
    error_rate_percent          = 2.5
    minimum_requests            = 10
    periods                     = 3
  }

  bootstrap = {
    bucket = "lockgate-local-artifacts-111111111111-eu-west-1"
    key    = "bootstrap/lambda-python.zip"
  }

  canary_configs = {
    5 = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
  }

  deployment_configs = {
    all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
    canary      = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
  }

  release = {
    interval_minutes = 5
    percentage       = 10
    strategy         = "canary"
  }
}

run "function_writes_its_own_logs" {
  command = plan

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement :
      statement.Resource == ["arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/lockgate-local-hello-api:*"]
      && statement.Action == ["logs:CreateLogStream", "logs:PutLogEvents"]
    ])
    error_message = "A function writes into its own log group, and makes none."
  }
}

run "function_does_no_more_than_declared" {
  command = plan

  variables {
    tracing = false
  }

  assert {
    condition     = length(jsondecode(aws_iam_role_policy.execution.policy).Statement) == 1
    error_message = "Without declared permissions there is only the one for logs."
  }
}

run "traces" {
  command = plan

  assert {
    condition     = strcontains(aws_iam_role_policy.execution.policy, "xray:PutTraceSegments") && one(aws_lambda_function.this.tracing_config).mode == "Active"
    error_message = "With tracing the function must trace, and be allowed to."
  }
}

run "declared_permissions" {
  command = plan

  variables {
    permissions = [{
      actions   = ["dynamodb:GetItem"]
      resources = ["arn:$${partition}:dynamodb:$${region}:$${account_id}:table/$${name_prefix}-$${environment}-x"]
    }]
  }

  assert {
    condition = contains(
      flatten([for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource]),
      "arn:aws:dynamodb:eu-west-1:111111111111:table/lockgate-local-local-x",
    )
    error_message = "Each placeholder must be replaced."
  }
}

run "unknown_placeholder" {
  command = plan

  variables {
    permissions = [{
      actions   = ["dynamodb:GetItem"]
      resources = ["arn:aws:dynamodb:*:*:table/$${tabel}"]
    }]
  }

  expect_failures = [aws_iam_role_policy.execution]
}

run "codedeploy_for_this_application_only" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.deployment.assume_role_policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "111111111111" }
      ArnLike      = { "aws:SourceArn" = "arn:aws:codedeploy:eu-west-1:111111111111:deploymentgroup:lockgate-local-hello-api/*" }
    }
    error_message = "Only deployments of this application may take the role."
  }

  assert {
    condition     = aws_iam_role_policy_attachment.deployment.policy_arn == "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited"
    error_message = "The limited managed policy suffices."
  }
}

run "codedeploy_invokes_only_the_hook" {
  command = plan

  variables {
    hook_function_name = "CodeDeployHook_lockgate-local-release-hook"
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.deployment.policy).Statement : statement.Resource if statement.Sid == "InvokeHook"
      ]) == [
      "arn:aws:lambda:eu-west-1:111111111111:function:CodeDeployHook_lockgate-local-release-hook",
      "arn:aws:lambda:eu-west-1:111111111111:function:CodeDeployHook_lockgate-local-release-hook:*",
    ]
    error_message = "The hook must be allowed, with and without a qualifier."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.deployment.policy).Statement : statement.NotResource
      if statement.Effect == "Deny"
      ]) == one([
      for statement in jsondecode(aws_iam_role_policy.deployment.policy).Statement : statement.Resource
      if statement.Sid == "InvokeHook"
    ])
    error_message = "Every other function must be denied: the managed policy allows all hooks of the account."
  }
}

run "codedeploy_invokes_nothing_without_a_hook" {
  command = plan

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.deployment.policy).Statement : statement.Resource
      if statement.Effect == "Deny" && statement.Action == ["lambda:InvokeFunction"]
    ]) == ["*"]
    error_message = "Without a hook CodeDeploy has nothing to invoke."
  }
}

run "codedeploy_publishes_its_triggers" {
  command = plan

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_iam_role_policy.deployment.policy).Statement :
      statement.Action == ["sns:Publish"] && try(statement.Resource, []) == [var.topic_arns["info"], var.topic_arns["warning"]]
    ])
    error_message = "CodeDeploy publishes triggers with its service role."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_iam_role_policy.deployment.policy).Statement :
      statement.Action == ["kms:Decrypt", "kms:GenerateDataKey*"] && try(statement.Resource, []) == [var.kms_key_arn]
    ])
    error_message = "To publish to an encrypted topic the role needs the key too."
  }
}
