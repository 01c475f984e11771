# Computed values that the provider's own validators accept.
mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:eu-west-1:111111111111:lockgate-local-notifier"
    url = "https://sqs.eu-west-1.amazonaws.com/111111111111/lockgate-local-notifier"
  }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = {
    arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:lockgate-local/notifier-AbCdEf"
  }
}

mock_resource "aws_dynamodb_table" {
  defaults = {
    arn = "arn:aws:dynamodb:eu-west-1:111111111111:table/lockgate-local-notifier"
  }
}
