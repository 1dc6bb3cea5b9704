import csv
import json
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from neupusti.accounts.models import Person
from neupusti.accounts.service import avatar
from neupusti.core.data import files, finding
from neupusti.core.data.database import writing
from neupusti.core.data.finding import EMAIL_CLAUSE
from neupusti.core.records.journal import (
    SecurityEvent,
)
from neupusti.core.registry import registry
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import ShopOrder
from neupusti.rights.service.archive import ExportError
from neupusti.rights.service.manifest import recognise
from tests.conftest import SQLITE
from tests.disks import fill_disk, mounted
from tests.people import AIGERIM, BOLAT, DANA, GUEST
from tests.rights.canaries import STAFF, Planted
from tests.rights.conftest import Export

__all__ = ["mounted"]
Plant = Callable[..., Planted]
Exporting = Callable[..., Export]
CANARIES, SECRETS = 125, 12
pytestmark = pytest.mark.slow
ROWS = 1101
ONCE = ("subscriber", "suppression")
"""Tables that hold an address once."""
HOSTILE = "=cmd|' /C calc'!A0 <script>{{7*7}}</script> \u2028 \u0430\u0301"


@pytest.mark.clause("6.1.3")
@pytest.mark.situation(1, of="rights")
@pytest.mark.situation(21, of="rights")
def test_an_export_holds_all_that_is_kept_and_nothing_of_anybody_else(
    plant: Plant, export: Exporting
) -> None:
    planted, twin = plant(AIGERIM, 1), plant(BOLAT, 2)
    assert len(planted.canaries) >= CANARIES
    assert len(planted.secrets) >= SECRETS
    made = export(AIGERIM, 1)
    assert planted.canaries.keys() - made.found(planted.canaries) == set()
    for forbidden in (planted.secrets, twin.canaries, twin.secrets):
        assert made.found(forbidden) == []
    assert made.manifest.complete, made.manifest.content


@pytest.mark.clause("6.1.3")
@pytest.mark.situation(22, of="rights")
def test_a_guest_gets_what_is_kept_under_the_address(
    plant: Plant, export: Exporting
) -> None:
    planted, twin = plant(GUEST), plant(BOLAT)
    made = export(GUEST)
    assert {"shop_order", "order_line", "contact_message"} <= planted.rows.keys()
    assert planted.canaries.keys() - made.found(planted.canaries) == set()
    for forbidden in (planted.secrets, twin.canaries, twin.secrets):
        assert made.found(forbidden) == []
    assert made.manifest.complete, made.manifest.content


def test_a_mailbox_alone_opens_nothing_of_an_account(
    plant: Plant, export: Exporting
) -> None:
    account = plant(AIGERIM, 1)
    guest = plant(AIGERIM, None, *ONCE)
    made, whole = export(AIGERIM), export(AIGERIM, 1)
    own = {c: value for c, value in account.canaries.items() if value != AIGERIM.email}
    named = {c: value for c, value in own.items() if c.split(".")[0] not in nameless()}
    assert made.found(named) == []
    assert made.manifest.complete, made.manifest.content
    assert guest.canaries.keys() - whole.found(guest.canaries) == set()
    assert account.canaries.keys() - whole.found(account.canaries) == set()


def nameless() -> set[str]:
    """Return the tables whose rows are about an address, whoever has an account with it."""
    held = (one.model.__table__ for one in registry().holdings)
    by_address = (table for table in held if finding.contacts(table, EMAIL_CLAUSE))
    return {table.name for table in by_address if not finding.subjects(table)}


def test_of_anothers_order_only_the_own_address_is_shown(
    plant: Plant, export: Exporting
) -> None:
    plant(AIGERIM, 1)
    twin = plant(BOLAT, 2)
    with writing() as session:
        typed = {"email": AIGERIM.email, "email_key": AIGERIM.email}
        session.execute(update(ShopOrder).where(ShopOrder.person == 2).values(typed))
    made = export(AIGERIM, 1)
    [_own, other] = made.rows("shop_order")
    number = twin.rows["shop_order"]["id"]
    assert other == {"tie": "mentioned", "id": number, "email": AIGERIM.email}
    assert made.found(twin.canaries) == []
    assert made.manifest.complete, made.manifest.content


def test_a_member_of_staff_gets_their_acts_and_nobodys_data(
    plant: Plant, export: Exporting
) -> None:
    planted = plant(AIGERIM, 1)
    made = export(DANA, STAFF)
    [act] = made.rows("staff_action")
    assert act["tie"] == "acted"
    assert act["staff"] == STAFF
    assert {"person", "reason"}.isdisjoint(act)
    assert not made.holds(AIGERIM.email)
    [words] = made.rows("act_words")
    assert "words" not in words
    [own] = export(AIGERIM, 1).rows("staff_action")
    assert own["staff"] == f"staff {STAFF}"
    assert own["person"] == planted.person


@pytest.mark.situation(19, of="rights")
def test_a_missing_file_is_named(plant: Plant, export: Exporting) -> None:
    planted = plant(AIGERIM, 1)
    files.destroy(avatar.FOLDER, planted.rows["photo"]["name"])
    made = export(AIGERIM, 1)
    assert not made.manifest.complete
    assert made.manifest.content["missing"] == ["photo-1"]
    assert b"photo-1" in made.files["kept.html"]
    assert made.rows("photo")


@SQLITE
@pytest.mark.situation(20, of="rights")
def test_without_room_nothing_is_left(
    plant: Plant, export: Exporting, mounted: Callable[[int], Path]
) -> None:
    plant(AIGERIM, 1)
    disk = mounted(64)
    filler = fill_disk(disk)
    with pytest.raises(ExportError):
        export(AIGERIM, 1, folder=disk)
    filler.unlink()
    assert list(disk.iterdir()) == []


@SQLITE
def test_a_hostile_value_stays_text(plant: Plant, export: Exporting) -> None:
    plant(AIGERIM, 1)
    with writing() as session:
        session.execute(update(Person).values(family_name=HOSTILE))
    made = export(AIGERIM, 1)
    [row] = made.rows("person")
    assert row["family_name"] == HOSTILE
    assert f"'{HOSTILE}" in made.files["csv/person.csv"].decode()
    seen = Text()
    seen.feed(made.files["html/person-1.html"].decode())
    assert HOSTILE in seen.texts
    assert "script" not in seen.tags


class Text(HTMLParser):
    """The texts and tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.tags.add(tag)


@SQLITE
def test_the_three_forms_hold_the_same_rows_and_the_manifest_counts_them(
    plant: Plant, export: Exporting
) -> None:
    plant(AIGERIM, 1)
    made = export(AIGERIM, 1)
    for section in made.manifest.content["sections"]:
        table, count = section["table"], section["exported"]
        lines = made.files[f"csv/{table}.csv"].decode("utf-8-sig")
        page = made.files[f"html/{table}-1.html"].decode()
        assert len(made.rows(table)) == section["found"] == count
        assert len([*csv.reader(StringIO(lines, newline=""))]) == 1 + count
        assert page.count("<tr>") == 1 + count
    tables = [section["table"] for section in made.manifest.content["sections"]]
    assert made.manifest.rows == sum(len(made.rows(table)) for table in tables)


@SQLITE
def test_the_manifest_is_that_of_the_files_and_is_recognised(
    plant: Plant, export: Exporting
) -> None:
    plant(AIGERIM, 1)
    made = export(AIGERIM, 1)
    written = made.files["manifest.json"].decode()
    content = json.loads(written)
    hashes = {one["path"]: one["sha256"] for one in content["files"]}
    bodies = {n: body for n, body in made.files.items() if n != "manifest.json"}
    assert hashes == {name: sha256(body).hexdigest() for name, body in bodies.items()}
    lines = sorted(f"{digest}  {name}\n" for name, digest in hashes.items())
    assert content["root"] == sha256("".join(lines).encode()).hexdigest()
    known = recognise(written)
    assert known is not None
    assert (known.made_at, known.rows) == (content["made_at"], made.manifest.rows)
    assert recognise(written.replace(known.made_at[:4], "2020")) is None
    for junk in ("", "[]", "{}", "[" * 100_000, '{"seal": 1, "sections": [1]}'):
        assert recognise(junk) is None


@SQLITE
def test_consents_have_their_exact_words_and_a_receipt(
    plant: Plant, export: Exporting
) -> None:
    planted = plant(AIGERIM, 1)
    made = export(AIGERIM, 1)
    consent = planted.rows["consent_evidence"]
    words = made.files[f"words/consent-{consent['id']}.txt"]
    assert sha256(words).hexdigest() == consent["wording"]
    receipt = json.loads(made.files[f"receipts/consent-{consent['id']}.json"])
    assert receipt["pii_processing"]["notice_text"] == words.decode()


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_the_first_page_opens_without_network_in_every_language(
    plant: Plant, export: Exporting, language: Language
) -> None:
    plant(AIGERIM, 1)
    made = export(AIGERIM, 1, language)
    page = made.files["index.html"].decode()
    assert f'<html lang="{language.tag}">' in page
    for body in made.files.values():
        assert b"<script" not in body
    assert "//" not in page
    assert {f"README.{one}.txt" for one in Language} <= made.files.keys()


def test_a_table_of_more_rows_than_a_page_is_whole(plant: Plant, export: Exporting) -> None:
    planted = plant(AIGERIM, 1, "tombstone")  # nothing is written beside one
    like = planted.rows["security_event"]
    numbers = range(like["id"] + 1, like["id"] + ROWS)
    with writing() as session:
        session.execute(insert(SecurityEvent), [{**like, "id": n} for n in numbers])
    made = export(AIGERIM, 1)
    rows = made.rows("security_event")
    assert [row["id"] for row in rows] == [like["id"], *numbers]
    pages = [made.files[f"html/security_event-{n}.html"] for n in (1, 2, 3)]
    assert sum(page.count(b"<tr>") - 1 for page in pages) == ROWS
    assert made.manifest.complete
