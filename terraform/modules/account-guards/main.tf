resource "aws_s3_account_public_access_block" "this" {
  count = var.guards.block_public_buckets ? 1 : 0

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_ebs_encryption_by_default" "this" {
  count = var.guards.encrypt_volumes ? 1 : 0

  enabled = true
}

# For people who are users of this account after all; CIS AWS Foundations Benchmark, 1.8 and 1.9.
resource "aws_iam_account_password_policy" "this" {
  allow_users_to_change_password = true
  hard_expiry                    = false
  max_password_age               = 90
  minimum_password_length        = 16
  password_reuse_prevention      = 24
  require_lowercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  require_uppercase_characters   = true
}

# What of this account others can reach, found by AWS itself.
resource "aws_accessanalyzer_analyzer" "account" {
  count = var.guards.analyze_access ? 1 : 0

  analyzer_name = "${var.name}-account"
  type          = "ACCOUNT"
}
