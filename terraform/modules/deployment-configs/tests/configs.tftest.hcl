# What is made, once for all services.
mock_provider "aws" {}

variables {
  name_prefix = "lockgate-local"
}

run "predefined_ones_are_not_made" {
  command = plan

  variables {
    releases = merge(
      {
        for minutes in [5, 10, 15, 30] :
        "canary-${minutes}" => { strategy = "canary", percentage = 10, interval_minutes = minutes }
      },
      {
        for minutes in [1, 2, 3, 10] :
        "linear-${minutes}" => { strategy = "linear", percentage = 10, interval_minutes = minutes }
      },
    )
  }

  assert {
    condition     = length(aws_codedeploy_deployment_config.canary) + length(aws_codedeploy_deployment_config.linear) == 0
    error_message = "CodeDeploy has these itself, and they do not count towards the quota."
  }

  assert {
    condition = { for name, service in output.services : name => service.deployment_configs[split("-", name)[0]] } == {
      canary-5  = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
      canary-10 = "CodeDeployDefault.LambdaCanary10Percent10Minutes"
      canary-15 = "CodeDeployDefault.LambdaCanary10Percent15Minutes"
      canary-30 = "CodeDeployDefault.LambdaCanary10Percent30Minutes"
      linear-1  = "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
      linear-2  = "CodeDeployDefault.LambdaLinear10PercentEvery2Minutes"
      linear-3  = "CodeDeployDefault.LambdaLinear10PercentEvery3Minutes"
      linear-10 = "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes"
    }
    error_message = "Each must be the predefined one of its numbers."
  }
}

run "near_the_predefined_ones" {
  command = plan

  variables {
    releases = {
      other-share   = { strategy = "canary", percentage = 25, interval_minutes = 5 }
      other-minutes = { strategy = "canary", percentage = 10, interval_minutes = 6 }
      slow-linear   = { strategy = "linear", percentage = 10, interval_minutes = 5 }
      quick-canary  = { strategy = "canary", percentage = 10, interval_minutes = 1 }
    }
  }

  assert {
    condition = toset(keys(aws_codedeploy_deployment_config.canary)) == toset([
      "canary-25pct-5min", "canary-10pct-6min", "canary-10pct-1min",
    ])
    error_message = "Only equal strategy, share and minutes are the predefined configuration."
  }

  assert {
    condition     = keys(aws_codedeploy_deployment_config.linear) == ["linear-10pct-5min"]
    error_message = "There is no predefined linear configuration of five minutes."
  }
}

run "canary" {
  command = plan

  variables {
    releases = {
      hello = { strategy = "canary", percentage = 25, interval_minutes = 45 }
    }
  }

  assert {
    condition = (
      aws_codedeploy_deployment_config.canary["canary-25pct-45min"].deployment_config_name == "lockgate-local-canary-25pct-45min"
      && aws_codedeploy_deployment_config.canary["canary-25pct-45min"].compute_platform == "Lambda"
      && one(aws_codedeploy_deployment_config.canary["canary-25pct-45min"].traffic_routing_config).type == "TimeBasedCanary"
      && one(one(aws_codedeploy_deployment_config.canary["canary-25pct-45min"].traffic_routing_config).time_based_canary) == { interval = 45, percentage = 25 }
    )
    error_message = "A configuration carries its numbers in its name: it cannot be changed."
  }

  assert {
    condition     = length(aws_codedeploy_deployment_config.linear) == 0
    error_message = "A canary needs no linear configuration."
  }

  assert {
    condition = output.services["hello"] == {
      interval_minutes = 45
      canary_configs   = { "45" = "lockgate-local-canary-25pct-45min" }
      deployment_configs = {
        all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
        canary      = "lockgate-local-canary-25pct-45min"
      }
    }
    error_message = "A canary of one interval has that one."
  }
}

run "linear" {
  command = plan

  variables {
    releases = {
      hello = { strategy = "linear", percentage = 20, interval_minutes = 3 }
    }
  }

  assert {
    condition = (
      aws_codedeploy_deployment_config.linear["linear-20pct-3min"].deployment_config_name == "lockgate-local-linear-20pct-3min"
      && aws_codedeploy_deployment_config.linear["linear-20pct-3min"].compute_platform == "Lambda"
      && one(aws_codedeploy_deployment_config.linear["linear-20pct-3min"].traffic_routing_config).type == "TimeBasedLinear"
      && one(one(aws_codedeploy_deployment_config.linear["linear-20pct-3min"].traffic_routing_config).time_based_linear) == { interval = 3, percentage = 20 }
    )
    error_message = "A configuration carries its numbers in its name: it cannot be changed."
  }

  assert {
    condition     = length(aws_codedeploy_deployment_config.canary) == 0
    error_message = "A linear release needs no canary."
  }

  assert {
    condition = jsonencode(output.services["hello"]) == jsonencode({
      interval_minutes = 3
      canary_configs   = {}
      deployment_configs = {
        all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
        linear      = "lockgate-local-linear-20pct-3min"
      }
    })
    error_message = "A linear release has its own configuration, and the one to go back with."
  }
}

run "all_at_once" {
  command = plan

  variables {
    releases = {
      fixed = { strategy = "all_at_once", percentage = 25, interval_minutes = 7 }
      auto  = { strategy = "all_at_once", percentage = 25, interval_minutes = "auto" }
    }
  }

  assert {
    condition     = length(aws_codedeploy_deployment_config.canary) + length(aws_codedeploy_deployment_config.linear) == 0
    error_message = "Without steps no configuration is needed."
  }

  assert {
    condition = alltrue([
      for service in output.services :
      jsonencode(service.deployment_configs) == jsonencode({ all_at_once = "CodeDeployDefault.LambdaAllAtOnce" })
      && length(service.canary_configs) == 0
    ])
    error_message = "There must be the one configuration, and no other."
  }
}

run "equal_numbers_are_one_configuration" {
  command = plan

  variables {
    releases = merge(
      { for number in range(30) : "canary-${number}" => { strategy = "canary", percentage = 20, interval_minutes = 7 } },
      { for number in range(30) : "linear-${number}" => { strategy = "linear", percentage = 20, interval_minutes = 7 } },
      { for number in range(30) : "auto-${number}" => { strategy = "canary", percentage = 10, interval_minutes = "auto" } },
    )
  }

  assert {
    condition     = keys(aws_codedeploy_deployment_config.linear) == ["linear-20pct-7min"]
    error_message = "Thirty services must share one linear configuration."
  }

  assert {
    condition = toset(keys(aws_codedeploy_deployment_config.canary)) == toset([
      "canary-20pct-7min",
      "canary-10pct-60min", "canary-10pct-120min", "canary-10pct-240min", "canary-10pct-480min",
      "canary-10pct-960min", "canary-10pct-1440min", "canary-10pct-2880min",
    ])
    error_message = "Thirty services must share each canary."
  }
}

run "no_services" {
  command = plan

  variables {
    releases = {}
  }

  assert {
    condition     = length(output.services) == 0
    error_message = "An environment may have no services."
  }
}

run "containers_have_their_own" {
  command = plan

  variables {
    compute_platform = "ECS"
    releases = {
      predefined = { strategy = "canary", percentage = 10, interval_minutes = 15 }
      custom     = { strategy = "canary", percentage = 10, interval_minutes = 10 }
    }
  }

  assert {
    condition = { for name, service in output.services : name => service.deployment_configs } == {
      predefined = { all_at_once = "CodeDeployDefault.ECSAllAtOnce", canary = "CodeDeployDefault.ECSCanary10Percent15Minutes" }
      custom     = { all_at_once = "CodeDeployDefault.ECSAllAtOnce", canary = "lockgate-local-ecs-canary-10pct-10min" }
    }
    error_message = "ECS has configurations of its own, and a function's with the same numbers is not taken."
  }

  assert {
    condition     = [for config in aws_codedeploy_deployment_config.canary : config.compute_platform] == ["ECS"]
    error_message = "What is made must be for ECS."
  }
}
