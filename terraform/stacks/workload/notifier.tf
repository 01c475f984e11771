# What delivers messages to a chat: the service `notifier`, where the repository has it, with a queue of its own. On an
# embedded AWS only where a webhook is named: Terraform waits a minute for the queues, and nobody needs them there.
locals {
  notifier_is_read = local.webhook != null || !local.embedded
  webhook          = try(local.notifications.webhook, null)
}

module "notifier" {
  source   = "../../modules/notifier"
  for_each = { for name, service in local.functions : name => service if name == "notifier" && local.notifier_is_read }

  account_id           = local.account_id
  alias_arn            = module.lambda_service[each.key].alias_arn
  environment          = var.environment
  http_timeout_seconds = local.embedded ? 2 : 5
  keep                 = !local.embedded
  kms_key_arn          = module.encryption_key.key_arn
  max_receives         = local.embedded ? 4 : 30
  name                 = local.name_prefix
  partition            = local.partition
  region               = local.region
  retry_seconds        = local.embedded ? 1 : 10
  role_name            = module.lambda_service[each.key].execution_role_name
  timeout_seconds      = each.value.timeout_seconds
  topic_arns           = module.notifications.topic_arns
  webhook              = local.webhook
}
