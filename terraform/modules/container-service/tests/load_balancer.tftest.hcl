# Who reaches what.
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

run "within_the_network" {
  command = apply

  assert {
    condition     = aws_lb.this.internal && aws_vpc_security_group_ingress_rule.callers.cidr_ipv4 == "10.42.0.0/16"
    error_message = "What is not public must be reached from the network alone."
  }

  assert {
    condition     = aws_lb_listener.production.protocol == "HTTP" && aws_lb_listener.production.port == 80
    error_message = "Without a certificate it is HTTP."
  }

  assert {
    condition     = aws_lb.this.enable_deletion_protection && aws_lb.this.drop_invalid_header_fields
    error_message = "The load balancer must be protected."
  }
}

run "public_with_a_certificate" {
  command = apply

  variables {
    certificate_arn = "arn:aws:acm:eu-west-1:111111111111:certificate/1"
    public          = true
  }

  assert {
    condition     = !aws_lb.this.internal && aws_vpc_security_group_ingress_rule.callers.cidr_ipv4 == "0.0.0.0/0"
    error_message = "A public one must be reached from the internet."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.testers.cidr_ipv4 == "10.42.0.0/16"
    error_message = "The test listener is never public."
  }

  assert {
    condition = alltrue([
      for listener in [aws_lb_listener.production, aws_lb_listener.test] :
      listener.protocol == "HTTPS" && startswith(listener.ssl_policy, "ELBSecurityPolicy-TLS13")
    ])
    error_message = "Both listeners must speak TLS."
  }
}

run "tasks_are_reached_through_the_load_balancer_alone" {
  command = apply

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.from_load_balancer.referenced_security_group_id == aws_security_group.load_balancer.id
      && aws_vpc_security_group_ingress_rule.from_load_balancer.from_port == 8080
      && aws_vpc_security_group_ingress_rule.from_load_balancer.to_port == 8080
    )
    error_message = "Tasks must be reached on their port, from the load balancer."
  }
}

run "one_zone" {
  command = plan

  variables {
    load_balancer_subnet_ids = ["subnet-1"]
  }

  expect_failures = [var.load_balancer_subnet_ids]
}
