# Who does what in this account. What each may do stands in policies_*.tf.
locals {
  policies = merge(concat(
    [local.read_policies, local.deploy_policies, { plans = local.keep_plans }],
    [for on in [local.builds_here] : { build = local.build_statements } if on],
  )...)

  purposes = merge(
    {
      plan = {
        description = "Plans for pull requests, and reads what there is."
        people      = null
        policies    = [keys(local.read_policies), "plans"]
        subjects    = local.subjects.plan
        hours       = 1
      }
      deploy = {
        description = "Applies approved plans, and releases."
        people      = null
        policies    = [keys(local.read_policies), keys(local.deploy_policies)]
        subjects    = local.subjects.deploy
        hours       = 3
      }
      break-glass = {
        description = "What deploy may, for people, when the pipeline cannot wait. Its use is announced."
        people      = { mfa = local.break_glass.mfa, principal_arns = local.break_glass.principals }
        policies    = [keys(local.read_policies), keys(local.deploy_policies)]
        subjects    = []
        hours       = 3
      }
    },
    {
      for build in [local.holder] : "build" => {
        description = "Builds once for every environment that shares this account's store."
        people      = null
        policies    = ["build"]
        subjects    = local.subjects.build
        hours       = 1
      } if local.builds_here
    },
  )
}

# Each made once, for every role that needs it.
resource "aws_iam_policy" "pipeline" {
  for_each = local.policies

  name        = "${local.name_prefix}-pipeline-${each.key}"
  description = "What the pipeline of ${local.name_prefix} may do: ${each.key}."
  policy      = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

module "role" {
  source   = "../../modules/delivery-role"
  for_each = local.purposes

  account_id               = local.account_id
  description              = each.value.description
  github_provider_arn      = local.github_provider_arn
  github_subjects          = each.value.subjects
  name                     = "${local.name_prefix}-${each.key}"
  partition                = local.partition
  people                   = each.value.people
  permissions_boundary_arn = aws_iam_policy.delivery.arn
  policy_arns              = { for name in flatten(each.value.policies) : name => aws_iam_policy.pipeline[name].arn }
  session_hours            = each.value.hours

  depends_on = [aws_iam_openid_connect_provider.github]
}
