"""How long a build takes beside `sam build`, and whether its bytes are the same everywhere."""
