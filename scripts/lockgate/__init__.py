"""Lockgate: canary releases on AWS that are watched, promoted or rolled back."""

from importlib.metadata import version

__version__ = version("lockgate")
