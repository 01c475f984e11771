locals {
  # Custom configurations that an account may have in a region: CodeDeploy user guide, "CodeDeploy quotas", not adjustable.
  quota = 50

  # What auto chooses from: AUTO_INTERVALS of lockgate.config.service.
  auto_intervals = [5, 10, 15, 30, 60, 120, 240, 480, 960, 1440, 2880]

  # CodeDeploy's own: user guide, "Working with deployment configurations in CodeDeploy".
  predefined_by_platform = {
    Lambda = local.predefined_lambda
    ECS = {
      "canary-10pct-5min"  = "CodeDeployDefault.ECSCanary10Percent5Minutes"
      "canary-10pct-15min" = "CodeDeployDefault.ECSCanary10Percent15Minutes"
      "linear-10pct-1min"  = "CodeDeployDefault.ECSLinear10PercentEvery1Minutes"
      "linear-10pct-3min"  = "CodeDeployDefault.ECSLinear10PercentEvery3Minutes"
    }
  }
  predefined  = local.predefined_by_platform[var.compute_platform]
  all_at_once = "CodeDeployDefault.${var.compute_platform}AllAtOnce"

  # Names of Lambda's are as they were before there were others.
  custom_prefix = var.compute_platform == "Lambda" ? var.name_prefix : "${var.name_prefix}-${lower(var.compute_platform)}"

  predefined_lambda = {
    "canary-10pct-5min"  = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    "canary-10pct-10min" = "CodeDeployDefault.LambdaCanary10Percent10Minutes"
    "canary-10pct-15min" = "CodeDeployDefault.LambdaCanary10Percent15Minutes"
    "canary-10pct-30min" = "CodeDeployDefault.LambdaCanary10Percent30Minutes"
    "linear-10pct-1min"  = "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
    "linear-10pct-2min"  = "CodeDeployDefault.LambdaLinear10PercentEvery2Minutes"
    "linear-10pct-3min"  = "CodeDeployDefault.LambdaLinear10PercentEvery3Minutes"
    "linear-10pct-10min" = "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes"
  }

  # By service: the one interval that it declares, or all that its auto may choose.
  intervals = {
    for name, release in var.releases : name => release.interval_minutes != "auto" ? [tonumber(release.interval_minutes)] : [
      for minutes in local.auto_intervals :
      minutes if minutes >= release.auto_shortest_minutes && minutes <= release.auto_longest_minutes
    ]
  }

  # Under what tells one configuration from another, so that services with the same numbers share it.
  needed = merge([
    for name, release in var.releases : {
      for minutes in local.intervals[name] : "${release.strategy}-${release.percentage}pct-${minutes}min" => {
        minutes    = minutes
        percentage = release.percentage
        strategy   = release.strategy
      } if release.strategy != "all_at_once"
    }
  ]...)
  custom = { for key, config in local.needed : key => config if !contains(keys(local.predefined), key) }

  names = merge(
    local.predefined,
    { for key, config in aws_codedeploy_deployment_config.canary : key => config.deployment_config_name },
    { for key, config in aws_codedeploy_deployment_config.linear : key => config.deployment_config_name },
  )
}

# Configurations cannot be changed: other numbers are another one, made before groups leave the old one and it goes.
resource "aws_codedeploy_deployment_config" "canary" {
  for_each = { for key, config in local.custom : key => config if config.strategy == "canary" }

  deployment_config_name = "${local.custom_prefix}-${each.key}"
  compute_platform       = var.compute_platform

  traffic_routing_config {
    type = "TimeBasedCanary"

    time_based_canary {
      interval   = each.value.minutes
      percentage = each.value.percentage
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_codedeploy_deployment_config" "linear" {
  for_each = { for key, config in local.custom : key => config if config.strategy == "linear" }

  deployment_config_name = "${local.custom_prefix}-${each.key}"
  compute_platform       = var.compute_platform

  traffic_routing_config {
    type = "TimeBasedLinear"

    time_based_linear {
      interval   = each.value.minutes
      percentage = each.value.percentage
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
