from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from flask import Flask, Response, current_app

from neupusti.config.settings import settings
from neupusti.core.data.database import ACCESS, db
from neupusti.core.proofs.proof import Looking, State
from tests.proofs.planting import Plant, all_turn_red, states
from tests.proofs.rows import NOW

ENDPOINT = "contact.form"


@contextmanager
def changed(target: object, name: str, value: object) -> Iterator[Looking]:
    """Let something of the served site be another thing for a block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, name, value)
        with db.engine.connect() as main, db.engines[ACCESS].connect() as access:
            yield Looking(main, access)


def answering(
    html: str,
    *,
    named: bool = True,
    cookie: str = "",
    headers: Mapping[str, str] | None = None,
) -> Plant:
    """Return the plant of a page that answers like this, and names the operator."""

    def view() -> Response:
        card = settings().operator.name if named else ""
        response = Response(html + card, headers=headers)
        if cookie:
            response.set_cookie(cookie)
        return response

    return viewing(view)


def viewing(view: Callable[[], Any]) -> Plant:
    """Return the plant of a page with another view."""

    def plant() -> Any:
        views = {**current_app.view_functions, ENDPOINT: view}
        return changed(current_app, "view_functions", views)

    return plant


def renamed() -> Any:
    """Let the site take another name for its own, as a proxy before it might."""
    outermost: Any = current_app.wsgi_app
    hosts = outermost.inner.rules["hosts"] | {"foreign.example"}
    return changed(outermost.inner, "rules", {**outermost.inner.rules, "hosts": hosts})


PLANTS = {
    "pages-without-cookies": viewing(lambda: (settings().operator.name, 404)),
    "pages-set-no-cookies": answering("", cookie="counter"),
    "pages-load-nothing-foreign": answering('<img src="https://counter.example/">'),
    "pages-guarded": answering("", headers={"X-Content-Type-Options": "sniff"}),
    "pages-name-the-operator": answering("", named=False),
    "foreign-names-refused": renamed,
}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS, in_pages=True)


def test_a_page_that_fails_does_not_open(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    with viewing(lambda: str(1 // 0))() as looking:
        assert states(looking)["pages-without-cookies"] is State.BROKEN
