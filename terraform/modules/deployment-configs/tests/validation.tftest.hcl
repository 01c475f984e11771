# What must be refused.
mock_provider "aws" {}

variables {
  name_prefix = "lockgate-local"
  releases    = {}
}

run "long_name_prefix" {
  command = plan

  variables {
    name_prefix = "abcdefghijklm-abcdefghijklm"
  }

  expect_failures = [var.name_prefix]
}

run "unknown_strategy" {
  command = plan

  variables {
    releases = { hello = { strategy = "blue", percentage = 10, interval_minutes = 5 } }
  }

  expect_failures = [var.releases]
}

run "all_in_the_first_step" {
  command = plan

  variables {
    releases = { hello = { strategy = "canary", percentage = 100, interval_minutes = 5 } }
  }

  expect_failures = [var.releases]
}

run "part_of_a_percent" {
  command = plan

  variables {
    releases = { hello = { strategy = "canary", percentage = 2.5, interval_minutes = 5 } }
  }

  expect_failures = [var.releases]
}

run "no_interval" {
  command = plan

  variables {
    releases = { hello = { strategy = "canary", percentage = 10, interval_minutes = 0 } }
  }

  expect_failures = [var.releases]
}

run "part_of_a_minute" {
  command = plan

  variables {
    releases = { hello = { strategy = "canary", percentage = 10, interval_minutes = 1.5 } }
  }

  expect_failures = [var.releases]
}

run "beyond_two_days" {
  command = plan

  variables {
    releases = { hello = { strategy = "canary", percentage = 10, interval_minutes = 2881 } }
  }

  expect_failures = [var.releases]
}

run "other_word" {
  command = plan

  variables {
    releases = { hello = { strategy = "canary", percentage = 10, interval_minutes = "automatic" } }
  }

  expect_failures = [var.releases]
}

run "linear_auto" {
  command = plan

  variables {
    releases = { hello = { strategy = "linear", percentage = 10, interval_minutes = "auto" } }
  }

  expect_failures = [var.releases]
}

run "bounds_without_an_interval" {
  command = plan

  variables {
    releases = {
      hello = {
        strategy              = "canary"
        percentage            = 10
        interval_minutes      = "auto"
        auto_shortest_minutes = 61
        auto_longest_minutes  = 119
      }
    }
  }

  expect_failures = [var.releases]
}

run "linear_of_two_days" {
  command = plan

  variables {
    releases = { hello = { strategy = "linear", percentage = 1, interval_minutes = 29 } }
  }

  assert {
    condition     = keys(aws_codedeploy_deployment_config.linear) == ["linear-1pct-29min"]
    error_message = "99 further steps of 29 minutes are within CodeDeploy's 2,880 minutes."
  }
}

run "linear_beyond_two_days" {
  command = plan

  variables {
    releases = { hello = { strategy = "linear", percentage = 1, interval_minutes = 30 } }
  }

  expect_failures = [var.releases]
}

run "as_many_as_an_account_may_have" {
  command = plan

  variables {
    releases = merge(
      { for number in range(50) : "own-${number}" => { strategy = "canary", percentage = 10, interval_minutes = 100 + number } },
      { for number in range(50) : "predefined-${number}" => { strategy = "canary", percentage = 10, interval_minutes = 5 } },
    )
  }

  assert {
    condition     = length(aws_codedeploy_deployment_config.canary) == 50
    error_message = "Predefined configurations do not count."
  }
}

run "more_than_an_account_may_have" {
  command = plan

  variables {
    releases = merge(
      { for number in range(25) : "canary-${number}" => { strategy = "canary", percentage = 10, interval_minutes = 100 + number } },
      { for number in range(26) : "linear-${number}" => { strategy = "linear", percentage = 50, interval_minutes = 100 + number } },
    )
  }

  expect_failures = [output.services]
}
