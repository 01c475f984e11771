# Widgets in their places, as "Dashboard Body Structure and Syntax" of the CloudWatch API reference has them.
locals {
  only_errors = "filter @message like /(?i)\\b(error|exception|critical|fatal|traceback|task timed out)\\b/"
  newest      = "sort @timestamp desc | limit 50"

  graphs     = merge(local.function_graphs, local.container_graphs)
  logs       = merge(local.function_logs, local.container_logs)
  log_groups = sort(values(local.services)[*].log_group)

  service_widgets = {
    for name, service in local.services : name => concat(
      [
        {
          type       = "text", x = 0, y = 0, width = local.columns, height = local.text_height
          properties = { markdown = "**${name}** in ${var.environment}. ${local.note}" }
        },
        {
          type       = "alarm", x = 0, y = local.text_height, width = local.columns, height = local.alarm_height
          properties = { title = "Alarms that stop a deployment", alarms = local.alarm_arns[name] }
        },
      ],
      [
        for number, graph in local.graphs[name] : {
          type       = "metric", x = 12 * (number % 2), y = local.graphs_at + local.graph_height * floor(number / 2), width = 12, height = local.graph_height
          properties = merge(graph, { region = var.region, period = 60, view = "timeSeries", stacked = false })
        }
      ],
      [
        {
          type       = "log", x = 0, y = local.graphs_at + local.graph_height * ceil(length(local.graphs[name]) / 2), width = local.columns, height = local.log_height
          properties = merge(local.logs[name], { region = var.region, view = "table" })
        },
      ],
    )
  }

  # A widget takes 100 alarms, a query 50 log groups; what is more goes into another one.
  alarm_chunks = chunklist(flatten([for name in keys(local.services) : local.alarm_arns[name]]), 100)
  log_chunks   = chunklist(local.log_groups, 50)

  environment_graphs_at = local.text_height + local.alarm_height * length(local.alarm_chunks)
  environment_logs_at   = local.environment_graphs_at + local.graph_height * 2

  environment_widgets = concat(
    [
      {
        type       = "text", x = 0, y = 0, width = local.columns, height = local.text_height
        properties = { markdown = "**${var.environment}** of ${var.platform}. ${local.note}" }
      },
    ],
    [
      for number, alarms in local.alarm_chunks : {
        type       = "alarm", x = 0, y = local.text_height + local.alarm_height * number, width = local.columns, height = local.alarm_height
        properties = { title = "Alarms that stop deployments", alarms = alarms }
      }
    ],
    [
      for number, graph in local.environment_graphs : {
        type       = "metric", x = 12 * (number % 2), y = local.environment_graphs_at + local.graph_height * floor(number / 2), width = 12, height = local.graph_height
        properties = merge(graph, { region = var.region, period = 60, view = "timeSeries", stacked = false })
      }
    ],
    [
      for number, groups in local.log_chunks : {
        type = "log", x = 0, y = local.environment_logs_at + local.log_height * number, width = local.columns, height = local.log_height
        properties = {
          title  = "Errors in the logs"
          query  = join(" | ", concat([for group in groups : "SOURCE '${group}'"], [local.only_errors, "fields @timestamp, @log, @message", local.newest]))
          region = var.region
          view   = "table"
        }
      }
    ],
  )
}
