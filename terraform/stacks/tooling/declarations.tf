# What platform.yaml declares about the tooling account and about who shares it; see the workload stack's for the rule.
locals {
  root = "${path.module}/../../.."

  platform_defaults = jsondecode(file("${local.root}/schemas/platform.defaults.json"))

  platform     = merge(local.platform_defaults, yamldecode(file("${local.root}/platform.yaml")))
  tooling      = merge(local.platform_defaults.environment, local.platform.tooling)
  account_id   = local.tooling.account_id
  embedded     = local.tooling.endpoint_url != null
  bootstrapped = coalesce(local.tooling.bootstrapped, !local.embedded)
  region       = coalesce(local.tooling.region, local.platform.region)
  name_prefix  = "${local.platform.name}-tooling"

  environments = {
    for name, environment in local.platform.environments :
    name => merge(local.platform_defaults.environment, environment)
  }
  sharing = {
    for name, environment in local.environments : name => environment.account_id if(
      trimsuffix(lower(coalesce(environment.endpoint_url, "aws")), "/") == trimsuffix(lower(coalesce(local.tooling.endpoint_url, "aws")), "/")
    ) && coalesce(environment.region, local.platform.region) == local.region
  }

  artifact_bucket = "${local.name_prefix}-artifacts-${local.account_id}-${local.region}"
  build_project   = "${local.platform.name}-build"

  containers = toset([for path in fileset(local.root, "containers/*/service.yaml") : basename(dirname(path))])
}
