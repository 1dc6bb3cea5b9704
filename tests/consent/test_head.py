"""A head of the chain kept outside the database shows what the chain alone cannot."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from neupusti.consent.service.records import HEAD
from neupusti.consent.views.extension import ConsentExtension
from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from tests import desk
from tests.conftest import SQLITE
from tests.consent.conftest import records
from tests.consent.test_proof import journey, tamper
from tests.people import DANA


@pytest.fixture
def cli(app: Flask) -> FlaskCliRunner:
    """A runner of the commands."""
    return app.test_cli_runner()


def verified(cli: FlaskCliRunner) -> tuple[int, str]:
    """Run the verification; return its exit status and output."""
    db.session.rollback()  # an older snapshot would not see what was written since
    result = cli.invoke(args=["consent", "verify"])
    return result.exit_code, result.output


@SQLITE
def test_each_wording_is_rendered_in_its_own_language(
    app: Flask, cli: FlaskCliRunner, consent: ConsentExtension
) -> None:
    journey(app)
    consent.wordings.clear()  # as in the process of a command
    assert "wordings  3, rendered again byte for byte 3" in verified(cli)[1]
    assert {language.value for _, language in consent.wordings} == {"ru", "kk", "en"}
    texts = {wording.text for wording in consent.wordings.values()}
    assert len(texts) == 3


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (("DELETE FROM consent_record WHERE id = 3",), "record 3"),
        (("DELETE FROM consent_record",), "record 3"),
        (
            (
                "DELETE FROM consent_record",
                "DELETE FROM consent_wording",
                "DELETE FROM consent_declarations",
            ),
            "record 3",
        ),
    ],
)
def test_a_cut_tail_and_an_emptied_table_are_seen(
    app: Flask, cli: FlaskCliRunner, statements: tuple[str, ...], message: str
) -> None:
    journey(app)
    status, output = verified(cli)
    assert (status, "no head was kept before" in output) == (0, True)
    for statement in statements:
        tamper(app, statement)
    for _ in range(2):  # what is wrong does not become the new measure
        status, output = verified(cli)
        assert status == 1
        assert message in output
        assert "sound" not in output.splitlines()[-1]


@SQLITE
def test_a_table_emptied_before_any_head_was_kept_is_seen_by_its_wordings(
    app: Flask, cli: FlaskCliRunner
) -> None:
    journey(app)
    tamper(app, "DELETE FROM consent_record")
    status, output = verified(cli)
    assert status == 1
    assert "no record" in output


@SQLITE
def test_every_run_moves_the_head_on(app: Flask, cli: FlaskCliRunner) -> None:
    for _ in range(2):
        journey(app)
        assert verified(cli)[0] == 0
        kept = HEAD.kept()
        assert kept
        last = records()[-1]
        assert (kept.id, kept.chain) == (last.id, last.chain)
    assert "is still in the chain" in verified(cli)[1]


@SQLITE
@pytest.mark.parametrize("change", ["9", "0 ", "x", "\n0 ", "9" * 400])
def test_a_head_that_was_not_signed_here_is_no_head(
    app: Flask, cli: FlaskCliRunner, change: str
) -> None:
    journey(app)
    verified(cli)
    file = HEAD.path
    file.write_text(change + file.read_text())
    status, output = verified(cli)
    assert status == 1
    assert "not signed by this site" in output


@SQLITE
def test_the_receipt_carries_the_head_away(app: Flask, cli: FlaskCliRunner) -> None:
    visitor = journey(app)
    before = json.loads(visitor.client.get("/cookies/receipt.json").text)
    assert before["record_metadata"]["proof"]["head"] is None
    verified(cli)
    line = HEAD.path.read_text().strip()
    content = json.loads(visitor.client.get("/cookies/receipt.json").text)
    assert content["record_metadata"]["proof"]["head"] == line
    assert line in visitor.client.get("/cookies/receipt/").text
    assert records()[-1].chain in line


@SQLITE
def test_staff_see_the_cut_too(app: Flask, cli: FlaskCliRunner) -> None:
    staff = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    journey(app)
    verified(cli)
    tamper(app, "DELETE FROM consent_record WHERE id = 3")
    assert "The chain is broken" in staff.get("/en/admin/consents/").text
