locals {
  # The rule is the one of variable_of in scripts/lockgate/config/secrets.py. A parameter's name with slashes in it begins
  # with one (Systems Manager API reference, PutParameter).
  named = {
    for name, secret in var.secrets : name => {
      id       = secret.store == "parameter_store" ? "/${var.name_prefix}/${var.service}/${name}" : "${var.name_prefix}/${var.service}/${name}"
      variable = coalesce(secret.variable, "LOCKGATE_SECRET_${upper(replace(name, "-", "_"))}")
    }
  }

  secrets = [
    for name in sort(keys(var.secrets)) : {
      name     = name
      store    = var.secrets[name].store
      id       = local.named[name].id
      variable = local.named[name].variable
      key      = var.kms_key_arn

      arn = var.secrets[name].store == "parameter_store" ? (
        "arn:${var.partition}:ssm:${var.region}:${var.account_id}:parameter${local.named[name].id}"
      ) : aws_secretsmanager_secret.this[name].arn
    }
  ]

  actions = {
    parameter_store = ["ssm:GetParameter", "ssm:GetParameters"]
    secrets_manager = ["secretsmanager:GetSecretValue"]
  }
  stores = toset([for secret in var.secrets : secret.store])

  # First part of a store's address, which is what KMS is told of who asks.
  endpoints = [for store in local.stores : store == "parameter_store" ? "ssm" : "secretsmanager"]

  # A function reads its secrets itself, a task has them read by ECS: what either may do is the same.
  read_statements = concat(
    [
      for store in local.stores : {
        Sid      = store == "parameter_store" ? "ReadOwnParameters" : "ReadOwnSecrets"
        Effect   = "Allow"
        Action   = local.actions[store]
        Resource = [for secret in local.secrets : secret.arn if secret.store == store]
      }
    ],
    [
      for any in length(local.stores) > 0 ? ["one"] : [] : {
        Sid       = "DecryptOwnSecrets"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.kms_key_arn]
        Condition = { StringLike = { "kms:ViaService" = [for endpoint in local.endpoints : "${endpoint}.${var.region}.*"] } }
      }
    ],
  )
}

# Without a value, and so without a version: a value in a variable or a resource of Terraform would stand in its state and
# its plans. A parameter cannot be made without one, so that `lockgate secrets set` makes it.
resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:The service declares whether its secret rotates; not every one can, such as a key from somebody else.
  for_each = { for name, secret in var.secrets : name => secret if secret.store == "secrets_manager" }

  name                    = local.named[each.key].id
  description             = each.value.description
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_window_days
  tags                    = { service = var.service }
}
