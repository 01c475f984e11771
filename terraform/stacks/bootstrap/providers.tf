provider "aws" {
  region              = local.region
  allowed_account_ids = [local.account_id]

  # Credentials are the usual chain's, for an embedded AWS too: it may enforce who may do what.
  s3_use_path_style           = local.embedded
  skip_credentials_validation = local.embedded
  skip_metadata_api_check     = local.embedded ? "true" : null

  default_tags {
    tags = merge(local.platform.tags, {
      environment  = var.account
      managed-by   = "terraform"
      organisation = local.platform.organisation
      platform     = local.platform.name
    })
  }

  dynamic "endpoints" {
    for_each = local.embedded ? [trimsuffix(local.account.endpoint_url, "/")] : []

    content {
      accessanalyzer = endpoints.value
      cloudtrail     = endpoints.value
      cloudwatchlogs = endpoints.value
      ec2            = endpoints.value
      iam            = endpoints.value
      kms            = endpoints.value
      s3             = endpoints.value
      s3control      = endpoints.value
      sts            = endpoints.value
    }
  }
}
