locals {
  name = "${var.name_prefix}-${var.service}"

  # Load balancers and target groups have 32 characters; what is longer is cut, and told apart by a digest.
  short_name = length(local.name) <= 32 ? local.name : "${trim(substr(local.name, 0, 25), "-")}-${substr(sha1(local.name), 0, 6)}"

  # Besides the provider's default tags, so that costs can be told apart by service.
  tags = { service = var.service }

  # What each container may want to know about itself; a declared variable of the same name wins.
  environment_variables = merge(
    {
      LOCKGATE_ENVIRONMENT    = var.environment
      POWERTOOLS_SERVICE_NAME = var.service
    },
    var.environment_variables,
  )

  container = {
    name                   = var.service
    essential              = true
    readonlyRootFilesystem = var.read_only

    environment = [
      for name in sort(keys(local.environment_variables)) : { name = name, value = local.environment_variables[name] }
    ]

    portMappings = [{
      containerPort = var.port
      hostPort      = var.port
      protocol      = "tcp"
    }]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "task"
      }
    }
  }

  # ECS reads them when a task starts, by ARN, and starts none while one has no value (ECS developer guide, "Pass sensitive
  # data to an Amazon ECS container").
  references = [for secret in var.secrets : { name = secret.variable, valueFrom = secret.arn }]

  task_definitions = {
    # Never started itself: a release puts its image in and registers the outcome in a family of its own.
    template = merge(
      local.container,
      { image = var.bootstrap_image },
      { for key, value in { secrets = local.references } : key => value if length(value) > 0 },
    )
    # Before the first release, so that CodeDeploy has something to move traffic from. Without secrets, which have no value yet.
    bootstrap = merge(local.container, { image = var.bootstrap_image, entryPoint = ["python", "-c"], command = [local.bootstrap_program] })
  }

  # Answers every request with 200, so that it is healthy whatever the service's path is.
  bootstrap_program = <<-EOT
    import http.server
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
    http.server.ThreadingHTTPServer(("", ${var.port}), Handler).serve_forever()
  EOT
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:The service declares its retention; the default is a year.
  name              = "/lockgate/${var.environment}/${var.service}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_days

  tags = local.tags
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.task_definitions

  #checkov:skip=CKV_AWS_336:The service declares whether its file system is read-only; the default is yes.
  family                   = "${local.name}-${each.key}"
  container_definitions    = jsonencode([each.value])
  cpu                      = var.cpu
  memory                   = var.memory_mb
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  # A release may be about to register what it has read of the one before.
  skip_destroy = true

  runtime_platform {
    cpu_architecture        = var.architecture == "arm64" ? "ARM64" : "X86_64"
    operating_system_family = "LINUX"
  }

  tags = local.tags

  lifecycle {
    precondition {
      condition     = length("${local.name}-template") <= 64
      error_message = "Role and task definition names of ${local.name} exceed 64 characters. Shorten the service's folder name."
    }
  }
}

resource "aws_ecs_service" "this" {
  name                              = local.name
  cluster                           = var.cluster_arn
  task_definition                   = aws_ecs_task_definition.this["bootstrap"].arn
  desired_count                     = var.desired_count
  launch_type                       = "FARGATE"
  platform_version                  = "LATEST"
  health_check_grace_period_seconds = 60
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"

  deployment_controller {
    type = "CODE_DEPLOY"
  }

  load_balancer {
    container_name   = var.service
    container_port   = var.port
    target_group_arn = aws_lb_target_group.this["blue"].arn
  }

  network_configuration {
    assign_public_ip = false
    security_groups  = [aws_security_group.tasks.id]
    subnets          = var.task_subnet_ids
  }

  tags = local.tags

  lifecycle {
    # What runs belongs to the release, and how many of it to whoever scales it: with any of these a plan in the middle of
    # a canary would not be empty.
    ignore_changes = [
      capacity_provider_strategy,
      desired_count,
      load_balancer,
      network_configuration,
      platform_version,
      task_definition,
    ]
  }

  # ECS refuses target groups that no listener forwards to, and tasks that cannot pull or log.
  depends_on = [
    aws_iam_role_policy.execution,
    aws_lb_listener.production,
    aws_lb_listener.test,
  ]
}
