"""Alarms: what they are, what state they are in, and what follows from that."""
