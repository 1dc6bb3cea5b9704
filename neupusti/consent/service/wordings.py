"""The versions of the wordings that visitors answered, by surface and language.

A version begins with the first answer to it. It is material where it declares more than
the one before, and editorial otherwise: only a material one asks visitors again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from neupusti.consent.models import ConsentDeclarations, ConsentWording
from neupusti.consent.service.declarations import Declarations, is_material, still_covers
from neupusti.consent.service.records import Wording
from neupusti.core.data.database import db
from neupusti.core.feature import Category
from neupusti.core.text.languages import Language


class WordingKind(StrEnum):
    """What a version changed."""

    EDITORIAL = "editorial"
    MATERIAL = "material"


@dataclass(frozen=True, slots=True)
class WordingVersion:
    """One version of a wording; the first one is material."""

    surface: str
    language: str
    number: int
    kind: WordingKind
    at: datetime
    sha256: str
    text: str


def versions() -> list[WordingVersion]:
    """Return every version by surface and language, oldest first."""
    rows = db.session.execute(
        select(ConsentWording, ConsentDeclarations.canonical)
        .join(
            ConsentDeclarations, ConsentWording.declarations == ConsentDeclarations.sha256
        )
        .order_by(
            ConsentWording.surface,
            ConsentWording.language,
            ConsentWording.at,
            ConsentWording.sha256,
        )
    )
    found: list[WordingVersion] = []
    of, number, before = ("", ""), 0, ""
    for row, canonical in rows:
        if (row.surface, row.language) != of:
            of, number, before = (row.surface, row.language), 0, ""
        material = not before or is_material(before, canonical)
        kind = WordingKind.MATERIAL if material else WordingKind.EDITORIAL
        number, before = number + 1, canonical
        found.append(WordingVersion(*of, number, kind, row.at, row.sha256, row.text))
    return found


def version(sha256: str) -> WordingVersion:
    """Return the version of a stored wording."""
    return next(found for found in versions() if found.sha256 == sha256)


def find(
    hash_prefix: str,
    language: Language,
    *,
    today: Declarations,
    granted: Iterable[Category],
) -> Wording | None:
    """Return the stored wording whose hash begins with `hash_prefix`.

    None as well if consent to it in `granted` would not cover the declarations of `today`.
    """
    found = db.session.execute(
        select(ConsentWording, ConsentDeclarations.canonical)
        .join(
            ConsentDeclarations, ConsentWording.declarations == ConsentDeclarations.sha256
        )
        .where(
            ConsentWording.sha256.startswith(hash_prefix, autoescape=True),
            ConsentWording.language == language.value,
        )
    ).first()
    if found is None:
        return None
    row, canonical = found
    if not all(still_covers(canonical, today.canonical, category) for category in granted):
        return None
    return Wording(surface=row.surface, language=language, text=row.text, sha256=row.sha256)
