# What platform.yaml declares about the account. Names of buckets and roles are those of Platform in
# scripts/lockgate/config/platform.py, and a test compares the two.
locals {
  root = "${path.module}/../../.."

  platform_defaults = jsondecode(file("${local.root}/schemas/platform.defaults.json"))

  platform = merge(local.platform_defaults, yamldecode(file("${local.root}/platform.yaml")))
  accounts = {
    for name, account in merge(local.platform.environments, { for tooling in compact([try(local.platform.tooling.account_id, null)]) : "tooling" => local.platform.tooling }) :
    name => merge(local.platform_defaults.environment, account)
  }
  account     = local.accounts[var.account]
  account_id  = local.account.account_id
  embedded    = local.account.endpoint_url != null
  region      = coalesce(local.account.region, local.platform.region)
  break_glass = merge(local.platform_defaults.break_glass, local.platform.break_glass)
  name_prefix = "${local.platform.name}-${var.account}"

  # Which environments share the tooling account's store, registry and builds; see the workload stack's for the rule.
  shares_tooling = {
    for name, account in local.accounts : name => name != "tooling" && try(
      trimsuffix(lower(coalesce(account.endpoint_url, "aws")), "/") == trimsuffix(lower(coalesce(local.accounts.tooling.endpoint_url, "aws")), "/")
      && coalesce(account.region, local.platform.region) == coalesce(local.accounts.tooling.region, local.platform.region),
      false,
    )
  }

  # Who holds the artifacts that this account builds or releases, and whether that is this account.
  holder         = local.shares_tooling[var.account] ? "tooling" : var.account
  builds_here    = local.holder == var.account
  holder_account = local.accounts[local.holder]
  holder_region  = coalesce(local.holder_account.region, local.platform.region)

  state_bucket    = coalesce(local.account.state_bucket, "${local.name_prefix}-state-${local.account_id}-${local.region}")
  artifact_bucket = "${local.platform.name}-${local.holder}-artifacts-${local.holder_account.account_id}-${local.holder_region}"
  repositories    = "${local.platform.name}${local.holder == "tooling" ? "" : "-${local.holder}"}/*"
  build_project   = "${local.platform.name}${local.holder == "tooling" ? "" : "-${local.holder}"}-build"

  # Both forms of the subject: repositories made, renamed or transferred since 15 July 2026 send the one with ids (GitHub
  # docs, "OpenID Connect reference").
  github     = local.platform.github
  owner      = try(split("/", local.github.repository)[0], "")
  repository = try(split("/", local.github.repository)[1], "")
  repositories_of_github = local.github == null ? [] : concat(
    [local.github.repository],
    try(local.github.owner_id, null) == null ? [] : ["${local.owner}@${local.github.owner_id}/${local.repository}@${local.github.repository_id}"],
  )
  subjects = {
    for purpose, contexts in {
      plan   = ["pull_request", "ref:refs/heads/main"]
      deploy = ["environment:${var.account}"]
      build  = ["ref:refs/heads/main"]
    } : purpose => flatten([for repository in local.repositories_of_github : [for context in contexts : "repo:${repository}:${context}"]])
  }
}
