output "days" {
  description = "Days from one value to the next."
  value       = one(aws_secretsmanager_secret_rotation.this.rotation_rules).automatically_after_days
}
