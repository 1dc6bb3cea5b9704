"""Fixtures of the site's own pages."""

from tests.disks import mounted

__all__ = ["mounted"]
