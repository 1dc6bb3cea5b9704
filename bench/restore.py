"""Decisions that are repeated in a restored database: seconds and memory.

    python -m bench.restore [DECISIONS] [--postgresql]

Half of them are withdrawals of people with an account, half guests who unsubscribed, whom
the file names by a hash alone. Exits with 1 when a target is missed.
"""

import os
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import func, select

from neupusti.backup.service import replaying
from neupusti.config.settings import Settings
from neupusti.core.data.database import db, writing
from neupusti.core.records import decision_file, decisions
from neupusti.core.records.consents import FormConsent, hash_of, store
from neupusti.core.records.decisions import Decision, State
from neupusti.newsletter.models import Subscriber, SubscriberState
from tests.lending import SECRET, opened, seeded
from tests.newsletter import cast
from tests.postgres import Cluster, ground

DECISIONS = 100_000
SECONDS = 60.0
KIB_IN_MIB = 1024
METHOD = {"method": "button pressed"}


def main(number: int, *, postgresql: bool) -> int:
    """Repeat decisions; print what it took, and return 1 if it took more than it may."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = Settings(secret_key=SECRET, instance=folder)
        if postgresql:
            home = stack.enter_context(ground())
            cluster = stack.enter_context(Cluster(home, durable=True).running())
            for name in ("main", "access"):
                cluster.execute(f"CREATE DATABASE {name}")
            main_url, access_url = cluster.url("main"), cluster.url("access")
            settings = replace(
                settings, database_url=main_url, access_database_url=access_url
            )
        seeded(settings)
        with opened(settings):
            _fill(number // 2)
            return _measure(number)


def _measure(number: int) -> int:
    before = _memory()
    started, processor = time.perf_counter(), time.process_time()
    lines = replaying.missing()
    read = time.perf_counter() - started
    changed = replaying.replay(lines)
    seconds, more = time.perf_counter() - started, _memory() - before
    state = decisions.standing(db.session()).state
    ended = select(func.count()).where(Subscriber.state == SubscriberState.ENDED.value)
    right = changed.total() == number and state is State.CURRENT
    right &= db.session.scalar(ended) == number // 2
    used = time.process_time() - processor
    print(f"{len(lines)} decisions, {changed.total()} rows changed, {state}")
    print(f"{seconds:.1f} s (at most {SECONDS:.0f}), {read:.1f} of them reading the file")
    print(f"processor {used:.1f} s")
    print(f"memory +{more:.0f} MiB")
    return int(not right or seconds > SECONDS)


def _fill(each: int) -> None:
    """Store subscribers and consents, then the decisions that are to be repeated."""
    cast.crowd(each)
    given = cast.given()
    with writing() as session:
        first = store(session, given, email="a@example.kz", person=1)
        columns = ("at", "form", "purpose", "wording", "edition", "language", "method")
        copied = {name: getattr(first, name) for name in columns}
        rows = [
            {**copied, "person": person, "email_hash": hash_of("a@example.kz")}
            for person in range(2, each + 1)
        ]
        session.bulk_insert_mappings(FormConsent, rows)
    people = db.session.execute(
        select(FormConsent.id, FormConsent.person).where(FormConsent.person.is_not(None))
    ).all()
    addresses = db.session.scalars(select(Subscriber.email_key)).all()
    db.session.rollback()
    # What is measured is reading; the file may be made without waiting for the disk.
    with patch.object(os, "fsync", lambda _file: None):
        for row, address in zip(people, addresses, strict=True):
            _write(Decision.WITHDRAWN, person=row.person, ref=str(row.id))
            _write(Decision.UNSUBSCRIBED, email_key=address)


def _write(kind: Decision, **of: object) -> None:
    line = decision_file.append(kind.value, values=METHOD, **of)  # type: ignore[arg-type]
    decision_file.append(decisions.DONE, ref=str(line.n))


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_IN_MIB


if __name__ == "__main__":
    given_number = next((int(word) for word in sys.argv[1:] if word.isdecimal()), DECISIONS)
    sys.exit(main(given_number, postgresql="--postgresql" in sys.argv))
