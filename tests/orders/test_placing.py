"""Placing an order."""
from flask import Flask
from tests.orders import cast

def test_smoke(app: Flask) -> None:
    a = cast.product("a")
    p = cast.placed((a, 2))
    assert p.created
    print(cast.letters()[0].subject, cast.letters()[0].text)
    assert cast.pieces_of(a) == 8
    assert cast.holds()
