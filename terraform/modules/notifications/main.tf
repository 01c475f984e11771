locals {
  # Built from their parts, so that a plan shows each whole policy before its topic exists.
  topic_arns = {
    for severity in ["critical", "info", "warning"] :
    severity => "arn:${var.partition}:sns:${var.region}:${var.account_id}:${var.name}-${severity}"
  }

  policies = {
    for severity, arn in local.topic_arns : severity => {
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "PublishAlarmsAndDeployments"
          Effect    = "Allow"
          Principal = { Service = ["cloudwatch.amazonaws.com", "codedeploy.amazonaws.com"] }
          Action    = "sns:Publish"
          Resource  = arn
          Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
        },
        {
          # Without a condition: EventBridge evaluates none in a topic policy (EventBridge user guide, "Using
          # resource-based policies", SNS), and a guard here would drop each message silently.
          Sid       = "PublishEvents"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = "sns:Publish"
          Resource  = arn
        },
        {
          Sid       = "OnlyOverTls"
          Effect    = "Deny"
          Principal = { AWS = "*" }
          Action    = "sns:Publish"
          Resource  = arn
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ]
    }
  }

  addresses = merge([
    for severity, addresses in var.email : {
      for address in addresses : "${severity}/${address}" => { address = address, severity = severity }
    }
  ]...)
}

resource "aws_sns_topic" "this" {
  for_each = local.topic_arns

  name              = "${var.name}-${each.key}"
  display_name      = "${var.name} ${each.key}"
  kms_master_key_id = var.kms_key_arn
}

# Its name changes, so it is replaced, and who subscribed to it by hand has to subscribe again.
moved {
  from = aws_sns_topic.releases
  to   = aws_sns_topic.this["warning"]
}

resource "aws_sns_topic_policy" "this" {
  for_each = local.policies

  arn    = aws_sns_topic.this[each.key].arn
  policy = jsonencode(each.value)
}

moved {
  from = aws_sns_topic_policy.releases
  to   = aws_sns_topic_policy.this["warning"]
}

# SNS asks each address whether it wants this; until it says yes, nothing is sent there.
resource "aws_sns_topic_subscription" "email" {
  for_each = local.addresses

  topic_arn = aws_sns_topic.this[each.value.severity].arn
  protocol  = "email"
  endpoint  = each.value.address
}
