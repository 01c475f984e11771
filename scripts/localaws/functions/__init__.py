"""What Lambda does and MiniStack does not: alias weights, and metrics by alias and executed version."""
