# Computed values that the provider's own validators accept.
mock_resource "aws_secretsmanager_secret" {
  defaults = {
    arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/orders/database-password-AbCdEf"
  }
}
