locals {
  protocol  = var.certificate_arn == null ? "HTTP" : "HTTPS"
  port      = var.certificate_arn == null ? 80 : 443
  test_port = var.certificate_arn == null ? 8080 : 8443
  url = (
    var.embedded_endpoint == null
    ? "${lower(local.protocol)}://${aws_lb.this.dns_name}"
    : "${var.embedded_endpoint}/_alb/${aws_lb.this.dns_name}:${local.port}"
  )

  # Another port or network is another pair of groups, made before the old one goes.
  group_digest = substr(sha1("${local.name} ${var.vpc_id} ${var.port}"), 0, 6)
  group_prefix = trim(substr(local.name, 0, 18), "-")
}

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:Requests are counted by CloudWatch and logged by the service; access logs would hold callers' addresses.
  #checkov:skip=CKV2_AWS_28:A firewall's rules are the service's own: attach one to the load balancer by its ARN.
  #checkov:skip=CKV2_AWS_20:With a certificate there is no HTTP listener at all; without one there is no HTTPS to redirect to.
  #checkov:skip=CKV_AWS_150:An embedded AWS is thrown away as a whole; elsewhere it is protected.
  name                       = local.short_name
  internal                   = !var.public
  load_balancer_type         = "application"
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  security_groups            = [aws_security_group.load_balancer.id]
  subnets                    = var.load_balancer_subnet_ids

  tags = local.tags
}

# They take turns: one serves, and the next version starts on the other.
resource "aws_lb_target_group" "this" {
  for_each = toset(["blue", "green"])

  #checkov:skip=CKV_AWS_378:Between load balancer and task, within the network, it is HTTP: a task has no certificate of its own.
  name                 = "${local.group_prefix}-${local.group_digest}-${each.key}"
  port                 = var.port
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = var.vpc_id
  deregistration_delay = 30

  health_check {
    path                = var.health_path
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
    matcher             = "200"
  }

  tags = local.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "production" {
  #checkov:skip=CKV_AWS_2:The service declares its certificate; without one it speaks HTTP.
  #checkov:skip=CKV_AWS_103:The service declares its certificate; with one, TLS 1.3 or 1.2.
  load_balancer_arn = aws_lb.this.arn
  port              = local.port
  protocol          = local.protocol
  certificate_arn   = var.certificate_arn
  ssl_policy        = var.certificate_arn == null ? null : "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["blue"].arn
  }

  tags = local.tags

  lifecycle {
    # CodeDeploy moves it.
    ignore_changes = [default_action]
  }
}

# Where a new version is looked at before it gets traffic.
resource "aws_lb_listener" "test" {
  #checkov:skip=CKV_AWS_2:The service declares its certificate; without one it speaks HTTP.
  #checkov:skip=CKV_AWS_103:The service declares its certificate; with one, TLS 1.3 or 1.2.
  load_balancer_arn = aws_lb.this.arn
  port              = local.test_port
  protocol          = local.protocol
  certificate_arn   = var.certificate_arn
  ssl_policy        = var.certificate_arn == null ? null : "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["blue"].arn
  }

  tags = local.tags

  lifecycle {
    # CodeDeploy moves it.
    ignore_changes = [default_action]
  }
}

resource "aws_security_group" "load_balancer" {
  #checkov:skip=CKV2_AWS_5:It is attached to the load balancer.
  name        = "${local.name}-load-balancer"
  description = "What reaches the load balancer of ${local.name}, and what it reaches."
  vpc_id      = var.vpc_id

  tags = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "callers" {
  #checkov:skip=CKV_AWS_260:Only where the service is declared public.
  security_group_id = aws_security_group.load_balancer.id
  description       = "Callers"
  cidr_ipv4         = var.public ? "0.0.0.0/0" : var.vpc_cidr
  from_port         = local.port
  to_port           = local.port
  ip_protocol       = "tcp"

  tags = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "testers" {
  security_group_id = aws_security_group.load_balancer.id
  description       = "What looks at a new version, from within the network"
  cidr_ipv4         = var.vpc_cidr
  from_port         = local.test_port
  to_port           = local.test_port
  ip_protocol       = "tcp"

  tags = local.tags
}

resource "aws_vpc_security_group_egress_rule" "to_tasks" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Tasks"
  referenced_security_group_id = aws_security_group.tasks.id
  from_port                    = var.port
  to_port                      = var.port
  ip_protocol                  = "tcp"

  tags = local.tags
}

resource "aws_security_group" "tasks" {
  #checkov:skip=CKV2_AWS_5:It is attached to the tasks, by the ECS service.
  name        = "${local.name}-tasks"
  description = "What reaches the tasks of ${local.name}, and what they reach."
  vpc_id      = var.vpc_id

  tags = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "from_load_balancer" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "Load balancer"
  referenced_security_group_id = aws_security_group.load_balancer.id
  from_port                    = var.port
  to_port                      = var.port
  ip_protocol                  = "tcp"

  tags = local.tags
}

resource "aws_vpc_security_group_egress_rule" "from_tasks" {
  #checkov:skip=CKV_AWS_382:Tasks pull their image, write logs, and call what their code calls.
  security_group_id = aws_security_group.tasks.id
  description       = "Whatever the service calls"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"

  tags = local.tags
}
