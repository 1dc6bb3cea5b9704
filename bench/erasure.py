"""Destroy a person with 10,000 orders, and then many people in one night.

    python -m bench.erasure [ORDERS] [PEOPLE]

The first is about the one transaction that holds up every writer; the second is over once
nothing is left of anybody. Exits with 1 when a target is missed.
"""

import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, insert, select, update

from bench.rights import fill
from neupusti.accounts.models import Person, PersonKind
from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.erasure.models import Erasure, State
from neupusti.erasure.service import asking, destroying, running
from tests import people
from tests.erasure.erasing import ONCE, asker, confirmed
from tests.lending import SECRET, opened, seeded
from tests.people import Person as OneOfTheCast

ORDERS, PEOPLE = 10_000, 1000
SECONDS, NIGHT = 5.0, 8 * 3600
FIRST = 5000


def main(orders: int, many: int) -> int:
    """Destroy both; print what it took, and return 1 if it took more than it may."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(secret_key=SECRET, instance=Path(folder))
        seeded(settings)
        with opened(settings):
            fill(orders, frozenset(ONCE))
            one = _one()
            night = _night(many)
    print(
        f"{orders} orders: processor {one:.2f} s in the transaction (at most {SECONDS:.0f})"
    )
    print(f"{many} people: {night:.0f} s, {night / many * 1000:.0f} ms each")
    return int(one > SECONDS or night > NIGHT)


def _one() -> float:
    """Return the processor seconds of the transaction: others may load the machine."""
    number = confirmed(people.AIGERIM, 1)
    with writing() as session:
        session.get_one(Erasure, number).run_at = clock.now() - asking.WAIT
    started, used = time.perf_counter(), time.process_time()
    done = destroying.destroy(number)
    seconds, processor = time.perf_counter() - started, time.process_time() - used
    print(f"destroyed: {done}, {seconds:.2f} s, processor {processor:.2f} s", flush=True)
    used = time.process_time()
    running.run()
    db.session.rollback()
    left = db.session.get_one(Erasure, number).left
    used = time.process_time() - used
    print(f"verified: processor {used:.1f} s, {left} places left", flush=True)
    return processor


def _night(many: int) -> float:
    cast = [OneOfTheCast("Гость", f"guest{n}@example.kz", "") for n in range(many)]
    with writing() as session:
        rows = [_person(FIRST + n, who) for n, who in enumerate(cast)]
        session.execute(insert(Person), rows)
    for n, who in enumerate(cast):
        one = asker(who, FIRST + n)
        asking.confirm(one, asking.preview(one.whose).fingerprint)
        db.session.rollback()
    past = clock.now() - asking.WAIT
    with writing() as session:
        confirmed_ones = update(Erasure).where(Erasure.state == State.CONFIRMED.value)
        session.execute(confirmed_ones.values(run_at=past))
    started = time.perf_counter()
    while left := _left():
        running.run()
        taken = time.perf_counter() - started
        print(f"{taken:.0f} s: {left - _left()} more are destroyed", flush=True)
    return time.perf_counter() - started


def _left() -> int:
    """Return of how many something may still be there; each run takes some."""
    db.session.rollback()
    over = Erasure.state.in_((State.TOLD.value, State.WAITING.value, State.DONE.value))
    return db.session.scalar(select(func.count()).select_from(Erasure).where(~over)) or 0


def _person(number: int, who: OneOfTheCast) -> dict[str, object]:
    now = clock.now()
    return {
        "id": number,
        "kind": PersonKind.ACCOUNT.value,
        **dict.fromkeys(("family_name", "given_name", "patronymic", "sort"), who.name),
        "email": who.email,
        "email_key": who.email,
        "search": who.email,
        "language": "ru",
        "created_at": now,
        "confirmed_at": now,
    }


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:3]]
    sys.exit(main(*given, *(ORDERS, PEOPLE)[len(given) :]))
