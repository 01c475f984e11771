# Each role can do its own part only.
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

run "execution" {
  command = apply

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if statement.Sid == "PullOwnImages"
    ] == [["arn:aws:ecr:eu-west-1:111111111111:repository/lockgate-local/web"]]
    error_message = "Tasks must pull from their own repository alone."
  }
}

run "task_without_permissions" {
  command = apply

  assert {
    condition     = length(aws_iam_role_policy.task) == 0
    error_message = "Code that declares nothing may do nothing."
  }
}

run "task_with_permissions" {
  command = apply

  variables {
    permissions = [{ actions = ["s3:GetObject"], resources = ["arn:$${partition}:s3:::orders-$${environment}/*"] }]
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.task[0].policy).Statement[0].Resource == ["arn:aws:s3:::orders-local/*"]
    error_message = "What is declared must be allowed, with its placeholders filled."
  }
}

run "deployment" {
  command = apply

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.deployment.policy).Statement : statement.Condition if statement.Sid == "HandOnOwnRoles"
    ] == [{ StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }]
    error_message = "CodeDeploy must hand on roles to ECS tasks alone."
  }

  assert {
    condition     = strcontains(aws_iam_role.deployment.assume_role_policy, "deploymentgroup:lockgate-local-web/*")
    error_message = "Only deployments of this application may take the role."
  }
}

run "everything" {
  command = plan

  variables {
    permissions = [{ actions = ["*"], resources = ["*"] }]
  }

  expect_failures = [var.permissions]
}
