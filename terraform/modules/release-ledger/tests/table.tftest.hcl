# What the release engine relies on.
mock_provider "aws" {}

variables {
  kms_key_arn = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  name        = "lockgate-prod-ledger"
}

run "keys" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.ledger.hash_key == "pk" && aws_dynamodb_table.ledger.range_key == "sk"
    error_message = "The ledger's items have the keys pk and sk."
  }

  assert {
    condition     = toset([for attribute in aws_dynamodb_table.ledger.attribute : "${attribute.name}:${attribute.type}"]) == toset(["pk:S", "sk:S"])
    error_message = "pk and sk are strings."
  }

  assert {
    condition     = one(aws_dynamodb_table.ledger.ttl).attribute_name == "expires_at" && one(aws_dynamodb_table.ledger.ttl).enabled
    error_message = "Items with expires_at must expire."
  }
}

run "survives_mistakes" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.ledger.deletion_protection_enabled
    error_message = "A ledger must refuse to be deleted unless told otherwise."
  }

  assert {
    condition     = one(aws_dynamodb_table.ledger.point_in_time_recovery).enabled
    error_message = "A ledger must be recoverable."
  }
}

run "encrypted_with_the_customer_key" {
  command = plan

  assert {
    condition     = one(aws_dynamodb_table.ledger.server_side_encryption).kms_key_arn == var.kms_key_arn
    error_message = "The ledger must use the key given."
  }
}

run "can_be_thrown_away_when_asked" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = !aws_dynamodb_table.ledger.deletion_protection_enabled
    error_message = "deletion_protection = false must take the protection off."
  }
}

run "service_key_is_refused" {
  command = plan

  variables {
    kms_key_arn = "alias/aws/dynamodb"
  }

  expect_failures = [var.kms_key_arn]
}

run "short_name_is_refused" {
  command = plan

  variables {
    name = "x"
  }

  expect_failures = [var.name]
}
