from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from flask import Flask, Response, current_app

from neupusti.core.data.database import ACCESS, db
from neupusti.core.proofs.proof import Looking
from tests.proofs.planting import Plant, all_turn_red
from tests.proofs.rows import NOW

ENDPOINT = "contact.form"


def answering(html: str, status: int = 200, cookie: str = "") -> Plant:
    """Return the plant of a page that answers like this."""

    def view() -> Response:
        response = Response(html, status)
        if cookie:
            response.set_cookie(cookie)
        return response

    @contextmanager
    def plant() -> Iterator[Looking]:
        views = current_app.view_functions
        before, views[ENDPOINT] = views[ENDPOINT], view
        with db.engine.connect() as main, db.engines[ACCESS].connect() as access:
            yield Looking(main, access)
        views[ENDPOINT] = before

    return plant


@contextmanager
def failing() -> Iterator[Looking]:
    """Let a page fail as no page should."""
    views = current_app.view_functions
    with answering("")() as looking:
        views[ENDPOINT] = lambda: str(1 // 0)
        yield looking


PLANTS = {
    "pages-without-cookies": failing,
    "pages-set-no-cookies": answering("", cookie="counter"),
    "pages-load-nothing-foreign": answering('<img src="https://counter.example/">'),
}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS, in_pages=True)
