# Graphs of a container service. A load balancer knows no versions: each stands behind one of two target groups, which take
# turns (ELB user guide, "CloudWatch metrics for your Application Load Balancer").
locals {
  colours = { blue = "#1f77b4", green = "#2ca02c" }

  group_dimensions = {
    for name, service in var.containers : name => {
      for colour, group in service.target_groups : colour => ["LoadBalancer", service.load_balancer, "TargetGroup", group]
    }
  }
  ecs_dimensions = {
    for name, service in var.containers : name => ["ClusterName", service.cluster, "ServiceName", service.ecs_service]
  }

  container_graphs = {
    for name, service in var.containers : name => [
      {
        title = "Requests by target group"
        metrics = concat(
          [
            for colour, dimensions in local.group_dimensions[name] :
            concat(["AWS/ApplicationELB", "RequestCount"], dimensions, [{ label = colour, stat = "Sum", color = local.colours[colour] }])
          ],
          [["AWS/ApplicationELB", "RequestCount", "LoadBalancer", service.load_balancer, { label = "both", stat = "Sum", color = "#c7c7c7" }]],
          local.marks[name],
        )
        yAxis = { left = { min = 0, label = "Requests", showUnits = false }, right = local.marks_axis }
      },
      {
        title = "Errors per request by target group"
        # Errors are reported where there are any, and no zeros: hence FILL (the same, reporting criteria).
        metrics = concat(
          concat([], [
            for colour, dimensions in local.group_dimensions[name] : [
              concat(["AWS/ApplicationELB", "RequestCount"], dimensions, [{ id = "${colour}_requests", stat = "Sum", visible = false }]),
              concat(["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"], dimensions, [{ id = "${colour}_answered", stat = "Sum", visible = false }]),
              concat(["AWS/ApplicationELB", "TargetConnectionErrorCount"], dimensions, [{ id = "${colour}_refused", stat = "Sum", visible = false }]),
              [{ expression = "(FILL(${colour}_answered, 0) + FILL(${colour}_refused, 0)) / ${colour}_requests", id = colour, label = colour, color = local.colours[colour] }],
            ]
          ]...),
          local.marks[name],
        )
        yAxis = { left = { min = 0, label = "Errors per request", showUnits = false }, right = local.marks_axis }
      },
      {
        title = "Latency by target group"
        metrics = concat(
          concat([], [
            for colour, dimensions in local.group_dimensions[name] : [
              for stat in ["p50", "p99"] :
              concat(["AWS/ApplicationELB", "TargetResponseTime"], dimensions, [{ label = "${stat} of ${colour}", stat = stat }])
            ]
          ]...),
          local.marks[name],
        )
        yAxis = { left = { min = 0, label = "Seconds", showUnits = false }, right = local.marks_axis }
      },
      {
        title = "Refused and open connections"
        metrics = [
          ["AWS/ApplicationELB", "RejectedConnectionCount", "LoadBalancer", service.load_balancer, { label = "refused", stat = "Sum", color = "#d62728" }],
          ["AWS/ApplicationELB", "ActiveConnectionCount", "LoadBalancer", service.load_balancer, { label = "open", stat = "Sum", yAxis = "right" }],
        ]
        yAxis = { left = { min = 0, label = "Refused", showUnits = false }, right = { min = 0, label = "Open", showUnits = false } }
      },
      {
        title = "Healthy tasks, processor and memory"
        metrics = concat(
          [
            for colour, dimensions in local.group_dimensions[name] :
            concat(["AWS/ApplicationELB", "HealthyHostCount"], dimensions, [{ label = "healthy in ${colour}", stat = "Minimum", color = local.colours[colour] }])
          ],
          [
            for metric, label in { CPUUtilization = "processor", MemoryUtilization = "memory" } :
            concat(["AWS/ECS", metric], local.ecs_dimensions[name], [{ label = label, stat = "Average", yAxis = "right" }])
          ],
        )
        yAxis = { left = { min = 0, label = "Tasks", showUnits = false }, right = { min = 0, max = 100, label = "Percent", showUnits = false } }
      },
    ]
  }

  container_logs = {
    for name, service in var.containers : name => {
      title = "Errors in the log"
      query = join(" | ", [
        "SOURCE '${service.log_group}'",
        local.only_errors,
        "fields @timestamp, @logStream, @message",
        local.newest,
      ])
    }
  }
}
