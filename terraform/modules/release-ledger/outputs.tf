output "table_arn" {
  description = "ARN of the ledger."
  value       = aws_dynamodb_table.ledger.arn
}

output "table_name" {
  description = "Name of the ledger."
  value       = aws_dynamodb_table.ledger.name
}
