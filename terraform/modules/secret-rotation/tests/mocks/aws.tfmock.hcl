# Nothing of it is read back.
mock_resource "aws_secretsmanager_secret_rotation" {
  defaults = {
    id = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/orders/database-password-AbCdEf"
  }
}
