"""Building artifacts: the same bytes from the same sources, named by their content."""

from lockgate.packaging.bundle import Built, Bundle, build
from lockgate.packaging.upload import upload

__all__ = ["Built", "Bundle", "build", "upload"]
