# How CodeDeploy moves traffic, and when it moves it back.
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

run "rolls_back_on_every_event" {
  command = apply

  assert {
    condition = one(aws_codedeploy_deployment_group.live.auto_rollback_configuration).events == toset([
      "DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST",
    ])
    error_message = "A failure, an alarm and a stop must each roll back."
  }

  assert {
    condition = one(aws_codedeploy_deployment_group.live.alarm_configuration).alarms == toset([
      for alarm in aws_cloudwatch_metric_alarm.live : alarm.alarm_name
    ])
    error_message = "The group must list each alarm by its name."
  }
}

run "old_tasks_outlive_the_bake" {
  command = apply

  assert {
    condition = one(one(aws_codedeploy_deployment_group.live.blue_green_deployment_config).terminate_blue_instances_on_deployment_success) == {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 15
    }
    error_message = "The old tasks must be there for the whole bake, and a little longer."
  }
}

run "both_groups_and_both_listeners" {
  command = apply

  assert {
    condition = (
      length(one(one(aws_codedeploy_deployment_group.live.load_balancer_info).target_group_pair_info).target_group) == 2
      && length(one(one(aws_codedeploy_deployment_group.live.load_balancer_info).target_group_pair_info).prod_traffic_route) == 1
      && length(one(one(aws_codedeploy_deployment_group.live.load_balancer_info).target_group_pair_info).test_traffic_route) == 1
    )
    error_message = "CodeDeploy must know both target groups and both listeners."
  }
}

run "alarms_see_all_callers" {
  command = apply

  assert {
    condition = alltrue(flatten([
      for alarm in aws_cloudwatch_metric_alarm.live : [
        for query in alarm.metric_query : one(query.metric).dimensions == tomap({ LoadBalancer = "app/web/50dc6c495c0c9188" })
        if length(query.metric) > 0
      ]
    ]))
    error_message = "Alarms must look at the load balancer: other dimensions find no data."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.live : anytrue([
        for query in alarm.metric_query : strcontains(coalesce(query.expression, "-"), "FILL(errors, 0)")
      ])
    ])
    error_message = "A load balancer reports no zeros: a minute without errors must count as one."
  }
}
