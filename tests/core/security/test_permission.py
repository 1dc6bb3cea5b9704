import pytest
from flask import Flask, abort

from neupusti.core.security import permission
from neupusti.core.security.permission import Permission, requires


@pytest.fixture
def guarded() -> Flask:
    """An app with one page for staff, and nothing else."""
    app = Flask("staff")

    @app.get("/staff")
    @requires(Permission.ORDERS)
    def staff() -> str:
        return "orders"

    return app


def test_until_somebody_decides_nobody_may(guarded: Flask) -> None:
    assert guarded.test_client().get("/staff").status_code == 404


def test_who_holds_the_permission_may(guarded: Flask) -> None:
    asked: list[Permission] = []
    permission.install(guarded, asked.append)
    assert guarded.test_client().get("/staff").text == "orders"
    assert asked == [Permission.ORDERS]


def test_who_does_not_gets_what_the_gate_says(guarded: Flask) -> None:
    permission.install(guarded, lambda _: abort(403))
    assert guarded.test_client().get("/staff").status_code == 403
