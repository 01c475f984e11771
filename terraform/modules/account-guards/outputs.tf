output "analyzer_arn" {
  description = "ARN of the access analyzer; null where there is none."
  value       = one(aws_accessanalyzer_analyzer.account[*].arn)
}
