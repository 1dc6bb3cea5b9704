"""The format of an archive: what each of its files is (6.1.3)."""

import csv
import json
from collections.abc import Callable
from io import StringIO

import pytest
from flask import Flask

from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import writing
from neupusti.core.proofs.whole import revision
from neupusti.core.records.journal import (
    Actor,
    ActorKind,
    Operation,
    ProcessingRecord,
    log_processing,
)
from neupusti.core.text.languages import Language
from neupusti.policy.service.edition_store import current_store
from tests.accounts.cast import account
from tests.conftest import SQLITE
from tests.people import AIGERIM
from tests.rights.canaries import Planted
from tests.rights.conftest import Export

pytestmark = SQLITE
Plant = Callable[..., Planted]
Exporting = Callable[..., Export]
ONCE = {
    *("index.html", "style.css", "kept.html", "recipients.csv", "history.csv"),
    *("terms.json", "schema.json", "manifest.json"),
    *(f"README.{language}.txt" for language in Language),
}
FOLDERS = {"html", "csv", "json", "files", "words", "receipts"}
SAYS = {
    *("format", "made_at", "request", "site", "operator", "edition", "code_revision"),
    *("languages", "complete", "missing", "sections", "searched", "files", "root"),
    *("made_with", "seal"),
}


@pytest.mark.clause("6.1.3")
def test_an_archive_has_these_files_and_no_others(plant: Plant, export: Exporting) -> None:
    plant(AIGERIM, 1)
    names = export(AIGERIM, 1).files.keys()
    assert {name for name in names if "/" not in name} == ONCE
    assert {name.partition("/")[0] for name in names if "/" in name} == FOLDERS


def test_the_manifest_names_the_edition_and_the_code(
    plant: Plant, export: Exporting
) -> None:
    plant(AIGERIM, 1)
    content = json.loads(export(AIGERIM, 1).files["manifest.json"])
    assert content.keys() == SAYS
    store = current_store()
    text = store.text(store.in_force(), Language.RU)
    assert content["edition"] == {"date": f"{text.date}", "sha256": text.sha256}
    assert content["code_revision"] == revision()


@pytest.mark.clause("1.1.3")
@pytest.mark.manifest(field="codes")
def test_the_history_tells_what_was_done_in_words(app: Flask, export: Exporting) -> None:
    person = account(AIGERIM).number
    done = ProcessingRecord(
        operation=Operation.ALTERATION,
        what="profile",
        why=Purpose.CONFIRMATION,
        person=person,
        actor=Actor(ActorKind.PERSON, person),
    )
    with writing() as session:
        log_processing(session, done)
    made = export(AIGERIM, person)
    lines = made.files["history.csv"].decode("utf-8-sig")
    heads, *rows = csv.reader(StringIO(lines, newline=""))
    assert heads == ["at", "operation", "what", "purpose", "actor"]
    [stored] = made.rows("processing_event")
    assert rows == [[stored["at"], "изменение", "profile", "4.1.5", "сам человек"]]
    assert 'href="history.csv"' in made.files["index.html"].decode()
    assert 'href="recipients.csv"' in made.files["index.html"].decode()


def test_the_schema_says_of_each_table_how_long_and_to_whom(
    plant: Plant, export: Exporting
) -> None:
    plant(AIGERIM, 1)
    tables = json.loads(export(AIGERIM, 1).files["schema.json"])
    assert [one["table"] for one in tables if not one["kept"]] == []
    assert {one["table"] for one in tables if one["recipients"]} == {
        *("shop_order", "order_address")
    }
    columns = {one["table"]: one["columns"] for one in tables}
    [phone] = [one for one in columns["shop_order"] if one["column"] == "phone"]
    assert (phone["clause"], phone["dpv"]) == ("3.2.2", "dpv-pd:TelephoneNumber")
