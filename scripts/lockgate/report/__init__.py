"""What people see: progress, tables, sentences."""
