"""The statistics use the fixtures of the access log."""

from tests.access.conftest import (
    busy,
    command,
    engine,
    enrichment,
    load,
    mounted,
    spool_folder,
    staff,
)

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
