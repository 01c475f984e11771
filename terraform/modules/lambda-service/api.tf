locals {
  # One element or none: a service without routes has no API.
  api = length(var.routes) > 0 ? toset(["http"]) : toset([])
}

resource "aws_apigatewayv2_api" "this" {
  for_each = local.api

  name          = local.name
  description   = var.description
  protocol_type = "HTTP"

  tags = local.tags
}

# To the alias, never to the function: otherwise requests would pass a canary by.
resource "aws_apigatewayv2_integration" "live" {
  for_each = local.api

  api_id                 = aws_apigatewayv2_api.this[each.key].id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = aws_lambda_alias.live.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "this" {
  #checkov:skip=CKV_AWS_309:A declared route is public; a service that is not checks its callers itself.
  for_each = toset(var.routes)

  api_id             = aws_apigatewayv2_api.this["http"].id
  authorization_type = "NONE"
  route_key          = each.value
  target             = "integrations/${aws_apigatewayv2_integration.live["http"].id}"
}

resource "aws_cloudwatch_log_group" "api" {
  #checkov:skip=CKV_AWS_338:The service declares its retention; the default is a year.
  for_each = local.api

  # Under this prefix the account's one resource policy for log delivery does not grow with each API (API Gateway
  # developer guide, "Configure logging for HTTP APIs").
  name              = "/aws/vendedlogs/apis/${local.name}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_days

  tags = local.tags
}

resource "aws_apigatewayv2_stage" "default" {
  for_each = local.api

  api_id      = aws_apigatewayv2_api.this[each.key].id
  name        = "$default"
  auto_deploy = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api[each.key].arn
    format = jsonencode({
      integrationError = "$context.integrationErrorMessage"
      latencyMs        = "$context.responseLatency"
      requestId        = "$context.requestId"
      requestTime      = "$context.requestTime"
      responseLength   = "$context.responseLength"
      routeKey         = "$context.routeKey"
      sourceIp         = "$context.identity.sourceIp"
      status           = "$context.status"
    })
  }

  tags = local.tags
}

resource "aws_lambda_permission" "api" {
  for_each = local.api

  statement_id  = "http-api"
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.live.name
  source_arn    = "${aws_apigatewayv2_api.this[each.key].execution_arn}/*/*"
}
