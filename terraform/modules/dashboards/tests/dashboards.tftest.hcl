# One dashboard of the environment, and one of each service. What is on them is looked at by tests/terraform/test_dashboards.py.
mock_provider "aws" {}

variables {
  account_id  = "111111111111"
  environment = "prod"
  name_prefix = "lockgate-prod"
  platform    = "lockgate"
  region      = "eu-west-1"

  containers = {
    web = {
      alarm_names   = ["lockgate-prod-web-live-backstop", "lockgate-prod-web-live-error-rate"]
      cluster       = "lockgate-prod"
      ecs_service   = "lockgate-prod-web"
      load_balancer = "app/lockgate-prod-web/50dc6c495c0c9188"
      log_group     = "/lockgate/prod/web"
      target_groups = {
        blue  = "targetgroup/lockgate-prod-web-3f9a1c-blue/73e2d6bc24d8a067"
        green = "targetgroup/lockgate-prod-web-3f9a1c-green/6d0ecf831eec9f09"
      }
    }
  }

  functions = {
    hello-api = {
      alarm_names   = ["lockgate-prod-hello-api-live-backstop", "lockgate-prod-hello-api-live-error-rate"]
      alias         = "live"
      function_name = "lockgate-prod-hello-api"
      log_group     = "/aws/lambda/lockgate-prod-hello-api"
    }
    release-hook = {
      alarm_names   = ["lockgate-prod-release-hook-live-backstop", "lockgate-prod-release-hook-live-error-rate"]
      function_name = "CodeDeployHook_lockgate-prod-release-hook"
      log_group     = "/aws/lambda/CodeDeployHook_lockgate-prod-release-hook"
    }
  }
}

run "of_everything" {
  command = apply

  assert {
    condition = output.names == [
      "lockgate-prod", "lockgate-prod-hello-api", "lockgate-prod-release-hook", "lockgate-prod-web",
    ]
    error_message = "The environment and each service have a dashboard: ${jsonencode(output.names)}"
  }
}

run "of_the_environment_alone" {
  command = plan

  variables {
    of_services = false
  }

  assert {
    condition     = output.names == ["lockgate-prod"]
    error_message = "Only the environment has a dashboard: ${jsonencode(output.names)}"
  }
}

run "of_nothing_yet" {
  command = plan

  variables {
    containers = {}
    functions  = {}
  }

  assert {
    condition     = output.names == ["lockgate-prod"]
    error_message = "An environment without services has a dashboard, too."
  }
}

run "unusual_name_is_refused" {
  command = plan

  variables {
    name_prefix = "lockgate prod"
  }

  expect_failures = [var.name_prefix]
}
