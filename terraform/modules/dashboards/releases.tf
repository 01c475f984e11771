# Releases as spikes behind the other lines, since CloudWatch has no annotations that come and go: the release writes a
# data point of 1 (scripts/lockgate/notify/marks.py, which has the same names), and FILL makes a line of it.
locals {
  events = {
    ReleaseFailed     = { colour = "#7f7f7f", id = "failed", label = "release failed" }
    ReleasePromoted   = { colour = "#2ca02c", id = "promoted", label = "release promoted" }
    ReleaseRolledBack = { colour = "#d62728", id = "rolled_back", label = "release rolled back" }
    ReleaseStarted    = { colour = "#1f77b4", id = "started", label = "release started" }
  }

  of_the_environment = ["Environment", var.environment, "Platform", var.platform]

  # The environment's under an empty name, which no service has. Maximum, so that an event that was written twice, before
  # and after a crash, say, is still one spike of the same height.
  marks = {
    for service in concat([""], keys(local.services)) : service => concat(
      [
        for metric, event in local.events : concat(
          ["Lockgate", metric],
          local.of_the_environment,
          service == "" ? [] : ["Service", service],
          [{ id = event.id, stat = "Maximum", visible = false }],
        )
      ],
      [
        for event in values(local.events) :
        [{ expression = "FILL(${event.id}, 0)", id = "mark_${event.id}", label = event.label, color = event.colour, yAxis = "right" }]
      ],
    )
  }
  marks_axis = { min = 0, max = 1, label = "Releases", showUnits = false }
}
