"""Reading CloudWatch."""
