import json
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from neupusti.core.data.database import db
from neupusti.core.proofs import reading
from neupusti.core.proofs.models import HEAD, ProofRun
from neupusti.core.proofs.reading import WritableError
from neupusti.policy.service import edition_store
from tests import desk
from tests.core.proofs.examples import CHECK
from tests.proofs.planting import sql
from tests.proofs.test_job import with_proofs

BROKEN = replace(CHECK, name="broken", clauses=("5.1",), items=lambda _: [2, 3])
BLIND = replace(CHECK, name="blind", wrong=lambda _number: False)


def prove(app: Flask, *options: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["prove", *options])
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    return result.exit_code, result.output


def stored() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(ProofRun.id))) or 0


@pytest.mark.slow
def test_a_new_site_has_nothing_that_is_broken(app: Flask) -> None:
    code, output = prove(app)
    assert code == 0, output
    assert "0 broken, 0 blind, 0 unfinished" in output
    assert stored() == 1


@pytest.mark.parametrize(
    ("proof", "code", "word"),
    [
        (CHECK, 0, "holds"),
        (BROKEN, 1, "broken"),
        (BLIND, 2, "blind"),
        (replace(CHECK, items=lambda _: [1 // 0]), 2, "ZeroDivisionError"),
        (replace(CHECK, items=lambda _: []), 0, "nothing"),
    ],
)
def test_the_exit_code_tells_the_worst(
    app: Flask, monkeypatch: pytest.MonkeyPatch, proof: object, code: int, word: str
) -> None:
    with_proofs(monkeypatch, proof)
    found, output = prove(app)
    assert found == code
    assert word in output


def test_a_choice_is_looked_at_and_not_recorded(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_proofs(monkeypatch, CHECK, BROKEN)
    assert prove(app, "--clause", "5.4")[0] == 0
    assert prove(app, "--clause", "5.1")[0] == 1
    assert prove(app, "--name", "even")[0] == 0
    assert prove(app, "--name", "odd") == (
        1,
        "Error: No proof is of this clause or name.\n",
    )
    assert stored() == 0


def test_a_connection_that_could_write_ends_with_three(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_wide() -> None:
        raise WritableError

    monkeypatch.setattr(reading, "looking", open_wide)
    code, output = prove(app)
    assert (code, stored()) == (3, 0)
    assert output.startswith("Error: A connection for proofs could write")


def test_a_changed_record_is_told(app: Flask) -> None:
    HEAD.keep(7, "f" * 64)
    code, output = prove(app)
    assert code == 1
    assert output.startswith("Error: The record of earlier runs was changed: record 7")


def accept(app: Flask) -> tuple[int, str]:
    options = ("accept-head", "--reason", "restored from the backup")
    result = app.test_cli_runner().invoke(args=["proofs", *options])
    return result.exit_code, result.output


def test_a_restored_record_goes_on_once_somebody_says_why(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_proofs(monkeypatch, CHECK)
    assert prove(app)[0] == 0
    assert accept(app) == (
        0,
        "The record goes on from the kept head: there is nothing to accept.\n",
    )
    HEAD.keep(7, "f" * 64)
    assert prove(app)[0] == 1
    code, output = accept(app)
    assert code == 0
    assert output.startswith("Accepted, and journaled: record 7")
    assert prove(app)[0] == 0
    (act,) = desk.staff_actions("proofs.accepted")
    assert (act.staff, act.reason) == (None, "restored from the backup")
    assert act.what.startswith("1 ")


def test_a_record_that_was_changed_is_not_accepted(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_proofs(monkeypatch, CHECK)
    assert prove(app)[0] == 0
    HEAD.keep(7, "f" * 64)
    with sql("UPDATE proof_run SET broken = 1 - broken")() as looking:
        looking.main.commit()
    code, output = accept(app)
    assert code == 1
    assert output == "Error: The record was changed: run 1 is not what was chained.\n"
    assert desk.staff_actions("proofs.accepted") == []


def test_the_statement_is_that_of_in_toto(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_proofs(monkeypatch, CHECK, BROKEN)
    code, output = prove(app, "--json")
    told = json.loads(output)
    assert code == 1
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    policy = f"policy {edition_store.date_in_force()}"
    assert [one["name"] for one in told["subject"]] == [
        *(f"{policy} {language}" for language in ("ru", "kk", "en")),
        "code",
    ]
    broken = told["predicate"]["results"][1]
    assert (broken["clauses"], broken["state"]) == (["5.1"], "broken")
    assert (broken["looked"], broken["wrong"]) == (2, 1)
    assert broken["control"] == {"forged": "caught", "right": "passed"}
    summary = told["predicate"]["summary"]
    assert summary["proved"] + summary["declared"] == summary["clauses"]
    assert (summary["proved"], summary["broken"], summary["holds"]) == (2, 1, 1)


def test_the_self_test_names_what_cannot_fail(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prove(app, "--self-test") == (0, "Every proof can fail.\n")
    with_proofs(monkeypatch, CHECK, BLIND)
    code, output = prove(app, "--self-test")
    assert code == 2
    assert output.splitlines()[0] == "blind: blind"
