# What applying and releasing writes, in this account and under this platform's names.
locals {
  # Terraform's conditional wants one type on both sides, which policies are not.
  deploy_policies = merge(concat(
    [{ account = concat(local.write_state, local.write_roles, local.write_keys, local.write_announcements) }],
    [for on in [local.has_workload] : { services = local.write_services, messages = local.write_messages, release = concat(local.release_statements, local.promote_statements) } if on],
    [for on in [local.has_containers] : { containers = concat(local.write_containers, local.write_network) } if on],
    [for on in [local.builds_here] : { builds = concat(local.write_builds, local.prune_statements) } if on],
  )...)

  write_state = [
    {
      # The state, its lock, what was last applied, and a plan that was applied.
      Sid      = "WriteState"
      Effect   = "Allow"
      Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      Resource = [for key in ["${local.kind}.applied", "${local.kind}.tfstate", "${local.kind}.tfstate.tflock", "plans/*"] : "${local.state_bucket_arn}/${key}"]
    },
  ]

  write_roles = [
    {
      # Only roles that have the boundary: one without it can neither be made nor given anything.
      Sid       = "MakeServiceRoles"
      Effect    = "Allow"
      Action    = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource  = local.made_roles
      Condition = { StringEquals = { "iam:PermissionsBoundary" = local.boundary_arn } }
    },
    {
      Sid      = "ChangeServiceRoles"
      Effect   = "Allow"
      Action   = ["iam:DeleteRole", "iam:ListInstanceProfilesForRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole"]
      Resource = local.made_roles
    },
    {
      Sid      = "HandServiceRolesOn"
      Effect   = "Allow"
      Action   = ["iam:PassRole"]
      Resource = local.made_roles
      Condition = {
        StringEquals = {
          "iam:PassedToService" = [
            "codebuild.amazonaws.com",
            "codedeploy.amazonaws.com",
            "ecs-tasks.amazonaws.com",
            "events.amazonaws.com",
            "lambda.amazonaws.com",
            "vpc-flow-logs.amazonaws.com",
          ]
        }
      }
    },
  ]

  write_keys = [
    {
      # A key that is not made yet has no ARN to name; it has to be made with the platform's tags.
      Sid       = "MakeKeys"
      Effect    = "Allow"
      Action    = ["kms:CreateKey"]
      Resource  = ["*"]
      Condition = { StringEquals = { "aws:RequestTag/environment" = var.account, "aws:RequestTag/platform" = local.platform.name } }
    },
    {
      Sid    = "ChangeKeys"
      Effect = "Allow"
      Action = [
        "kms:CreateAlias",
        "kms:CreateGrant",
        "kms:DeleteAlias",
        "kms:EnableKeyRotation",
        "kms:PutKeyPolicy",
        "kms:TagResource",
        "kms:UpdateKeyDescription",
      ]
      Resource  = [local.keys]
      Condition = local.own_tags
    },
    {
      Sid      = "NameKeys"
      Effect   = "Allow"
      Action   = ["kms:CreateAlias", "kms:DeleteAlias"]
      Resource = ["arn:${local.partition}:kms:${local.home}:alias/${local.name_prefix}"]
    },
    {
      # Whoever writes an object, an item or a message uses the key behind it, through that service.
      Sid       = "UseKeys"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = [local.keys]
      Condition = merge(local.own_tags, { StringLike = { "kms:ViaService" = [for service in ["dynamodb", "lambda", "s3", "secretsmanager", "sns"] : "${service}.${local.region}.*"] } })
    },
    {
      Sid      = "ChangeLogGroups"
      Effect   = "Allow"
      Action   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"]
      Resource = flatten([for arn in local.log_groups : [arn, "${arn}:*"]])
    },
  ]

  write_services = [
    {
      Sid    = "ChangeFunctions"
      Effect = "Allow"
      Action = [
        "lambda:AddPermission",
        "lambda:CreateAlias",
        "lambda:CreateFunction",
        "lambda:DeleteAlias",
        "lambda:DeleteFunction",
        "lambda:RemovePermission",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateFunctionConfiguration",
      ]
      Resource = flatten([for arn in local.functions : [arn, "${arn}:*"]])
    },
    {
      # Whoever gives a function a key needs this and CreateGrant (Lambda developer guide, "Securing Lambda environment
      # variables").
      Sid       = "EncryptVariables"
      Effect    = "Allow"
      Action    = ["kms:Encrypt"]
      Resource  = [local.keys]
      Condition = merge(local.own_tags, { StringLike = { "kms:ViaService" = "lambda.${local.region}.*" } })
    },
    {
      Sid      = "ChangeApis"
      Effect   = "Allow"
      Action   = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
      Resource = [for path in ["/apis", "/apis/*", "/tags/*"] : "arn:${local.partition}:apigateway:${local.region}::${path}"]
    },
    {
      # An access log of an API is written by a delivery, which takes no resource (service authorization reference, Amazon
      # CloudWatch Logs).
      Sid    = "DeliverAccessLogs"
      Effect = "Allow"
      Action = [
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
      ]
      Resource = ["*"]
    },
    {
      Sid    = "ChangeDeployments"
      Effect = "Allow"
      Action = [
        "codedeploy:CreateApplication",
        "codedeploy:CreateDeploymentConfig",
        "codedeploy:CreateDeploymentGroup",
        "codedeploy:DeleteApplication",
        "codedeploy:DeleteDeploymentConfig",
        "codedeploy:DeleteDeploymentGroup",
        "codedeploy:TagResource",
        "codedeploy:UntagResource",
        "codedeploy:UpdateDeploymentGroup",
      ]
      Resource = [local.applications, local.deployment_groups, "arn:${local.partition}:codedeploy:${local.home}:deploymentconfig:${local.names}"]
    },
    {
      Sid      = "ChangeAlarms"
      Effect   = "Allow"
      Action   = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
      Resource = [local.alarms]
    },
    {
      Sid      = "ChangeContract"
      Effect   = "Allow"
      Action   = ["ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter", "ssm:RemoveTagsFromResource"]
      Resource = local.parameters
    },
    {
      # Not DeleteTable: the ledger is the record, and goes by hand or never.
      Sid    = "ChangeLedgerTable"
      Effect = "Allow"
      Action = [
        "dynamodb:CreateTable",
        "dynamodb:TagResource",
        "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
        "dynamodb:UpdateTimeToLive",
      ]
      Resource = [local.ledgers]
    },
  ]

  # Who is told.
  write_announcements = [
    {
      Sid      = "Announce"
      Effect   = "Allow"
      Action   = ["sns:Publish"]
      Resource = [local.topics]
    },
    {
      Sid      = "ChangeTopics"
      Effect   = "Allow"
      Action   = ["sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:UntagResource"]
      Resource = [local.topics]
    },
    {
      # It takes no resource (service authorization reference, Amazon SNS).
      Sid      = "EndSubscriptions"
      Effect   = "Allow"
      Action   = ["sns:Unsubscribe"]
      Resource = ["*"]
    },
    {
      Sid    = "ChangeEvents"
      Effect = "Allow"
      Action = [
        "events:CreateEventBus",
        "events:DeleteEventBus",
        "events:DeleteRule",
        "events:PutRule",
        "events:PutTargets",
        "events:RemoveTargets",
        "events:TagResource",
        "events:UntagResource",
      ]
      Resource = local.events
    },
  ]

  # What waits for its reader, what only its reader may see, and what is shown.
  write_messages = [
    {
      Sid      = "ChangeQueues"
      Effect   = "Allow"
      Action   = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"]
      Resource = [local.queues]
    },
    {
      # Empty ones: neither their values, nor who else may read them.
      Sid    = "ChangeSecrets"
      Effect = "Allow"
      Action = [
        "secretsmanager:CancelRotateSecret",
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:RotateSecret",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
        "secretsmanager:UpdateSecret",
      ]
      Resource = [local.secrets]
    },
    {
      # What reads a queue has no name before it is made; it has to be for a function of the platform's.
      Sid       = "MakeSources"
      Effect    = "Allow"
      Action    = ["lambda:CreateEventSourceMapping"]
      Resource  = ["*"]
      Condition = { ArnLike = { "lambda:FunctionArn" = flatten([for arn in local.functions : [arn, "${arn}:*"]]) } }
    },
    {
      Sid      = "ChangeSources"
      Effect   = "Allow"
      Action   = ["lambda:DeleteEventSourceMapping", "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateEventSourceMapping"]
      Resource = [local.event_sources]
    },
    {
      Sid      = "ChangeDashboards"
      Effect   = "Allow"
      Action   = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"]
      Resource = [local.dashboards]
    },
  ]

  release_statements = [
    {
      Sid    = "ReleaseFunctions"
      Effect = "Allow"
      Action = [
        "lambda:DeleteFunction",
        "lambda:GetAlias",
        "lambda:GetFunctionConfiguration",
        "lambda:InvokeFunction",
        "lambda:ListAliases",
        "lambda:ListVersionsByFunction",
        "lambda:PublishVersion",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionCode",
      ]
      Resource = flatten([for arn in local.functions : [arn, "${arn}:*"]])
    },
    {
      Sid    = "StartDeployments"
      Effect = "Allow"
      Action = [
        "codedeploy:BatchGetDeployments",
        "codedeploy:CreateDeployment",
        "codedeploy:GetApplicationRevision",
        "codedeploy:GetDeployment",
        "codedeploy:GetDeploymentConfig",
        "codedeploy:GetDeploymentGroup",
        "codedeploy:ListDeployments",
        "codedeploy:RegisterApplicationRevision",
      ]
      Resource = [local.applications, local.deployment_configs, local.deployment_groups]
    },
    {
      # The service authorization reference has no resource for these three, CodeDeploy's user guide has the group: `*` is
      # right by both, and a canary that cannot be stopped is worse than one too many that can.
      Sid      = "StopDeployments"
      Effect   = "Allow"
      Action   = ["codedeploy:GetDeploymentTarget", "codedeploy:ListDeploymentTargets", "codedeploy:StopDeployment"]
      Resource = ["*"]
    },
    {
      # Metrics take no resource (service authorization reference, Amazon CloudWatch).
      Sid      = "ReadMetrics"
      Effect   = "Allow"
      Action   = ["cloudwatch:GetMetricData"]
      Resource = ["*"]
    },
    {
      Sid      = "WriteLedger"
      Effect   = "Allow"
      Action   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
      Resource = [local.ledgers]
    },
    {
      Sid      = "TellBus"
      Effect   = "Allow"
      Action   = ["events:PutEvents"]
      Resource = ["arn:${local.partition}:events:${local.home}:event-bus/${local.name_prefix}"]
    },
    {
      # Metrics take no resource; the namespace is the platform's own.
      Sid       = "MarkReleases"
      Effect    = "Allow"
      Action    = ["cloudwatch:PutMetricData"]
      Resource  = ["*"]
      Condition = { StringEquals = { "cloudwatch:namespace" = "Lockgate" } }
    },
    {
      Sid      = "ReadHookLogs"
      Effect   = "Allow"
      Action   = ["logs:FilterLogEvents"]
      Resource = ["arn:${local.partition}:logs:${local.home}:log-group:/aws/lambda/CodeDeployHook_${local.names}:*"]
    },
  ]

  # In the environment that this one promotes from; that account's role lets this one in (IAM user guide, "Cross-account
  # policy evaluation logic").
  promote_statements = [
    for source in compact([local.account.promotes_from]) : {
      Sid      = "SeeWhatHasSucceeded"
      Effect   = "Allow"
      Action   = ["sts:AssumeRole"]
      Resource = ["arn:${local.partition}:iam::${local.accounts[source].account_id}:role/${local.platform.name}-${source}-promote"]
    }
  ]

  write_containers = [
    {
      Sid    = "ChangeServices"
      Effect = "Allow"
      Action = [
        "ecs:CreateCluster",
        "ecs:CreateService",
        "ecs:DeleteCluster",
        "ecs:DeleteService",
        "ecs:DeleteTaskDefinitions",
        "ecs:RegisterTaskDefinition",
        "ecs:TagResource",
        "ecs:UntagResource",
        "ecs:UpdateCluster",
        "ecs:UpdateService",
      ]
      Resource = [
        for resource in ["cluster/${local.name_prefix}", "service/${local.name_prefix}/*", "task-definition/${local.names}:*"] :
        "arn:${local.partition}:ecs:${local.home}:${resource}"
      ]
    },
    {
      # It takes no resource (service authorization reference, Amazon ECS).
      Sid      = "PruneTaskDefinitions"
      Effect   = "Allow"
      Action   = ["ecs:DeregisterTaskDefinition"]
      Resource = ["*"]
    },
    {
      # Load balancers and their parts: names are cut to 32 characters, so that the platform's tags say whose they are.
      Sid    = "MakeLoadBalancers"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:SetSecurityGroups",
      ]
      Resource = [for kind in ["listener/app", "loadbalancer/app", "targetgroup"] : "arn:${local.partition}:elasticloadbalancing:${local.home}:${kind}/*"]
    },
    {
      Sid       = "LetServicesHaveTheirRoles"
      Effect    = "Allow"
      Action    = ["iam:CreateServiceLinkedRole"]
      Resource  = ["${local.iam_arn}:role/aws-service-role/*"]
      Condition = { StringEquals = { "iam:AWSServiceName" = ["ecs.amazonaws.com", "elasticloadbalancing.amazonaws.com"] } }
    },
  ]

  write_network = [
    {
      Sid    = "ChangeNetwork"
      Effect = "Allow"
      Action = [
        "ec2:AllocateAddress",
        "ec2:AssociateRouteTable",
        "ec2:AttachInternetGateway",
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateFlowLogs",
        "ec2:CreateInternetGateway",
        "ec2:CreateNatGateway",
        "ec2:CreateRoute",
        "ec2:CreateRouteTable",
        "ec2:CreateSecurityGroup",
        "ec2:CreateSubnet",
        "ec2:CreateTags",
        "ec2:CreateVpc",
        "ec2:DeleteFlowLogs",
        "ec2:DeleteInternetGateway",
        "ec2:DeleteNatGateway",
        "ec2:DeleteRoute",
        "ec2:DeleteRouteTable",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteSubnet",
        "ec2:DeleteVpc",
        "ec2:DetachInternetGateway",
        "ec2:DisassociateAddress",
        "ec2:DisassociateRouteTable",
        "ec2:ModifySecurityGroupRules",
        "ec2:ModifySubnetAttribute",
        "ec2:ModifyVpcAttribute",
        "ec2:ReleaseAddress",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
      ]
      Resource = ["arn:${local.partition}:ec2:${local.home}:*"]
    },
  ]

  write_builds = [
    {
      Sid    = "ChangeStore"
      Effect = "Allow"
      Action = [
        "s3:CreateBucket",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
      ]
      Resource = [local.artifact_bucket_arn]
    },
    {
      Sid      = "WriteBootstrapCode"
      Effect   = "Allow"
      Action   = ["s3:PutObject", "s3:PutObjectTagging"]
      Resource = ["${local.artifact_bucket_arn}/bootstrap/*"]
    },
    {
      Sid    = "ChangeRegistry"
      Effect = "Allow"
      Action = [
        "ecr:CreateRepository",
        "ecr:DeleteLifecyclePolicy",
        "ecr:DeleteRepositoryPolicy",
        "ecr:PutImageScanningConfiguration",
        "ecr:PutImageTagMutability",
        "ecr:PutLifecyclePolicy",
        "ecr:SetRepositoryPolicy",
        "ecr:TagResource",
        "ecr:UntagResource",
      ]
      Resource = ["arn:${local.partition}:ecr:${local.home}:repository/${local.repositories}"]
    },
    {
      Sid      = "ChangeBuilds"
      Effect   = "Allow"
      Action   = ["codebuild:CreateProject", "codebuild:DeleteProject", "codebuild:UpdateProject"]
      Resource = ["arn:${local.partition}:codebuild:${local.home}:project/${local.build_project}"]
    },
  ]

  # What nobody needs any more, in a store of one's own or for all who share it: the tooling account asks each of them.
  prune_statements = concat(
    [
      {
        Sid      = "PruneArtifacts"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject"]
        Resource = [for prefix in ["bundles", "services"] : "${local.artifact_bucket_arn}/${prefix}/*"]
      },
      {
        Sid      = "PruneImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchDeleteImage", "ecr:BatchGetImage", "ecr:DescribeImages"]
        Resource = ["arn:${local.partition}:ecr:${local.home}:repository/${local.repositories}"]
      },
    ],
    [
      for sharing in [[for name, shares in local.shares_tooling : "arn:${local.partition}:iam::${local.accounts[name].account_id}:role/${local.platform.name}-${name}-prune" if shares]] : {
        Sid      = "AskWhoShares"
        Effect   = "Allow"
        Action   = ["sts:AssumeRole"]
        Resource = sharing
      } if !local.has_workload && length(sharing) > 0
    ],
  )

  # Builds in a job of GitHub's, or started from there in CodeBuild.
  build_statements = [
    {
      Sid      = "FindArtifacts"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = [local.artifact_bucket_arn]
    },
    {
      Sid      = "WriteArtifacts"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = [for prefix in ["bundles", "services", "sources"] : "${local.artifact_bucket_arn}/${prefix}/*"]
    },
    {
      Sid       = "EncryptArtifacts"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = [local.keys]
      Condition = merge(local.own_tags, local.through.s3)
    },
    {
      Sid    = "PushImages"
      Effect = "Allow"
      Action = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
      ]
      Resource = ["arn:${local.partition}:ecr:${local.home}:repository/${local.repositories}"]
    },
    {
      Sid      = "StartBuilds"
      Effect   = "Allow"
      Action   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"]
      Resource = ["arn:${local.partition}:codebuild:${local.home}:project/${local.build_project}"]
    },
    {
      Sid      = "FollowBuilds"
      Effect   = "Allow"
      Action   = ["logs:GetLogEvents"]
      Resource = ["arn:${local.partition}:logs:${local.home}:log-group:/aws/codebuild/${local.build_project}:*"]
    },
  ]
}
