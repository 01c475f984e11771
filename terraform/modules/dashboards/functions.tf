# Graphs of a function. Versions come and go with releases, and the dashboard stays as it is: a search finds those that
# have had requests in the last two weeks. Its dimensions are Lambda's for calls of an alias, all of them and no others
# (Lambda developer guide, "Types of metrics for Lambda functions"). A CodeDeploy hook is called without its alias, and has
# no such metrics.
locals {
  callers_dimensions = {
    for name, service in var.functions : name => concat(
      ["FunctionName", service.function_name],
      service.alias == null ? [] : ["Resource", "${service.function_name}:${service.alias}"],
    )
  }

  # By name and statistic, with the metric's name to be put in; none for what is called without an alias.
  searches = {
    for name, service in var.functions : name => [
      for alias in compact([service.alias]) :
      "SEARCH('{AWS/Lambda,ExecutedVersion,FunctionName,Resource} MetricName=\"%s\" FunctionName=\"${service.function_name}\" Resource=\"${service.function_name}:${alias}\"', '%s')"
    ]
  }
  version = "version $${PROP('Dim.ExecutedVersion')}"

  # Lambda reports 0 or 1 error with each invocation, so that their average is errors per request, and of each version
  # too, where one search cannot be divided by another ("Using math expressions with CloudWatch metrics").
  function_graphs = {
    for name, service in var.functions : name => [
      {
        title = "Requests by version"
        metrics = concat(
          [
            for search in local.searches[name] :
            [{ expression = format(search, "Invocations", "Sum"), id = "by_version", label = local.version }]
          ],
          [concat(["AWS/Lambda", "Invocations"], local.callers_dimensions[name], [{ label = "all versions", stat = "Sum", color = "#c7c7c7" }])],
          local.marks[name],
        )
        yAxis = { left = { min = 0, label = "Requests", showUnits = false }, right = local.marks_axis }
      },
      {
        title = "Errors per request by version"
        metrics = concat(
          [
            for search in local.searches[name] :
            [{ expression = format(search, "Errors", "Average"), id = "by_version", label = local.version }]
          ],
          [concat(["AWS/Lambda", "Errors"], local.callers_dimensions[name], [{ label = "all versions", stat = "Average", color = "#c7c7c7" }])],
          local.marks[name],
        )
        yAxis = { left = { min = 0, label = "Errors per request", showUnits = false }, right = local.marks_axis }
      },
      {
        title = "Latency by version"
        metrics = concat(
          [
            for pair in setproduct(local.searches[name], ["p50", "p99"]) :
            [{ expression = format(pair[0], "Duration", pair[1]), id = "${pair[1]}_by_version", label = "${pair[1]} of ${local.version}" }]
          ],
          [concat(["AWS/Lambda", "Duration"], local.callers_dimensions[name], [{ label = "p99 of all versions", stat = "p99", color = "#c7c7c7" }])],
          local.marks[name],
        )
        yAxis = { left = { min = 0, label = "Milliseconds", showUnits = false }, right = local.marks_axis }
      },
      {
        title = "Throttles and concurrency"
        metrics = [
          concat(["AWS/Lambda", "Throttles"], local.callers_dimensions[name], [{ label = "throttled requests", stat = "Sum", color = "#d62728" }]),
          ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", service.function_name, { label = "at the same time", stat = "Maximum", yAxis = "right" }],
        ]
        yAxis = { left = { min = 0, label = "Throttled", showUnits = false }, right = { min = 0, label = "Concurrency", showUnits = false } }
      },
    ]
  }

  # Where the line is from and what it says; the version stands in the name of the stream.
  function_logs = {
    for name, service in var.functions : name => {
      title = "Errors in the log"
      query = join(" | ", [
        "SOURCE '${service.log_group}'",
        local.only_errors,
        "parse @logStream /\\[(?<version>[^\\]]+)\\]/",
        "fields @timestamp, version, @message",
        local.newest,
      ])
    }
  }
}
