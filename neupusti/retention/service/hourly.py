"""The hourly job: destroy what is due, tell staff of what has stopped (5.1, 5.6)."""

from neupusti.core.registry import registry
from neupusti.retention.service import placing, stops, sweeps
from neupusti.retention.service.errors import IncompleteSweepError


def run() -> None:
    """Sweep by the rules of the running site.

    Raise RefusedError or IncompleteSweepError: a job that fails is tried again within a
    minute.
    """
    try:
        placing.release_ended()
    finally:
        _sweep()


def _sweep() -> None:
    """Destroy what is due, and tell staff."""
    try:
        swept = sweeps.sweep(registry().retention)
    finally:
        stops.tell()
    if swept.refused:
        raise swept.refused[0]
    if not swept.complete:
        raise IncompleteSweepError
