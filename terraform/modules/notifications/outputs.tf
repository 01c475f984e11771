output "event_bus" {
  description = "Name of the bus that release events are put on; known when its rules are in place. Null where nothing is released."
  value       = one(aws_cloudwatch_event_bus.this[*].name)

  depends_on = [aws_cloudwatch_event_target.release]
}

output "topic_arns" {
  description = "ARNs of the topics by severity; known when their policies are in place."
  value       = { for severity, policy in aws_sns_topic_policy.this : severity => policy.arn }
}
