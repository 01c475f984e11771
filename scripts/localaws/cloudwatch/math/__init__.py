"""Metric math: expressions over time series ("Using math expressions", Amazon CloudWatch User Guide)."""
