locals {
  # All but the ARN, which a release has no use for.
  secrets = [for secret in var.secrets : { for key, value in secret : key => value if key != "arn" }]

  contract = {
    schema                 = 1
    kind                   = "lambda"
    service                = var.service
    environment            = var.environment
    function_name          = local.function_name
    alias                  = local.alias
    codedeploy_application = aws_codedeploy_app.this.name
    deployment_group       = aws_codedeploy_deployment_group.live.deployment_group_name
    deployment_configs     = var.deployment_configs
    canary_configs         = var.canary_configs
    alarms                 = local.alarm_names
    hook_function          = var.hook_function_name
    artifact_bucket        = var.artifact_bucket
    api_url                = one([for api in aws_apigatewayv2_api.this : api.api_endpoint])
    smoke                  = var.smoke
    secrets                = local.secrets
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
  # Standard up to 4 KB, which smoke events can exceed.
  tier  = "Intelligent-Tiering"
  value = jsonencode(local.contract)

  tags = local.tags

  # A release may start as soon as it reads this.
  depends_on = [aws_lambda_permission.api, aws_apigatewayv2_route.this, aws_apigatewayv2_stage.default]
}
