"""What a load balancer does and MiniStack's does not: weights, health checks, metrics, addresses."""
