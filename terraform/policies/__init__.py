"""checkov's checks of this platform; it loads every module that `__all__` names."""

__all__ = ["checks"]
