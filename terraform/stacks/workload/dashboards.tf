# A dashboard of the environment, and one of each service where the environment wants that: each one costs.
module "dashboards" {
  source = "../../modules/dashboards"
  count  = local.environment.dashboards == "none" ? 0 : 1

  account_id  = local.account_id
  containers  = { for name, service in module.container_service : name => service.dashboard }
  environment = var.environment
  functions   = { for name, service in module.lambda_service : name => service.dashboard }
  name_prefix = local.name_prefix
  of_services = local.environment.dashboards == "services"
  partition   = local.partition
  platform    = local.platform.name
  region      = local.region
}
