output "dead_letters_url" {
  description = "Queue of what could not be delivered."
  value       = aws_sqs_queue.dead_letters.url
}

output "queue_url" {
  description = "Queue that the notifier reads."
  value       = aws_sqs_queue.messages.url
}

output "secret" {
  description = "Name of the secret that holds the webhook's address."
  value       = aws_secretsmanager_secret.webhook.name
}
