# What must be refused.
mock_provider "aws" {}

variables {
  account_id      = "555555555555"
  artifact_bucket = "artifacts"
  kms_key_arn     = "arn:aws:kms:eu-west-1:555555555555:key/00000000-0000-4000-8000-000000000000"
  name            = "lockgate-build"
  region          = "eu-west-1"
}

run "short_account" {
  command = plan

  variables {
    account_id = "5"
  }

  expect_failures = [var.account_id]
}

run "batch_too_large" {
  command = plan

  variables {
    batch = { maximum_builds = 101 }
  }

  expect_failures = [var.batch]
}

run "batch_too_short" {
  command = plan

  variables {
    batch = { timeout_minutes = 1 }
  }

  expect_failures = [var.batch]
}

run "build_too_long" {
  command = plan

  variables {
    build_timeout_minutes = 2161
  }

  expect_failures = [var.build_timeout_minutes]
}

run "buildspec_inline" {
  command = plan

  variables {
    buildspec = "version: 0.2"
  }

  expect_failures = [var.buildspec]
}

run "unknown_cache" {
  command = plan

  variables {
    cache = { type = "EFS" }
  }

  expect_failures = [var.cache]
}

run "unknown_cache_mode" {
  command = plan

  variables {
    cache = { modes = ["LOCAL"] }
  }

  expect_failures = [var.cache]
}

run "layers_without_images" {
  command = plan

  variables {
    cache = { modes = ["LOCAL_DOCKER_LAYER_CACHE"] }
  }

  expect_failures = [var.cache]
}

run "unknown_size" {
  command = plan

  variables {
    compute_type = "SMALL"
  }

  expect_failures = [var.compute_type]
}

run "long_description" {
  command = plan

  variables {
    description = join("", [for i in range(256) : "x"])
  }

  expect_failures = [var.description]
}

run "windows" {
  command = plan

  variables {
    environment_type = "WINDOWS_SERVER_2022_CONTAINER"
  }

  expect_failures = [var.environment_type]
}

run "variable_with_dash" {
  command = plan

  variables {
    environment_variables = { "A-B" = { value = "x" } }
  }

  expect_failures = [var.environment_variables]
}

run "variable_of_codebuild" {
  command = plan

  variables {
    environment_variables = { CODEBUILD_BUILD_ID = { value = "x" } }
  }

  expect_failures = [var.environment_variables]
}

run "unknown_type_of_variable" {
  command = plan

  variables {
    environment_variables = { A = { type = "SECRET", value = "x" } }
  }

  expect_failures = [var.environment_variables]
}

run "plaintext_password" {
  command = plan

  variables {
    environment_variables = { DB_PASSWORD = { value = "x" } }
  }

  expect_failures = [var.environment_variables]
}

run "plaintext_token" {
  command = plan

  variables {
    environment_variables = { github_token = { value = "x" } }
  }

  expect_failures = [var.environment_variables]
}

run "plaintext_token_in_value" {
  command = plan

  variables {
    environment_variables = { WHO = { value = "xoxb-1234" } }
  }

  expect_failures = [var.environment_variables]
}

run "service_key" {
  command = plan

  variables {
    kms_key_arn = "alias/aws/s3"
  }

  expect_failures = [var.kms_key_arn]
}

run "odd_retention" {
  command = plan

  variables {
    log_retention_days = 42
  }

  expect_failures = [var.log_retention_days]
}

run "name_with_capitals" {
  command = plan

  variables {
    name = "Build"
  }

  expect_failures = [var.name]
}

run "every_parameter" {
  command = plan

  variables {
    parameter_arns = ["arn:aws:ssm:eu-west-1:555555555555:parameter/*"]
  }

  expect_failures = [var.parameter_arns]
}

run "short_queue" {
  command = plan

  variables {
    queued_timeout_minutes = 1
  }

  expect_failures = [var.queued_timeout_minutes]
}

run "unknown_report" {
  command = plan

  variables {
    report_groups = { unit = "JUNIT" }
  }

  expect_failures = [var.report_groups]
}

run "report_with_a_space" {
  command = plan

  variables {
    report_groups = { "a b" = "TEST" }
  }

  expect_failures = [var.report_groups]
}

run "every_repository" {
  command = plan

  variables {
    repository_arns = ["arn:aws:ecr:eu-west-1:555555555555:repository/*"]
  }

  expect_failures = [var.repository_arns]
}

run "every_secret" {
  command = plan

  variables {
    secret_arns = ["arn:aws:secretsmanager:eu-west-1:555555555555:secret:*"]
  }

  expect_failures = [var.secret_arns]
}

run "unknown_source" {
  command = plan

  variables {
    source_code = { type = "NO_SOURCE" }
  }

  expect_failures = [var.source_code]
}

run "github_without_repository" {
  command = plan

  variables {
    source_code = { type = "GITHUB" }
  }

  expect_failures = [var.source_code]
}

run "github_over_ssh" {
  command = plan

  variables {
    source_code = { type = "GITHUB", location = "git@github.com:acme/services.git" }
  }

  expect_failures = [var.source_code]
}

run "object_for_all_builds" {
  command = plan

  variables {
    source_code = { location = "artifacts/source.zip" }
  }

  expect_failures = [var.source_code]
}

run "vpc_without_subnets" {
  command = plan

  variables {
    vpc = { vpc_id = "vpc-1", subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.vpc]
}

run "vpc_without_groups" {
  command = plan

  variables {
    vpc = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], security_group_ids = [] }
  }

  expect_failures = [var.vpc]
}
