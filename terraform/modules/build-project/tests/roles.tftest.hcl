# What a build, and a batch, may do.
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

run "least" {
  command = plan

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.build.policy).Statement : statement.Sid => statement.Resource } == {
      FindArtifacts         = ["arn:aws:s3:::artifacts"]
      UseKeyThroughServices = [var.kms_key_arn]
      WriteArtifacts        = ["arn:aws:s3:::artifacts/bundles/*", "arn:aws:s3:::artifacts/services/*"]
      WriteOwnLogs          = ["arn:aws:logs:eu-west-1:555555555555:log-group:/aws/codebuild/lockgate-build:*"]
      WriteOwnReports       = ["arn:aws:codebuild:eu-west-1:555555555555:report-group/lockgate-build-*"]
      ReadSourcesAndArtifacts = [
        "arn:aws:s3:::artifacts/bundles/*", "arn:aws:s3:::artifacts/services/*", "arn:aws:s3:::artifacts/sources/*",
      ]
    }
    error_message = "A build may use exactly these, and nothing with * alone."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.build.policy).Statement :
      statement.Condition.StringLike["kms:ViaService"] == ["s3.eu-west-1.*"] if statement.Sid == "UseKeyThroughServices"
    ])
    error_message = "The key is used through S3 only, where nothing else is read."
  }

  assert {
    condition     = length(aws_iam_role.batch) == 0
    error_message = "Without batches there is no role for them."
  }
}

run "only_for_this_project" {
  command = plan

  assert {
    condition = one(jsondecode(aws_iam_role.build.assume_role_policy).Statement).Condition.StringEquals == {
      "aws:SourceAccount" = "555555555555"
      "aws:SourceArn"     = "arn:aws:codebuild:eu-west-1:555555555555:project/lockgate-build"
    }
    error_message = "Only builds of this project may take the role."
  }
}

run "what_variables_name_can_be_read" {
  command = plan

  variables {
    environment_variables = {
      BY_ARN  = { type = "SECRETS_MANAGER", value = "arn:aws:secretsmanager:eu-west-1:555555555555:secret:build/other-AbCdEf:key::" }
      BY_NAME = { type = "SECRETS_MANAGER", value = "build/registry:token" }
      PATH_OF = { type = "PARAMETER_STORE", value = "/build/index" }
    }
    parameter_arns = ["arn:aws:ssm:eu-west-1:555555555555:parameter/build/further"]
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.build.policy).Statement : statement.Resource if statement.Sid == "ReadSecrets"
      ]) == [
      "arn:aws:secretsmanager:eu-west-1:555555555555:secret:build/other-AbCdEf",
      "arn:aws:secretsmanager:eu-west-1:555555555555:secret:build/registry-??????",
    ]
    error_message = "The secrets that variables name can be read, and no others."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.build.policy).Statement : statement.Resource if statement.Sid == "ReadParameters"
      ]) == [
      "arn:aws:ssm:eu-west-1:555555555555:parameter/build/further",
      "arn:aws:ssm:eu-west-1:555555555555:parameter/build/index",
    ]
    error_message = "The parameters that variables name, and those given, can be read."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.build.policy).Statement :
      statement.Condition.StringLike["kms:ViaService"] if statement.Sid == "UseKeyThroughServices"
    ]) == ["s3.eu-west-1.*", "ssm.eu-west-1.*", "secretsmanager.eu-west-1.*"]
    error_message = "What is read is decrypted through the service that holds it."
  }
}

run "images" {
  command = plan

  variables {
    repository_arns = ["arn:aws:ecr:eu-west-1:555555555555:repository/lockgate/orders"]
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.build.policy).Statement : statement.Resource if statement.Sid == "PushImages"
    ]) == ["arn:aws:ecr:eu-west-1:555555555555:repository/lockgate/orders"]
    error_message = "Images are pushed to the repositories given only."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.build.policy).Statement :
      statement.Action == ["ecr:GetAuthorizationToken"] if statement.Resource == ["*"]
    ])
    error_message = "Only what knows no resources may have *."
  }
}

run "network_and_batch" {
  command = plan

  variables {
    batch = {}
    vpc   = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.build.policy).Statement : statement.Condition if statement.Sid == "UseNetworkInterfaces"
      ]) == {
      StringEquals = {
        "ec2:AuthorizedService" = "codebuild.amazonaws.com"
        "ec2:Subnet"            = ["arn:aws:ec2:eu-west-1:555555555555:subnet/subnet-1"]
      }
    }
    error_message = "Network interfaces are for CodeBuild, in the subnets given."
  }

  assert {
    condition     = one(jsondecode(aws_iam_role_policy.batch["batch"].policy).Statement).Resource == ["arn:aws:codebuild:eu-west-1:555555555555:project/lockgate-build"]
    error_message = "A batch may start builds of this project only."
  }
}

run "cache" {
  command = plan

  variables {
    cache = { type = "S3" }
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.build.policy).Statement : statement.Resource if statement.Sid == "KeepCache"
    ]) == ["arn:aws:s3:::artifacts/cache/lockgate-build", "arn:aws:s3:::artifacts/cache/lockgate-build/*"]
    error_message = "A build may write its own cache."
  }
}

run "connection" {
  command = plan

  variables {
    source_code = {
      connection_arn = "arn:aws:codeconnections:eu-west-1:555555555555:connection/1"
      location       = "https://github.com/acme/services"
      type           = "GITHUB"
    }
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.build.policy).Statement : statement.Resource if statement.Sid == "CloneThroughConnection"
    ]) == ["arn:aws:codeconnections:eu-west-1:555555555555:connection/1"]
    error_message = "A build may clone through the connection given."
  }
}

run "declared_report_groups_are_not_made_by_builds" {
  command = plan

  variables {
    report_groups = { unit = "TEST" }
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.build.policy, "codebuild:CreateReportGroup")
    error_message = "Where groups are declared, a build must not make others."
  }
}
