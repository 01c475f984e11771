"""What Lockgate says to GitHub, and asks of it."""
