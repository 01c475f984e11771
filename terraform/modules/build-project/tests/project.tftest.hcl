# What the project is.
mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::555555555555:role/mock"
    }
  }
}

variables {
  account_id      = "555555555555"
  artifact_bucket = "artifacts"
  kms_key_arn     = "arn:aws:kms:eu-west-1:555555555555:key/00000000-0000-4000-8000-000000000000"
  name            = "lockgate-build"
  region          = "eu-west-1"
}

run "defaults" {
  command = apply

  assert {
    condition = (
      one(aws_codebuild_project.this.environment).type == "ARM_CONTAINER"
      && one(aws_codebuild_project.this.environment).compute_type == "BUILD_GENERAL1_SMALL"
      && one(aws_codebuild_project.this.environment).image == "aws/codebuild/amazonlinux-aarch64-standard:3.0"
      && one(aws_codebuild_project.this.environment).privileged_mode == false
    )
    error_message = "Builds run on a small ARM host that is not privileged."
  }

  assert {
    condition = (
      one(aws_codebuild_project.this.source).type == "S3"
      && one(aws_codebuild_project.this.source).location == "artifacts/sources/named-by-each-build.zip"
      && one(aws_codebuild_project.this.source).buildspec == "buildspec.yml"
    )
    error_message = "A source is an object under sources/ that each build names."
  }

  assert {
    condition     = one(aws_codebuild_project.this.artifacts).type == "NO_ARTIFACTS"
    error_message = "The build uploads what it has made itself."
  }

  assert {
    condition = (
      aws_codebuild_project.this.encryption_key == var.kms_key_arn
      && aws_cloudwatch_log_group.build.kms_key_id == var.kms_key_arn
      && aws_cloudwatch_log_group.build.retention_in_days == 365
      && aws_cloudwatch_log_group.build.name == "/aws/codebuild/lockgate-build"
    )
    error_message = "Artifacts and logs are encrypted with the key given, and logs are kept for a year."
  }

  assert {
    condition     = aws_codebuild_project.this.build_timeout == 30 && aws_codebuild_project.this.queued_timeout == 60
    error_message = "A build ends, and waits, after the minutes given."
  }

  assert {
    condition     = length(aws_codebuild_project.this.vpc_config) == 0 && length(aws_codebuild_project.this.build_batch_config) == 0
    error_message = "VPC and batches are there only when they are asked for."
  }

  assert {
    condition     = one(aws_codebuild_project.this.cache).type == "LOCAL" && one(aws_codebuild_project.this.cache).location == null
    error_message = "The cache stays on the host."
  }
}

run "variables" {
  command = apply

  variables {
    environment = "local"
    environment_variables = {
      LOG_LEVEL      = { value = "INFO" }
      REGISTRY_TOKEN = { type = "SECRETS_MANAGER", value = "build/registry:token" }
    }
  }

  assert {
    condition = {
      for variable in one(aws_codebuild_project.this.environment).environment_variable : variable.name => "${variable.type} ${variable.value}"
      } == {
      LOCKGATE_ENV   = "PLAINTEXT local"
      LOG_LEVEL      = "PLAINTEXT INFO"
      REGISTRY_TOKEN = "SECRETS_MANAGER build/registry:token"
    }
    error_message = "A build knows its environment, and what is given besides."
  }
}

run "privileged_for_images_only" {
  command = apply

  variables {
    repository_arns = ["arn:aws:ecr:eu-west-1:555555555555:repository/lockgate/orders"]
    cache           = { modes = ["LOCAL_CUSTOM_CACHE", "LOCAL_DOCKER_LAYER_CACHE"] }
  }

  assert {
    condition     = one(aws_codebuild_project.this.environment).privileged_mode
    error_message = "A build of images needs a Docker daemon."
  }
}

run "batches_and_network" {
  command = apply

  variables {
    batch = { maximum_builds = 5 }
    vpc   = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition = (
      one(one(aws_codebuild_project.this.build_batch_config).restrictions).maximum_builds_allowed == 5
      && one(one(aws_codebuild_project.this.build_batch_config).restrictions).compute_types_allowed == tolist(["BUILD_GENERAL1_SMALL"])
      && one(aws_codebuild_project.this.build_batch_config).timeout_in_mins == 60
    )
    error_message = "A batch is limited."
  }

  assert {
    condition     = one(aws_codebuild_project.this.vpc_config).vpc_id == "vpc-1"
    error_message = "Builds run in the network given."
  }
}

run "cache_in_s3" {
  command = apply

  variables {
    cache = { type = "S3" }
  }

  assert {
    condition     = one(aws_codebuild_project.this.cache).location == "artifacts/cache/lockgate-build"
    error_message = "The cache lies in the artifact store."
  }
}

run "github" {
  command = apply

  variables {
    source_code = {
      connection_arn = "arn:aws:codeconnections:eu-west-1:555555555555:connection/1"
      location       = "https://github.com/acme/services.git"
      type           = "GITHUB"
    }
  }

  assert {
    condition = (
      one(aws_codebuild_project.this.source).location == "https://github.com/acme/services.git"
      && one(one(aws_codebuild_project.this.source).auth).resource == "arn:aws:codeconnections:eu-west-1:555555555555:connection/1"
    )
    error_message = "The repository is cloned through the connection."
  }
}

run "report_groups" {
  command = apply

  variables {
    report_groups = { unit = "TEST", coverage = "CODE_COVERAGE" }
  }

  assert {
    condition = { for group in aws_codebuild_report_group.this : group.name => group.type } == {
      lockgate-build-unit     = "TEST"
      lockgate-build-coverage = "CODE_COVERAGE"
    }
    error_message = "A group has the name under which CodeBuild looks for it."
  }
}
