# What the network lets in, and how it leads out.
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = {
      names = ["eu-west-1c", "eu-west-1a", "eu-west-1b"]
    }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = {
      arn = "arn:aws:logs:eu-west-1:111111111111:log-group:mock"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::111111111111:role/mock"
    }
  }
}

variables {
  account_id  = "111111111111"
  kms_key_arn = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
  name        = "lockgate-local"
}

run "two_zones" {
  command = plan

  assert {
    condition     = { for zone, subnet in aws_subnet.public : zone => subnet.cidr_block } == { "eu-west-1a" = "10.42.0.0/20", "eu-west-1b" = "10.42.16.0/20" }
    error_message = "The first two zones by name must have a public subnet each."
  }

  assert {
    condition     = { for zone, subnet in aws_subnet.private : zone => subnet.cidr_block } == { "eu-west-1a" = "10.42.128.0/20", "eu-west-1b" = "10.42.144.0/20" }
    error_message = "The first two zones by name must have a private subnet each, which overlap with nothing."
  }
}

run "nothing_is_open_by_default" {
  command = apply

  assert {
    condition     = length(aws_default_security_group.closed.ingress) == 0 && length(aws_default_security_group.closed.egress) == 0
    error_message = "The default security group must have no rules."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "Nothing may get a public address by being started."
  }
}

run "one_way_out" {
  command = apply

  assert {
    condition     = aws_route.through_nat.nat_gateway_id == aws_nat_gateway.this.id && aws_route.through_nat.route_table_id == aws_route_table.private.id
    error_message = "Private subnets must lead out through the NAT gateway."
  }

  assert {
    condition     = toset([for each in aws_route_table_association.private : each.route_table_id]) == toset([aws_route_table.private.id])
    error_message = "Each private subnet must have the private routes."
  }
}

run "too_small" {
  command = plan

  variables {
    cidr = "10.0.0.0/24"
  }

  expect_failures = [var.cidr]
}
