output "topic_arn" {
  description = "Topic of alarms, CodeDeploy's triggers and Lockgate's own messages; known when its policy is in place."
  value       = aws_sns_topic_policy.releases.arn
}
