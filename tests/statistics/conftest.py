"""The statistics use the fixtures of the access log."""

from tests.access.conftest import (
    busy,
    command,
    engine,
    enrichment,
    load,
    spool_folder,
    staff,
)
from tests.disks import mounted

__all__ = [
    "busy",
    "command",
    "engine",
    "enrichment",
    "load",
    "mounted",
    "spool_folder",
    "staff",
]
