"""Lockgate: canary releases on AWS that are watched, promoted or rolled back."""
