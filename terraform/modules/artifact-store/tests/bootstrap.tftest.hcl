# The code that a function is created with.
mock_provider "aws" {}

variables {
  bucket      = "lockgate-local-artifacts-111111111111-eu-west-1"
  kms_key_arn = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
}

run "zip_at_a_fixed_key" {
  command = plan

  assert {
    condition     = aws_s3_object.bootstrap.key == "bootstrap/lambda-python.zip"
    error_message = "The bootstrap has a fixed key."
  }

  assert {
    condition     = startswith(aws_s3_object.bootstrap.content_base64, "UEsDB")
    error_message = "The bootstrap must be a zip: its first bytes are PK and 3, 4."
  }

  assert {
    condition     = output.bootstrap.key == aws_s3_object.bootstrap.key
    error_message = "The output must name the object."
  }
}
