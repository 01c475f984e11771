# Computed values that the provider's own validators accept.
mock_resource "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
  }
}

mock_resource "aws_sns_topic_policy" {
  defaults = {
    arn = "arn:aws:sns:eu-west-1:111111111111:lockgate-local-info"
  }
}
