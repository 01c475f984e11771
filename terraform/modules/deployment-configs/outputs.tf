output "services" {
  description = "By service: `deployment_configs` by strategy and `canary_configs` by minutes, both names, and `interval_minutes`, its one interval or the shortest that auto may choose."
  value = {
    for name, release in var.releases : name => {
      interval_minutes = min(local.intervals[name]...)

      deployment_configs = merge({ all_at_once = local.all_at_once }, {
        for minutes in [min(local.intervals[name]...)] :
        release.strategy => local.names["${release.strategy}-${release.percentage}pct-${minutes}min"]
        if release.strategy != "all_at_once"
      })
      canary_configs = {
        for minutes in local.intervals[name] : minutes => local.names["canary-${release.percentage}pct-${minutes}min"]
        if release.strategy == "canary"
      }
    }
  }

  precondition {
    condition     = length(local.custom) <= local.quota
    error_message = "The services need ${length(local.custom)} CodeDeploy deployment configurations besides the predefined ones, and an account may have ${local.quota}: let more services share percentage and minutes, narrow the bounds of auto, or take 10 percent and 5, 10, 15 or 30 minutes, which are predefined."
  }
}
