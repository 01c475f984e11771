# What platform.yaml and the services' folders declare. Defaults come from the files that `lockgate schema` writes from
# its models, so that Python and Terraform read the same ones.
locals {
  root = "${path.module}/../../.."

  platform_defaults = jsondecode(file("${local.root}/schemas/platform.defaults.json"))
  service_defaults  = jsondecode(file("${local.root}/schemas/service.defaults.json"))

  platform     = merge(local.platform_defaults, yamldecode(file("${local.root}/platform.yaml")))
  environment  = merge(local.platform_defaults.environment, local.platform.environments[var.environment])
  account_id   = local.environment.account_id
  embedded     = local.environment.endpoint_url != null
  bootstrapped = coalesce(local.environment.bootstrapped, !local.embedded)
  region       = coalesce(local.environment.region, local.platform.region)
  name_prefix  = "${local.platform.name}-${var.environment}"

  # Who is told what happens: those whom the environment names, else those whom the platform names. A list and its first,
  # since coalesce() wants the same keys in both.
  notifications = [for named in [local.environment.notifications, local.platform.notifications, {}] : named if named != null][0]

  # What environments share. The rule and the names are those of Platform in scripts/lockgate/config/platform.py, and a
  # test compares the two: an environment shares the tooling account's things where both are in the same AWS and region.
  tooling        = local.platform.tooling == null ? null : merge(local.platform_defaults.environment, local.platform.tooling)
  tooling_region = try(coalesce(local.tooling.region, local.platform.region), null)
  shares_tooling = local.tooling == null ? false : (
    trimsuffix(lower(coalesce(local.environment.endpoint_url, "aws")), "/") == trimsuffix(lower(coalesce(local.tooling.endpoint_url, "aws")), "/")
    && local.region == local.tooling_region
  )
  artifact_bucket = local.shares_tooling ? (
    "${local.platform.name}-tooling-artifacts-${local.tooling.account_id}-${local.tooling_region}"
  ) : "${local.name_prefix}-artifacts-${local.account_id}-${local.region}"
  build_project = local.shares_tooling ? "${local.platform.name}-build" : "${local.name_prefix}-build"

  declared = {
    for path in setunion(fileset(local.root, "containers/*/service.yaml"), fileset(local.root, "lambdas/*/service.yaml")) :
    basename(dirname(path)) => yamldecode(file("${local.root}/${path}"))
  }

  overrides = {
    for name, service in local.declared : name => try(service.overrides[var.environment], null)
  }

  # merge() fails for what is not a map, and the value itself stands: maps are merged one level deep, the rest replaced.
  merged = {
    for name, service in local.declared : name => {
      for key, value in merge(service, local.overrides[name]) :
      key => value == null ? null : try(merge(service[key], value), value)
    }
  }
  services = {
    for name, service in local.merged : name => {
      for key, value in merge(local.service_defaults[service.kind], service) :
      key => value == null ? null : try(merge(local.service_defaults[service.kind][key], value), value)
    }
  }
  functions  = { for name, service in local.services : name => service if service.kind == "lambda" }
  containers = { for name, service in local.services : name => service if service.kind == "container" }

  # By name where it is the tooling account's: nothing is read from another stack's state.
  registry_account_id = local.shares_tooling ? local.tooling.account_id : local.account_id
  repository_prefix   = local.shares_tooling ? local.platform.name : local.name_prefix
  repository_names    = { for name in keys(local.containers) : name => "${local.repository_prefix}/${name}" }

  # By name, not by the other module's output: one service cannot depend on another inside the same for_each.
  hook_function_names = {
    for name, service in local.functions :
    name => service.hook == null ? null : "CodeDeployHook_${local.name_prefix}-${service.hook}"
  }
  wrong_hooks = [
    for name, service in local.functions :
    "${name} (hook: ${service.hook})" if service.hook != null && !try(local.functions[service.hook].codedeploy_hook, false)
  ]
}
