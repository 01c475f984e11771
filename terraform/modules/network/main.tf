data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:The first two by name are taken: a zone that AWS adds is named after those that are there.
  state = "available"

  # No local zones, whose names sort before the others' and which have no NAT gateways.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  # Two, so that a zone may fail: the least that an application load balancer takes.
  zones = slice(sort(data.aws_availability_zones.available.names), 0, 2)

  # Each a sixteenth of the network: the public ones first.
  public_cidrs  = { for number, zone in local.zones : zone => cidrsubnet(var.cidr, 4, number) }
  private_cidrs = { for number, zone in local.zones : zone => cidrsubnet(var.cidr, 4, 8 + number) }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = var.name }
}

# Without rules: whatever forgets to name a group of its own reaches nothing.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "public" {
  for_each = local.public_cidrs

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each = local.private_cidrs

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_eip" "nat" {
  #checkov:skip=CKV2_AWS_19:It is the address of the NAT gateway.
  domain = "vpc"

  tags = { Name = "${var.name}-nat" }
}

# One for both zones: a second one doubles the price, and is needed only while the first one's zone is out.
resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public[local.zones[0]].id

  tags = { Name = var.name }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "to_internet" {
  #checkov:skip=CKV2_AWS_35:No instance is in it; a plan does not know yet that instance_id stays empty.
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  route_table_id = aws_route_table.public.id
  subnet_id      = each.value.id
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-private" }
}

resource "aws_route" "through_nat" {
  #checkov:skip=CKV2_AWS_35:No instance is in it; a plan does not know yet that instance_id stays empty.
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this.id
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  route_table_id = aws_route_table.private.id
  subnet_id      = each.value.id
}
