# What services must be told that stands in no file: names, key and permissions, never a value.
locals {
  secrets = {
    for name, service in local.services : name => {
      for secret, declared in service.secrets : secret => merge(local.service_defaults.secret, declared)
    } if length(service.secrets) > 0
  }

  rotations = merge([
    for service, secrets in local.secrets : {
      for name, secret in secrets : "${service}/${name}" => merge(secret.rotation, { secret = name, service = service }) if secret.rotation != null
    }
  ]...)
}

module "service_secrets" {
  source   = "../../modules/service-secrets"
  for_each = local.secrets

  account_id           = local.account_id
  kms_key_arn          = module.encryption_key.key_arn
  name_prefix          = local.name_prefix
  partition            = local.partition
  recovery_window_days = local.embedded ? 0 : 30
  region               = local.region
  secrets              = each.value
  service              = each.key
}

# Apart from the secrets, which the functions need first.
module "secret_rotation" {
  source   = "../../modules/secret-rotation"
  for_each = local.rotations

  account_id         = local.account_id
  days               = each.value.days
  function_alias_arn = module.lambda_service[each.value.function].alias_arn
  function_name      = module.lambda_service[each.value.function].function_name
  function_role_name = module.lambda_service[each.value.function].execution_role_name
  kms_key_arn        = module.encryption_key.key_arn
  region             = local.region
  secret             = each.value.secret
  secret_arn         = module.service_secrets[each.value.service].arns[each.value.secret]
  service            = each.value.service
}
