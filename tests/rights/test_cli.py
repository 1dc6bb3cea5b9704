"""`flask rights …`."""

import csv
import json
import zipfile
from io import StringIO
from pathlib import Path

from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.core.records.journal import StaffAction
from tests import desk
from tests.conftest import SQLITE
from tests.people import AIGERIM, GUEST
from tests.rights.asking import bought, opened
from tests.rights.test_correcting import contest

pytestmark = SQLITE


def run(app: Flask, *words: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it printed."""
    db.session.rollback()
    result = FlaskCliRunner(app).invoke(args=["rights", *words])
    return result.exit_code, result.output


def test_requests_are_listed_and_shown_without_values(app: Flask) -> None:
    assert run(app, "list") == (0, "0 requests.\n")
    bought(app)
    number = contest(opened(app), value="", about="Nothing is right.")
    code, text = run(app, "list")
    assert (code, number in text, "open" in text) == (0, True, True)
    code, text = run(app, "show", number)
    assert (code, "received by person" in text, "Nothing" in text) == (0, True, False)
    assert "not answered yet." in text
    code, text = run(app, "show", "nonsense")
    assert (code, text) == (1, "Error: There is no such request.\n")


def test_an_archive_is_written_and_recognised(app: Flask, tmp_path: Path) -> None:
    number = str(desk.person(AIGERIM))
    out = tmp_path / "data.zip"
    code, text = run(app, "export", "--person", number, "--out", str(out))
    assert (code, "SHA-256" in text) == (0, True)
    assert out.stat().st_mode & 0o777 == 0o600
    [act] = db.session.scalars(select(StaffAction).filter_by(action="rights.exported"))
    assert (act.staff, act.operation, act.person) == (None, "provision", int(number))
    again = run(app, "export", "--person", number, "--out", str(out))
    assert (again[0], "nothing was written" in again[1]) == (1, True)
    assert run(app, "export", "--person", "99", "--out", str(tmp_path / "x"))[0] == 1
    manifest = tmp_path / "manifest.json"
    with zipfile.ZipFile(out) as made:
        manifest.write_bytes(made.read("manifest.json"))
    code, text = run(app, "verify", str(manifest))
    assert (code, text.startswith("Made by this site on")) == (0, True)
    manifest.write_text("{}")
    assert run(app, "verify", str(manifest))[0] == 1
    assert run(app, "verify", str(out))[0] == 0
    with zipfile.ZipFile(out, "a") as changed:
        changed.writestr("added.html", "forged")
    code, text = run(app, "verify", str(out))
    assert (code, "is not ours, or was changed" in text) == (1, True)


def test_an_address_that_is_not_confirmed_finds_nothing(app: Flask, tmp_path: Path) -> None:
    """Whoever registers with the address of a guest does not get their orders."""
    bought(app)
    other = desk.person(GUEST, confirmed=False)
    out = tmp_path / "data.zip"
    assert run(app, "export", "--person", str(other), "--out", str(out))[0] == 0
    with zipfile.ZipFile(out) as made:
        assert "json/shop_order.jsonl" not in made.namelist()


def test_the_inventory_has_every_column_about_people(app: Flask) -> None:
    code, text = run(app, "inventory")
    rows = list(csv.DictReader(StringIO(text)))
    email = next(r for r in rows if (r["table"], r["column"]) == ("person", "email"))
    assert (code, email["clause"], email["holding"]) == (0, "3.2.3", "yes")
    assert all(row["term"] for row in rows)
    hashed = next(row for row in rows if row["column"] == "password_hash")
    assert hashed["mark"] == "secret"
    code, text = run(app, "inventory", "--format", "json")
    assert json.loads(text) == rows
