"""Saying what a plan would do, the most dangerous first."""
