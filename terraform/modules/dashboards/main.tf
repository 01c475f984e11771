locals {
  services = merge(var.functions, var.containers)
  note     = "Terraform writes this dashboard (module dashboards): what is changed here by hand is lost at the next apply."

  # A line of text, the alarms, and then two graphs to a row; Terraform places them, since CloudWatch would put what has no
  # place wherever there is room.
  columns      = 24
  text_height  = 2
  alarm_height = 3
  graph_height = 6
  log_height   = 8
  graphs_at    = local.text_height + local.alarm_height

  alarm_arns = {
    for name, service in local.services : name => [
      for alarm in service.alarm_names : "arn:${var.partition}:cloudwatch:${var.region}:${var.account_id}:alarm:${alarm}"
    ]
  }
}

resource "aws_cloudwatch_dashboard" "environment" {
  dashboard_name = var.name_prefix
  dashboard_body = jsonencode({
    start          = "-PT3H"
    periodOverride = "auto"
    widgets        = local.environment_widgets
  })
}

resource "aws_cloudwatch_dashboard" "service" {
  for_each = { for name, widgets in local.service_widgets : name => widgets if var.of_services }

  dashboard_name = "${var.name_prefix}-${each.key}"
  dashboard_body = jsonencode({
    start          = "-PT3H"
    periodOverride = "auto"
    widgets        = each.value
  })
}
