# What runs, and what Terraform leaves to the release.
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

run "codedeploy_is_in_charge" {
  command = apply

  assert {
    condition     = one(aws_ecs_service.this.deployment_controller).type == "CODE_DEPLOY"
    error_message = "ECS itself must not roll anything out."
  }

  assert {
    condition     = !one(aws_ecs_service.this.network_configuration).assign_public_ip
    error_message = "Tasks must have no public address."
  }
}

run "the_template_is_not_the_bootstrap" {
  command = apply

  assert {
    condition     = !contains(keys(jsondecode(aws_ecs_task_definition.this["template"].container_definitions)[0]), "command")
    error_message = "A release takes the template as it is: the bootstrap's command must not be in it."
  }

  assert {
    condition     = strcontains(jsondecode(aws_ecs_task_definition.this["bootstrap"].container_definitions)[0].command[0], "8080")
    error_message = "The bootstrap must listen where the load balancer asks."
  }

  assert {
    condition     = strcontains(jsondecode(aws_ecs_task_definition.this["bootstrap"].container_definitions)[0].image, "@sha256:")
    error_message = "The bootstrap must be pinned by digest."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["template"].container_definitions)[0].readonlyRootFilesystem
    error_message = "The file system must be read-only where nothing else is declared."
  }
}

run "environment" {
  command = apply

  variables {
    environment_variables = { GREETING = "hello", LOCKGATE_ENVIRONMENT = "mine" }
  }

  assert {
    condition = jsondecode(aws_ecs_task_definition.this["template"].container_definitions)[0].environment == [
      { name = "GREETING", value = "hello" },
      { name = "LOCKGATE_ENVIRONMENT", value = "mine" },
      { name = "POWERTOOLS_SERVICE_NAME", value = "web" },
    ]
    error_message = "Variables must be sorted, and a declared one must win."
  }
}

run "long_names_are_cut_and_told_apart" {
  command = apply

  variables {
    name_prefix = "lockgate-production"
    service     = "a-service-with-a-very-long-name"
  }

  assert {
    condition     = length(aws_lb.this.name) <= 32 && alltrue([for group in aws_lb_target_group.this : length(group.name) <= 32])
    error_message = "Load balancers and target groups have 32 characters."
  }

  assert {
    condition     = length(distinct([for group in aws_lb_target_group.this : group.name])) == 2
    error_message = "The two target groups must have names of their own."
  }
}
