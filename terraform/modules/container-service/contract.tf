locals {
  # All but the ARN, which a release has no use for.
  secrets = [for secret in var.secrets : { for key, value in secret : key => value if key != "arn" }]

  contract = {
    schema                   = 1
    kind                     = "container"
    service                  = var.service
    environment              = var.environment
    cluster                  = var.cluster_name
    ecs_service              = aws_ecs_service.this.name
    task_definition_template = aws_ecs_task_definition.this["template"].arn
    task_definition_family   = local.name
    container_name           = var.service
    container_port           = var.port
    load_balancer            = aws_lb.this.arn_suffix
    listener_arn             = aws_lb_listener.production.arn
    test_listener_arn        = aws_lb_listener.test.arn
    target_groups            = [for colour in ["blue", "green"] : aws_lb_target_group.this[colour].arn]
    repository_url           = var.repository_url
    codedeploy_application   = aws_codedeploy_app.this.name
    deployment_group         = aws_codedeploy_deployment_group.live.deployment_group_name
    deployment_configs       = var.deployment_configs
    canary_configs           = var.canary_configs
    termination_wait_minutes = local.termination_wait_minutes
    alarms                   = local.alarm_names
    hook_function            = null
    url                      = local.url
    smoke                    = []
    secrets                  = local.secrets
    traffic = {
      strategy         = var.release.strategy
      percentage       = var.release.percentage
      interval_minutes = var.release.interval_minutes
    }
  }
}

# All that a release learns from Terraform.
resource "aws_ssm_parameter" "contract" {
  #checkov:skip=CKV2_AWS_34:Names of resources, no secrets: whoever may read parameters can list those resources too.
  name        = "/lockgate/${var.environment}/services/${var.service}"
  description = "What a release of ${var.service} needs to know."
  type        = "String"
  tier        = "Intelligent-Tiering"
  value       = jsonencode(local.contract)

  tags = local.tags
}
