# ECS puts secrets into the variables of released tasks, and reads them with the execution role.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account_id               = "111111111111"
  cluster_arn              = "arn:aws:ecs:eu-west-1:111111111111:cluster/lockgate-local"
  cluster_name             = "lockgate-local"
  environment              = "local"
  kms_key_arn              = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  load_balancer_subnet_ids = ["subnet-1", "subnet-2"]
  name_prefix              = "lockgate-local"
  region                   = "eu-west-1"
  repository_arn           = "arn:aws:ecr:eu-west-1:111111111111:repository/lockgate-local/web"
  repository_url           = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/lockgate-local/web"
  service                  = "web"
  task_subnet_ids          = ["subnet-1", "subnet-2"]

  topic_arns = {
    critical = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-critical"
    info     = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
    warning  = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-warning"
  }
  vpc_cidr = "10.42.0.0/16"
  vpc_id   = "vpc-1"

  alarms = {
    backstop_error_rate_percent = 25
    datapoints                  = 2
    error_rate_percent          = 2.5
    minimum_requests            = 10
    periods                     = 3
  }

  canary_configs = {
    5 = "CodeDeployDefault.ECSCanary10Percent5Minutes"
  }

  deployment_configs = {
    all_at_once = "CodeDeployDefault.ECSAllAtOnce"
    canary      = "CodeDeployDefault.ECSCanary10Percent5Minutes"
  }

  release = {
    bake_minutes     = 10
    interval_minutes = 5
    percentage       = 10
    strategy         = "canary"
  }
}

run "secrets" {
  command = apply

  variables {
    secret_statements = [{
      Sid      = "ReadOwnSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = ["arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/x/key-AbCdEf"]
    }]
    secrets = [{
      arn      = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/x/key-AbCdEf"
      id       = "lockgate-local/x/key"
      key      = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
      name     = "key"
      store    = "secrets_manager"
      variable = "KEY"
    }]
  }

  assert {
    condition = jsondecode(aws_ecs_task_definition.this["template"].container_definitions)[0].secrets == [
      { name = "KEY", valueFrom = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/x/key-AbCdEf" },
    ]
    error_message = "The template must name the secret by its ARN."
  }

  assert {
    condition     = !can(jsondecode(aws_ecs_task_definition.this["bootstrap"].container_definitions)[0].secrets)
    error_message = "Before the first release there may be no value, and a task would not start."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if statement.Sid == "ReadOwnSecrets"
    ]) == ["arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/x/key-AbCdEf"]
    error_message = "The role that starts tasks must be allowed to read it."
  }

  assert {
    condition     = length(aws_iam_role_policy.task) == 0
    error_message = "The code itself reads nothing: it has the value."
  }

  assert {
    condition = [for secret in jsondecode(aws_ssm_parameter.contract.value).secrets : secret] == [{
      id       = "lockgate-local/x/key"
      key      = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
      name     = "key"
      store    = "secrets_manager"
      variable = "KEY"
    }]
    error_message = "A release must know which secrets need a value."
  }
}

run "no_secrets" {
  command = apply

  assert {
    condition     = !can(jsondecode(aws_ecs_task_definition.this["template"].container_definitions)[0].secrets)
    error_message = "A service without secrets must keep the template that it has."
  }
}
