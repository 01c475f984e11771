"""What a reviewer sees of a change: its plans and checkov's findings, together."""
