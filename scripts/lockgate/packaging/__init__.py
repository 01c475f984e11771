"""Building artifacts: the same bytes from the same sources, named by their content."""

from lockgate.packaging.building import build
from lockgate.packaging.bundle import Built, BuiltImage, BuiltZip, Bundle, parse_bundle

__all__ = ["Built", "BuiltImage", "BuiltZip", "Bundle", "build", "parse_bundle"]
