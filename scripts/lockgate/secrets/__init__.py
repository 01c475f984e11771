"""Values of secrets: taken from standard input, put into their store, and never shown again."""
