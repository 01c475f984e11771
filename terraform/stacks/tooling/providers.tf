provider "aws" {
  region              = local.region
  allowed_account_ids = [local.account_id]

  # An embedded AWS tells accounts apart by the access key, and never gets to see real credentials, unless it is
  # bootstrapped: then it has roles, as the real one.
  access_key = local.bootstrapped ? null : local.account_id
  secret_key = local.bootstrapped ? null : "local"

  s3_use_path_style           = local.embedded
  skip_credentials_validation = local.embedded
  skip_metadata_api_check     = local.embedded ? "true" : null

  default_tags {
    tags = merge(local.platform.tags, {
      environment  = "tooling"
      managed-by   = "terraform"
      organisation = local.platform.organisation
      platform     = local.platform.name
    })
  }

  dynamic "endpoints" {
    for_each = local.embedded ? [trimsuffix(local.tooling.endpoint_url, "/")] : []

    content {
      cloudwatchlogs = endpoints.value
      codebuild      = endpoints.value
      ecr            = endpoints.value
      events         = endpoints.value
      iam            = endpoints.value
      kms            = endpoints.value
      s3             = endpoints.value
      sns            = endpoints.value
      sts            = endpoints.value
    }
  }
}
