"""A served site whose PostgreSQL falls silent, in four ways: nothing is lost or late.

`python -m bench.silence` measures how long people wait.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from neupusti.config.settings import Settings
from tests.deploy.silence import (
    CATALOGUE,
    CHOICE,
    POLICY,
    SOCKET,
    Faults,
    Load,
    Pipe,
    through,
)
from tests.postgres import Cluster
from tests.served import served
from tests.site.test_server import eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True),
]
REFUSED = frozenset({"locked", "read_only"})
"""Where a choice is refused for certain. Elsewhere a new connection is answered, and only
who was at work on one that fell silent is refused: perhaps nobody."""
ANSWERED = 60
"""Choices of five seconds: they meet every connection that a worker had."""


def more(load: Load, path: str, *statuses: int, by: int = 1) -> Callable[[], bool]:
    """Return whether a page was answered so more often than by now."""

    def number() -> int:
        return sum(one.path == path and one.status in statuses for one in [*load.answers])

    enough = number() + by
    return lambda: number() >= enough


@pytest.mark.ordeal(1, 4)
@pytest.mark.parametrize("fault", ["stopped", "locked", "read_only", "frozen"])
def test_a_silent_server_costs_no_choice_and_not_the_policy(
    settings: Settings, cluster: Cluster, fault: str, size: int, tmp_path: Path
) -> None:
    """Twelve people a second choose, and twelve read the policy and the catalogue."""
    home = tmp_path / "pipe"
    home.mkdir()
    assert len(str(home / SOCKET)) < 100  # what an address of a socket may have
    main = str(make_url(settings.database_url).database)
    pipe = Pipe(home, cluster.socket)
    faults = Faults(cluster, pipe, main)
    with pipe.running(), served(through(settings, home)) as site, Load(site.port) as load:
        for _time in range(size):
            eventually(more(load, CHOICE, 303))
            with faults.named()[fault]():
                if fault in REFUSED:
                    eventually(more(load, CHOICE, 503))
                else:
                    eventually(more(load, CHOICE, 303, 503, by=ANSWERED))
                eventually(more(load, POLICY, 200))
                eventually(more(load, CATALOGUE, 200))
            eventually(more(load, CHOICE, 303))
    assert {one.status for one in load.answers if one.path == POLICY} == {200}
    assert {one.status for one in load.answers} <= {200, 303, 503}
    choices = [one for one in load.answers if one.path == CHOICE]
    told = {one.kept for one in choices if one.status == 303}
    assert len(told) == sum(one.status == 303 for one in choices)
    assert told <= (kept := faults.chosen())
    # Where the word "kept" was on its way as its connection fell silent, nobody can know.
    unknown = 0 if fault in REFUSED else sum(one.status == 503 for one in choices)
    assert len(kept - told) <= unknown
