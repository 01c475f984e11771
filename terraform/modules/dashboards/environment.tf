# What the whole environment does, a line for each service.
locals {
  # Ids of metric math have no dashes: services are counted, in the order of their names.
  numbers = { for number, name in keys(var.containers) : name => number }

  environment_graphs = [
    {
      title = "Requests by service"
      metrics = concat(
        [for name in keys(var.functions) : concat(["AWS/Lambda", "Invocations"], local.callers_dimensions[name], [{ label = name, stat = "Sum" }])],
        [for name, service in var.containers : ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", service.load_balancer, { label = name, stat = "Sum" }]],
        local.marks[""],
      )
      yAxis = { left = { min = 0, label = "Requests", showUnits = false }, right = local.marks_axis }
    },
    {
      title = "Errors per request by service"
      metrics = concat(
        [for name in keys(var.functions) : concat(["AWS/Lambda", "Errors"], local.callers_dimensions[name], [{ label = name, stat = "Average" }])],
        concat([], [
          for name, service in var.containers : [
            ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", service.load_balancer, { id = "requests_${local.numbers[name]}", stat = "Sum", visible = false }],
            ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", service.load_balancer, { id = "errors_${local.numbers[name]}", stat = "Sum", visible = false }],
            [{ expression = "FILL(errors_${local.numbers[name]}, 0) / requests_${local.numbers[name]}", id = "rate_${local.numbers[name]}", label = name }],
          ]
        ]...),
        local.marks[""],
      )
      yAxis = { left = { min = 0, label = "Errors per request", showUnits = false }, right = local.marks_axis }
    },
    {
      title = "Latency by service, p99"
      # A load balancer reports seconds, Lambda milliseconds.
      metrics = concat(
        [for name in keys(var.functions) : concat(["AWS/Lambda", "Duration"], local.callers_dimensions[name], [{ label = name, stat = "p99" }])],
        concat([], [
          for name, service in var.containers : [
            ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", service.load_balancer, { id = "seconds_${local.numbers[name]}", stat = "p99", visible = false }],
            [{ expression = "1000 * seconds_${local.numbers[name]}", id = "latency_${local.numbers[name]}", label = name }],
          ]
        ]...),
        local.marks[""],
      )
      yAxis = { left = { min = 0, label = "Milliseconds", showUnits = false }, right = local.marks_axis }
    },
    {
      title = "Throttles, and concurrency of the account"
      metrics = concat(
        [for name in keys(var.functions) : concat(["AWS/Lambda", "Throttles"], local.callers_dimensions[name], [{ label = name, stat = "Sum" }])],
        [["AWS/Lambda", "ConcurrentExecutions", { label = "at the same time, all functions", stat = "Maximum", yAxis = "right", color = "#c7c7c7" }]],
      )
      yAxis = { left = { min = 0, label = "Throttled", showUnits = false }, right = { min = 0, label = "Concurrency", showUnits = false } }
    },
  ]
}
