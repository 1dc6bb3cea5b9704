"""Consent records: immutable rows, a hash chain, and the exact wording answered."""

import json
import re
from collections.abc import Callable
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from neupusti.consent.models import ConsentRecord, ConsentWording
from neupusti.consent.service import records as rules
from neupusti.consent.service.declarations import digest
from neupusti.core.clock import today
from neupusti.core.data.database import db
from neupusti.core.records.chain import START
from tests.conftest import SQLITE
from tests.consent.conftest import BASE_FEATURES, OWN, Visitor, records

TABLES = ("consent_record", "consent_wording", "consent_declarations")


@pytest.fixture
def cli(app: Flask) -> FlaskCliRunner:
    """A runner of the commands."""
    return app.test_cli_runner()


def journey(app: Flask) -> Visitor:
    """Let one visitor agree and withdraw, and another refuse, in three languages."""
    visitor = Visitor(app.test_client())
    visitor.choose("accept")
    visitor.client.post("/kk/cookies/", data={"choice": "withdraw"}, headers=OWN)
    other = Visitor(app.test_client())
    other.client.post("/en/cookies/", data={"choice": "reject"}, headers=OWN)
    return visitor


def test_a_record_says_what_was_decided_and_nothing_about_who(app: Flask) -> None:
    journey(app)
    accepted, withdrawn, refused = records()
    assert [r.language for r in (accepted, withdrawn, refused)] == ["ru", "kk", "en"]
    assert (accepted.granted, accepted.refused) == ("preferences", "")
    assert (withdrawn.granted, withdrawn.refused) == ("", "preferences")
    assert withdrawn.replaces == accepted.public_id
    assert refused.replaces is None
    assert accepted.edition <= today().isoformat()
    everything = " ".join(str(value) for r in records() for value in r.fields.values())
    assert "127.0.0.1" not in everything
    assert "Mozilla" not in everything


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("action", ["UPDATE", "DELETE", "REPLACE", "TRUNCATE"])
def test_the_database_itself_refuses_to_change_it(
    app: Flask, table: str, action: str
) -> None:
    journey(app)
    dialect = db.engine.dialect.name
    statements = {
        "UPDATE": f"UPDATE {table} SET at = at",  # noqa: S608 - names of ours
        "DELETE": f"DELETE FROM {table}",  # noqa: S608
        "REPLACE": f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",  # noqa: S608
        "TRUNCATE": f"TRUNCATE {table} CASCADE",
    }
    if (action, dialect) in {("REPLACE", "postgresql"), ("TRUNCATE", "sqlite")}:
        statements[action] = statements["DELETE"]  # there is no such statement there
    before = len(records())
    db.session.rollback()  # a reader would keep TRUNCATE waiting
    with (
        pytest.raises(DatabaseError, match="a record of consent never changes"),
        db.engine.begin() as connection,
    ):
        connection.execute(text(statements[action]))
    assert len(records()) == before


def test_the_chain_is_sound_and_prints_its_head(app: Flask, cli: FlaskCliRunner) -> None:
    journey(app)
    result = cli.invoke(args=["consent", "verify"])
    assert result.exit_code == 0, result.output
    head = records()[-1].chain
    assert head in result.output
    assert "records   3" in result.output
    assert "wordings  3, rendered again byte for byte 3" in result.output
    Visitor(app.test_client()).choose("reject")
    assert cli.invoke(args=["consent", "verify", "--head", head]).exit_code == 0
    lost = cli.invoke(args=["consent", "verify", "--head", "f" * 64])
    assert lost.exit_code == 1
    assert "does not pass through" in lost.output


def tamper(app: Flask, statement: str) -> None:
    """Change the records as a database superuser could."""
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            for table in TABLES:
                for action in ("update", "delete", "insert"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{action}"))
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(text(statement))
    db.session.rollback()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE consent_record SET granted = 'preferences'", "not what was chained"),
        ("UPDATE consent_record SET edition = '1999-01-01' WHERE id = 1", "record 1"),
        ("DELETE FROM consent_record WHERE id = 2", "record 3"),
        ("UPDATE consent_wording SET text = 'Yes to all'", "does not match its hash"),
        ("UPDATE consent_declarations SET canonical = '{}'", "do not match their hash"),
    ],
)
def test_tampering_is_detected(
    app: Flask, cli: FlaskCliRunner, statement: str, message: str
) -> None:
    journey(app)
    tamper(app, statement)
    result = cli.invoke(args=["consent", "verify"])
    assert result.exit_code == 1
    assert message in result.output


def test_the_recorded_wording_is_the_one_shown(app: Flask) -> None:
    for prefix in ("", "/kk", "/en"):
        visitor = Visitor(app.test_client())
        shown = visitor.client.get(f"{prefix}/policy/").text
        seen = re.search(r'name="seen" value="(\w+)"', shown)
        assert seen
        visitor.client.post(
            f"{prefix}/cookies/", data={"choice": "accept", "seen": seen[1]}, headers=OWN
        )
        record = records()[-1]
        words = db.session.get_one(ConsentWording, record.wording).text
        assert words in shown
        assert digest(words) == record.wording
        assert record.wording.startswith(seen[1])
        assert record.source == "banner"
        page = visitor.client.get(f"{prefix}/cookies/").text.replace(" checked>", ">")
        visitor.client.post(f"{prefix}/cookies/", data={"choice": "reject"}, headers=OWN)
        words = db.session.get_one(ConsentWording, records()[-1].wording).text
        assert words in page


def test_two_at_a_time_make_one_chain(app: Flask, cli: FlaskCliRunner) -> None:
    answers: list[int] = []

    def choose() -> None:
        visitors = [Visitor(app.test_client()) for _ in range(5)]
        answers.extend(one.choose("accept").status_code for one in visitors)

    threads = [Thread(target=choose) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * 20
    assert len(records()) == 20
    assert cli.invoke(args=["consent", "verify"]).exit_code == 0


@pytest.mark.parametrize("action", ["accept", "reject"])
def test_the_receipt_is_the_visitors_own(app: Flask, action: str) -> None:
    visitor = Visitor(app.test_client())
    nothing = visitor.client.get("/en/cookies/receipt/").text
    assert "no choice in this browser yet" in nothing
    assert visitor.client.get("/cookies/receipt.json").status_code == 404
    visitor.choose(action)
    record = records()[-1]
    page = visitor.client.get("/cookies/receipt/").text
    for part in (record.public_id, record.chain, record.wording, record.declarations):
        assert part in page
    answer = visitor.client.get("/cookies/receipt.json")
    assert answer.mimetype == "application/json"
    assert record.public_id in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    output = json.loads(answer.text)
    assert output["record_metadata"]["record_id"] == record.public_id
    assert output["record_metadata"]["proof"]["chain"] == record.chain
    assert digest(output["pii_processing"]["notice_text"]) == record.wording
    assert output["party_identification"][0]["party_name"] == "ТОО «Neupusti.net»"
    assert (
        output["event"]["event_state"]
        == f"consent {'given' if action == 'accept' else 'refused'}"
    )
    assert output["event"]["validity_duration"] == "P180D"
    given = {p["purpose_type"]: p["given"] for p in output["pii_processing"]["purposes"]}
    assert given == {"necessary": True, "preferences": action == "accept"}
    stranger = app.test_client()
    assert record.public_id not in stranger.get("/cookies/receipt/").text


@SQLITE
def test_one_hash_for_the_cookie_the_receipt_and_the_proof(
    app: Flask, visitor: Visitor
) -> None:
    visitor.choose("accept")
    output = json.loads(visitor.client.get("/cookies/receipt.json").text)
    short_hashes = {
        purpose["purpose_type"]: purpose["declarations_hash"]
        for purpose in output["pii_processing"]["purposes"]
    }
    declarations = app.extensions["neupusti.consent"].declarations
    assert short_hashes == {
        c.value: short for c, short in declarations.short_hashes.items()
    }
    assert f".p{short_hashes['preferences']}." in (visitor.cookie() or "")
    assert records()[-1].declarations == declarations.sha256


@SQLITE
def test_an_older_wording_still_proves_itself(
    app: Flask, cli: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    Visitor(app.test_client()).choose("accept")
    consent = app.extensions["neupusti.consent"]
    loader = app.jinja_env.loader
    assert loader
    source = loader.get_source(app.jinja_env, "consent/wording_page.html")[0]
    app.jinja_env.cache = None
    monkeypatch.setattr(
        loader,
        "get_source",
        changed(
            loader.get_source, "consent/wording_page.html", source + "<p>New words.</p>"
        ),
    )
    consent.wordings.clear()
    Visitor(app.test_client()).choose("accept")
    result = cli.invoke(args=["consent", "verify"])
    assert result.exit_code == 0
    assert "wordings  2, rendered again byte for byte 1" in result.output


def changed(get: Callable[..., object], name: str, source: str) -> Callable[..., object]:
    """Return a loader's `get` that has another text for one template."""

    def load(environment: object, template: str) -> object:
        if template == name:
            return source, None, lambda: False
        return get(environment, template)

    return load


@SQLITE
def test_the_declared_cookies_are_listed_in_the_terminal(cli: FlaskCliRunner) -> None:
    output = cli.invoke(args=["consent", "cookies"]).output
    for words in ("necessary", "consent", "180 days", "session", "preferences", "theme"):
        assert words in output


@SQLITE
def test_a_link_depends_on_every_field(app: Flask, visitor: Visitor) -> None:
    visitor.choose("accept")
    record = records()[0]
    db.session.expunge(record)
    before = rules.CHAIN.link(START, record)
    assert before == record.chain
    for name in record.fields:
        kept = getattr(record, name)
        setattr(record, name, record.at.replace(year=2001) if name == "at" else "other")
        assert rules.CHAIN.link(START, record) != before, name
        setattr(record, name, kept)
    columns = {column.key for column in ConsentRecord.__table__.columns}
    assert columns - record.fields.keys() == {"id", "chain"}


@SQLITE
def test_production_names_carry_the_strictest_prefix(
    with_features: Callable[..., Flask],
) -> None:
    from neupusti.config.values import MailMode, Mode  # noqa: PLC0415 - only this test deploys
    from tests.people import BIN, DANA  # noqa: PLC0415

    app = with_features(
        *BASE_FEATURES,
        mode=Mode.PRODUCTION,
        mail=MailMode.OUTBOX,
        base_url="https://neupusti.kz",
        operator_bin=BIN,
        operator_email=DANA.email,
        operator_responsible=DANA.name,
    )
    visitor = Visitor(app.test_client())
    sent = visitor.client.post(
        "/cookies/", data={"choice": "accept"}, headers=OWN, base_url="https://neupusti.kz"
    )
    (line,) = sent.headers.getlist("Set-Cookie")
    assert line.startswith("__Host-consent=1.p")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=18144000"):
        assert f"; {attribute}" in line
    assert "Domain" not in line
