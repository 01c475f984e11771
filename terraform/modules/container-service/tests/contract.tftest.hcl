# What a release learns.
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

run "contract" {
  command = apply

  assert {
    condition     = aws_ssm_parameter.contract.name == "/lockgate/local/services/web"
    error_message = "A release reads the contract there."
  }

  assert {
    condition = {
      for key in ["kind", "cluster", "ecs_service", "task_definition_family", "container_port", "load_balancer", "termination_wait_minutes"] :
      key => jsondecode(aws_ssm_parameter.contract.value)[key]
      } == {
      kind                     = "container"
      cluster                  = "lockgate-local"
      ecs_service              = "lockgate-local-web"
      task_definition_family   = "lockgate-local-web"
      container_port           = 8080
      load_balancer            = "app/web/50dc6c495c0c9188"
      termination_wait_minutes = 15
    }
    error_message = "The contract must name what a release needs."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.contract.value).url == "http://internal-web-1.eu-west-1.elb.amazonaws.com"
    error_message = "The contract must name the address."
  }
}
