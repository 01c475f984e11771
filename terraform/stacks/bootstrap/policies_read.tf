# What a plan reads: everything that the stacks of this account manage, by name, and the state. Values of secrets, items of
# tables and messages are not among it.
locals {
  home       = "${local.region}:${local.account_id}"
  kind       = var.account == "tooling" ? "tooling" : "workload"
  names      = "${local.name_prefix}-*"
  parameters = ["arn:${local.partition}:ssm:${local.home}:parameter/lockgate/${var.account}", "arn:${local.partition}:ssm:${local.home}:parameter/lockgate/${var.account}/*"]
  functions  = [for name in [local.names, "CodeDeployHook_${local.names}"] : "arn:${local.partition}:lambda:${local.home}:function:${name}"]

  applications       = "arn:${local.partition}:codedeploy:${local.home}:application:${local.names}"
  deployment_groups  = "arn:${local.partition}:codedeploy:${local.home}:deploymentgroup:${local.names}/*"
  deployment_configs = "arn:${local.partition}:codedeploy:${local.home}:deploymentconfig:*"

  artifact_bucket_arn = "arn:${local.partition}:s3:::${local.artifact_bucket}"
  service_roles       = "${local.iam_arn}:role/${local.names}"
  build_roles         = [for role in [local.build_project, "${local.build_project}-batch"] : "${local.iam_arn}:role/${role}" if local.builds_here]
  made_roles          = concat([local.service_roles], local.build_roles)
  topics              = "arn:${local.partition}:sns:${local.home}:${local.names}"
  alarms              = "arn:${local.partition}:cloudwatch:${local.home}:alarm:${local.names}"
  ledgers             = "arn:${local.partition}:dynamodb:${local.home}:table/${local.names}"
  dashboards          = "arn:${local.partition}:cloudwatch::${local.account_id}:dashboard/${local.name_prefix}*"
  event_sources       = "arn:${local.partition}:lambda:${local.home}:event-source-mapping:*"
  events              = [for resource in ["event-bus/${local.name_prefix}", "rule/${local.names}", "rule/${local.name_prefix}/*"] : "arn:${local.partition}:events:${local.home}:${resource}"]
  queues              = "arn:${local.partition}:sqs:${local.home}:${local.names}"
  secrets             = "arn:${local.partition}:secretsmanager:${local.home}:secret:${local.name_prefix}/*"
  keys                = "arn:${local.partition}:kms:${local.home}:key/*"

  log_groups = [
    for name in ["/aws/codebuild/${local.build_project}", "/aws/lambda/${local.names}", "/aws/lambda/CodeDeployHook_${local.names}", "/aws/vendedlogs/apis/${local.names}", "/lockgate/${local.names}"] :
    "arn:${local.partition}:logs:${local.home}:log-group:${name}"
  ]

  # Keys have no names in their ARNs; each carries the tags that every stack gives.
  own_tags = {
    StringEquals = { "aws:ResourceTag/environment" = var.account, "aws:ResourceTag/platform" = local.platform.name }
  }
  through = {
    for service in ["dynamodb", "s3", "sns"] : service => { StringLike = { "kms:ViaService" = "${service}.${local.region}.*" } }
  }

  read_policies = merge(concat(
    [{ read = concat(local.read_state, local.read_everywhere, local.read_announcements) }],
    [for on in [local.has_workload] : { read-services = concat(local.read_artifacts, local.read_services) } if on],
    [for on in [local.has_containers] : { read-containers = local.read_containers } if on],
    [for on in [local.builds_here] : { read-builds = local.read_builds } if on],
  )...)

  has_workload   = local.kind == "workload"
  has_containers = local.has_workload && length(fileset(local.root, "containers/*/service.yaml")) > 0

  read_state = [
    {
      Sid      = "ReadState"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = [for key in ["${local.kind}.applied", "${local.kind}.tfstate", "plans/*"] : "${local.state_bucket_arn}/${key}"]
    },
    {
      Sid      = "FindState"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = [local.state_bucket_arn]
    },
    {
      Sid       = "DecryptState"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = [aws_kms_key.bootstrap.arn]
      Condition = local.through.s3
    },
  ]

  # Functions are made with code from the artifact store, and releases bring theirs from there. Where the store is the
  # tooling account's, that account lets this one in, and this is what this one's IAM has to say to it (IAM user guide,
  # "Cross-account policy evaluation logic"). Its key is known by its account and by what it encrypts.
  read_artifacts = [
    {
      Sid      = "ReadArtifacts"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = [for prefix in ["bootstrap", "bundles", "services"] : "${local.artifact_bucket_arn}/${prefix}/*"]
    },
    {
      Sid      = "FindArtifacts"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = [local.artifact_bucket_arn]
    },
    {
      Sid      = "DecryptArtifacts"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = ["arn:${local.partition}:kms:${local.holder_region}:${local.holder_account.account_id}:key/*"]
      Condition = {
        ArnLike    = { "kms:EncryptionContext:aws:s3:arn" = [local.artifact_bucket_arn, "${local.artifact_bucket_arn}/*"] }
        StringLike = { "kms:ViaService" = "s3.${local.region}.*" }
      }
    },
  ]

  read_everywhere = [
    {
      # None of these takes a resource (service authorization reference).
      Sid      = "List"
      Effect   = "Allow"
      Action   = ["kms:ListAliases", "logs:DescribeLogGroups", "ssm:DescribeParameters"]
      Resource = ["*"]
    },
    {
      Sid       = "ReadKeys"
      Effect    = "Allow"
      Action    = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]
      Resource  = [local.keys]
      Condition = local.own_tags
    },
    {
      Sid      = "ReadLogGroups"
      Effect   = "Allow"
      Action   = ["logs:ListTagsForResource"]
      Resource = local.log_groups
    },
    {
      Sid      = "ReadRoles"
      Effect   = "Allow"
      Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
      Resource = local.made_roles
    },
  ]

  read_announcements = [
    {
      Sid      = "ReadTopics"
      Effect   = "Allow"
      Action   = ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"]
      Resource = [local.topics]
    },
    {
      # It takes no resource (service authorization reference, Amazon SNS).
      Sid      = "ReadSubscriptions"
      Effect   = "Allow"
      Action   = ["sns:GetSubscriptionAttributes"]
      Resource = ["*"]
    },
    {
      Sid      = "ReadEvents"
      Effect   = "Allow"
      Action   = ["events:DescribeEventBus", "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"]
      Resource = local.events
    },
  ]

  read_services = [
    {
      Sid    = "ReadFunctions"
      Effect = "Allow"
      Action = [
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetPolicy",
        "lambda:ListVersionsByFunction",
      ]
      Resource = flatten([for arn in local.functions : [arn, "${arn}:*"]])
    },
    {
      Sid      = "ReadApis"
      Effect   = "Allow"
      Action   = ["apigateway:GET"]
      Resource = [for path in ["/apis", "/apis/*", "/tags/*"] : "arn:${local.partition}:apigateway:${local.region}::${path}"]
    },
    {
      Sid      = "ReadDeployments"
      Effect   = "Allow"
      Action   = ["codedeploy:GetApplication", "codedeploy:GetDeploymentConfig", "codedeploy:GetDeploymentGroup", "codedeploy:ListTagsForResource"]
      Resource = [local.applications, local.deployment_configs, local.deployment_groups]
    },
    {
      Sid      = "ReadAlarms"
      Effect   = "Allow"
      Action   = ["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"]
      Resource = ["arn:${local.partition}:cloudwatch:${local.home}:alarm:*"]
    },
    {
      Sid      = "ReadContract"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter", "ssm:GetParametersByPath", "ssm:ListTagsForResource"]
      Resource = local.parameters
    },
    {
      Sid      = "ReadLedgerTable"
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource"]
      Resource = [local.ledgers]
    },
    {
      Sid      = "ReadQueues"
      Effect   = "Allow"
      Action   = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"]
      Resource = [local.queues]
    },
    {
      # Never what is in them.
      Sid      = "ReadSecretsNames"
      Effect   = "Allow"
      Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"]
      Resource = [local.secrets]
    },
    {
      Sid      = "ReadSources"
      Effect   = "Allow"
      Action   = ["lambda:GetEventSourceMapping", "lambda:ListTags"]
      Resource = [local.event_sources]
    },
    {
      Sid      = "ReadDashboards"
      Effect   = "Allow"
      Action   = ["cloudwatch:GetDashboard"]
      Resource = [local.dashboards]
    },
  ]

  read_containers = [
    {
      # None of these takes a resource (service authorization reference, Amazon ECS, Amazon EC2, Elastic Load Balancing).
      Sid    = "DescribeContainers"
      Effect = "Allow"
      Action = [
        "ec2:DescribeAddresses",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNatGateways",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "ecs:DescribeTaskDefinition",
        "ecs:ListTaskDefinitions",
        "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
      ]
      Resource = ["*"]
    },
    {
      Sid      = "ReadNetwork"
      Effect   = "Allow"
      Action   = ["ec2:DescribeVpcAttribute"]
      Resource = ["arn:${local.partition}:ec2:${local.home}:vpc/*"]
    },
    {
      Sid      = "ReadServices"
      Effect   = "Allow"
      Action   = ["ecs:DescribeClusters", "ecs:DescribeServices", "ecs:DescribeTaskSets", "ecs:ListTagsForResource"]
      Resource = [for kind in ["cluster", "service", "task-set", "task-definition"] : "arn:${local.partition}:ecs:${local.home}:${kind}/*"]
    },
  ]

  read_builds = [
    {
      Sid    = "ReadStore"
      Effect = "Allow"
      Action = [
        "s3:GetAccelerateConfiguration",
        "s3:GetBucketAcl",
        "s3:GetBucketCORS",
        "s3:GetBucketLogging",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketRequestPayment",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetBucketWebsite",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:ListBucket",
      ]
      Resource = [local.artifact_bucket_arn]
    },
    {
      Sid      = "ReadBootstrapCode"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectTagging"]
      Resource = ["${local.artifact_bucket_arn}/bootstrap/*"]
    },
    {
      Sid       = "DecryptBootstrapCode"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [local.keys]
      Condition = merge(local.own_tags, local.through.s3)
    },
    {
      Sid      = "ReadRegistry"
      Effect   = "Allow"
      Action   = ["ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:ListTagsForResource"]
      Resource = ["arn:${local.partition}:ecr:${local.home}:repository/${local.repositories}"]
    },
    {
      Sid      = "ReadBuilds"
      Effect   = "Allow"
      Action   = ["codebuild:BatchGetBuilds", "codebuild:BatchGetProjects"]
      Resource = ["arn:${local.partition}:codebuild:${local.home}:project/${local.build_project}"]
    },
    {
      Sid      = "ReadReports"
      Effect   = "Allow"
      Action   = ["codebuild:BatchGetReportGroups"]
      Resource = ["arn:${local.partition}:codebuild:${local.home}:report-group/${local.build_project}-*"]
    },
  ]

  keep_plans = [
    {
      # Beside the state, for whoever applies what was approved.
      Sid      = "KeepPlans"
      Effect   = "Allow"
      Action   = ["s3:PutObject"]
      Resource = ["${local.state_bucket_arn}/plans/*"]
    },
  ]
}
