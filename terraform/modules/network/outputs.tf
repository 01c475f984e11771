output "private_subnet_ids" {
  description = "Subnets of tasks and of load balancers that only the network reaches."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "public_subnet_ids" {
  description = "Subnets of load balancers that the internet reaches."
  value       = [for zone in local.zones : aws_subnet.public[zone].id]
}

output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}
