# The intervals that a release may choose from.
mock_provider "aws" {}

variables {
  name_prefix = "lockgate-local"
}

run "within_its_bounds" {
  command = plan

  variables {
    releases = {
      hello = {
        strategy              = "canary"
        percentage            = 10
        interval_minutes      = "auto"
        auto_shortest_minutes = 5
        auto_longest_minutes  = 60
      }
    }
  }

  assert {
    condition = output.services["hello"] == {
      interval_minutes = 5
      canary_configs = {
        "5"  = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
        "10" = "CodeDeployDefault.LambdaCanary10Percent10Minutes"
        "15" = "CodeDeployDefault.LambdaCanary10Percent15Minutes"
        "30" = "CodeDeployDefault.LambdaCanary10Percent30Minutes"
        "60" = "lockgate-local-canary-10pct-60min"
      }
      deployment_configs = {
        all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
        canary      = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
      }
    }
    error_message = "Each interval within the bounds, bounds included, and the shortest for the group."
  }

  assert {
    condition     = keys(aws_codedeploy_deployment_config.canary) == ["canary-10pct-60min"]
    error_message = "Only the hour is not predefined."
  }
}

run "bounds_between_the_steps" {
  command = plan

  variables {
    releases = {
      hello = {
        strategy              = "canary"
        percentage            = 1
        interval_minutes      = "auto"
        auto_shortest_minutes = 6
        auto_longest_minutes  = 59
      }
    }
  }

  assert {
    condition = output.services["hello"].canary_configs == {
      "10" = "lockgate-local-canary-1pct-10min"
      "15" = "lockgate-local-canary-1pct-15min"
      "30" = "lockgate-local-canary-1pct-30min"
    }
    error_message = "With another share than 10 percent each is the platform's own."
  }

  assert {
    condition     = output.services["hello"].interval_minutes == 10
    error_message = "The interval must be the shortest that there is, not the bound."
  }
}

run "without_bounds" {
  command = plan

  variables {
    releases = {
      hello = { strategy = "canary", percentage = 10, interval_minutes = "auto" }
    }
  }

  assert {
    condition = toset(keys(output.services["hello"].canary_configs)) == toset([
      "5", "10", "15", "30", "60", "120", "240", "480", "960", "1440", "2880",
    ])
    error_message = "Without bounds there is every interval."
  }
}

run "fixed_intervals_ignore_the_bounds" {
  command = plan

  variables {
    releases = {
      hello = {
        strategy              = "canary"
        percentage            = 10
        interval_minutes      = 2
        auto_shortest_minutes = 6
        auto_longest_minutes  = 7
      }
    }
  }

  assert {
    condition     = keys(output.services["hello"].canary_configs) == ["2"]
    error_message = "The bounds are auto's."
  }
}
