"""CloudWatch: metrics, metric math and alarms, evaluated on the scaled clock."""
