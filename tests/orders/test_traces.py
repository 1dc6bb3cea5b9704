"""An order form that was left before it was sent leaves nothing (4.1.1)."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask

from neupusti.config.settings import Settings
from neupusti.core.data.database import db
from tests.canary import Captured
from tests.orders import buying
from tests.orders.buying import Shopper
from tests.people import GUEST

ANSWERS = {
    "family_name": "Канарейкина",
    "given_name": "Кенара",
    "patronymic": "Сарыторғайқызы",
    "phone": GUEST.phone,
    "email": f"kanareika.{GUEST.email}",
    "delivery": "courier",
    "region": "KZ-39",
    "city": "Канарград",
    "street": "улица Жёлтых Канареек",
    "house": "35-кенар",
    "flat": "канар-7",
    "postcode": "110000",
    "comment": "Свистнуть канарейке у входа",
    "payment": "cash",
}
CANARIES = [
    *(ANSWERS[name].encode() for name in ("family_name", "given_name", "patronymic")),
    *(ANSWERS[name].encode() for name in ("email", "city", "street", "house", "flat")),
    ANSWERS["comment"].encode(),
]


@pytest.fixture
def files(
    app: Flask, settings: Settings, request: pytest.FixtureRequest
) -> Callable[[], Iterator[Path]]:
    """Yield every file of the databases, their write-ahead logs and the spool.

    Of a cluster, those that were written since: it has hundreds of other databases.
    """
    if db.engine.dialect.name == "sqlite":
        return lambda: settings.instance.rglob("*")
    cluster = request.getfixturevalue("cluster")
    (settings.instance / "begun").touch()
    begun = (settings.instance / "begun").stat().st_mtime_ns

    def all_of_them() -> Iterator[Path]:
        for statement in ("SELECT pg_switch_wal()", "CHECKPOINT"):
            cluster.execute(statement)
        for path in cluster.data.rglob("*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime_ns >= begun:
                    yield path
        yield from settings.instance.rglob("*")

    return all_of_them


def found(files: Iterator[Path]) -> set[bytes]:
    """Return the canaries that any of the files holds."""
    there: set[bytes] = set()
    for path in files:
        try:
            content = path.read_bytes()
        except OSError:
            continue
        there |= {canary for canary in CANARIES if canary in content}
    return there


@pytest.mark.situation(35)
@pytest.mark.clause("4.1.1")
@pytest.mark.clause("3.2.5")
def test_an_order_form_that_is_left_leaves_nothing(
    app: Flask, files: Callable[[], Iterator[Path]], canary: Captured
) -> None:
    shopper = Shopper(app)
    shopper.put(buying.product(), 2)
    page = shopper.get("/checkout/").text
    for go in ("delivery", "address", "payment", "check"):
        step = {**buying.hidden(page), **ANSWERS, "go": go}
        page = shopper.browser.post("/checkout/", data=step).text
    data = buying.hidden(page)
    assert data["city"] == ANSWERS["city"]
    refused = shopper.browser.post("/checkout/", data=data)
    assert refused.status_code == 422
    db.session.rollback()
    assert found(files()) == set()
    assert not any(name.decode() in line for line in canary.lines for name in CANARIES)
    assert shopper.browser.get_cookie("session") is None
    kept = shopper.browser.get_cookie("basket")
    assert kept is not None
    assert not any(name.decode() in kept.value for name in CANARIES)

    sent = shopper.browser.post("/checkout/", data={**data, "consent": "y"})
    assert sent.status_code == 303
    assert found(files()) == set(CANARIES)
