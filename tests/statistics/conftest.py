"""The statistics are tried on the access log's own fixtures."""

from tests.access.conftest import (
    busy,
    command,
    engine,
    enrichment,
    keep,
    mounted,
    spool_folder,
    staff,
)

__all__ = [
    "busy",
    "command",
    "engine",
    "enrichment",
    "keep",
    "mounted",
    "spool_folder",
    "staff",
]
