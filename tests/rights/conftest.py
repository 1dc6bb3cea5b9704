import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from neupusti.core.data import disk
from neupusti.core.data.database import writing
from neupusti.core.data.finding import Whose
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.core.web.operator import Operator
from neupusti.rights.service import archive
from neupusti.rights.service.archive import ExportRequest
from neupusti.rights.service.manifest import Manifest
from tests import people
from tests.rights.canaries import Planted

OPERATOR = Operator(
    name="Неупусти", bin=people.BIN, address="", email="", phone="", responsible=""
)


@pytest.fixture
def plant(app: object) -> Callable[..., Planted]:
    """Plant canaries about one of the cast, as an account or as a guest."""

    def planting(who: people.Person, person: int | None = None, *without: str) -> Planted:
        planted = Planted(who, person, frozenset(without))
        with writing() as session:
            planted.plant(session)
        return planted

    return planting


class Export:
    """An export that was written to a file."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path, self.manifest = path, manifest
        with ZipFile(path) as archive:
            assert archive.testzip() is None
            self.files = {name: archive.read(name) for name in archive.namelist()}

    def holds(self, text: str) -> bool:
        """Return whether any file of it holds a text."""
        return any(text.encode() in body for body in self.files.values())

    def found(self, texts: Mapping[str, str]) -> list[str]:
        """Return the names of those texts that it holds."""
        return [name for name, text in texts.items() if self.holds(text)]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table, as a program reads them."""
        lines = self.files.get(f"json/{table}.jsonl", b"").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def export(app: object, tmp_path: Path) -> Callable[..., Export]:
    """Write the export of a person, or of the guest of an address."""

    def exporting(
        who: people.Person,
        person: int | None = None,
        language: Language = Language.RU,
        folder: Path = tmp_path,
    ) -> Export:
        whose = Whose(person=person, email_key=emails.key(who.email))
        path = folder / f"{who.name}.zip"
        request = ExportRequest(number="NZ-1", language=language, operator=OPERATOR)
        return Export(path, archive.write(whose, disk.replacing(path), request))

    return exporting
