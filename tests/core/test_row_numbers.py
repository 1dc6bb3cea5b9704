"""Every command that takes the number of a row refuses one that no row can have."""

import click
import pytest
from flask import Flask

from tests.core.test_commands import leaves

ROWS = {"person", "number"}
"""What options and arguments for the number of a row are called."""
MORE: dict[tuple[str, ...], tuple[str, ...]] = {
    ("blocks", "open"): ("--by", "staff", "--reason", "Seen by us"),
    ("holds", "place"): (
        *("--law", "Law", "--document", "Order 12", "--reason", "Inspection"),
        *("--review", "2026-11-30"),
    ),
    ("rights", "export"): ("--out", "never.zip"),
}
"""What such a command must be given besides."""


def takers(app: Flask) -> dict[tuple[str, ...], click.Parameter]:
    """Return the parameter of each command that takes the number of a row."""
    return {
        path: one
        for path, command in leaves(app.cli)
        for one in command.params
        if one.name in ROWS and isinstance(one.type, click.types.IntParamType)
    }


@pytest.mark.parametrize("number", ["0", "-1", "2147483648", "9" * 20, "9" * 40, "x"])
def test_a_number_that_no_row_can_have_is_refused_in_words(app: Flask, number: str) -> None:
    found = takers(app)
    assert {*MORE, ("access", "forget-import")} == {*found}
    for path, one in found.items():
        words = ["--", number] if isinstance(one, click.Argument) else [one.opts[0], number]
        result = app.test_cli_runner().invoke(args=[*path, *MORE.get(path, ()), *words])
        assert result.exit_code == 2, (path, result.exc_info)
        assert "Error: Invalid value for" in result.output
        assert number in result.output


def test_the_largest_number_of_a_row_is_looked_for(app: Flask) -> None:
    for path, one in takers(app).items():
        number = str(2**31 - 1)
        words = [number] if isinstance(one, click.Argument) else [one.opts[0], number]
        result = app.test_cli_runner().invoke(args=[*path, *MORE.get(path, ()), *words])
        assert result.exit_code == 1, (path, result.exc_info)
        assert isinstance(result.exception, SystemExit)
        assert "Error: " in result.output
