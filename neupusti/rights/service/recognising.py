"""Recognise an archive of this site: by its sealed manifest, or by its hash (6.1.3)."""

from datetime import datetime

from sqlalchemy import or_, select

from neupusti.core.data.database import db
from neupusti.rights.models import Export
from neupusti.rights.service import manifest
from neupusti.rights.service.manifest import Recognised


def recognise(text: str, digest: str) -> Recognised | None:
    """Return the archive of a `manifest.json`, else of a SHA-256; None: not ours.

    The hash of an archive is known as long as the row of its export is kept.
    """
    if text:
        return manifest.recognise(text)
    row = db.session.scalar(
        select(Export)
        .where(or_(Export.sha256 == digest, Export.root == digest), Export.sha256 != "")
        .order_by(Export.id)
        .limit(1)
    )
    if row is None or row.ready_at is None:
        return None
    return Recognised(row.ready_at.isoformat(), row.rows)


def made_at(found: Recognised) -> datetime:
    """Return when an archive was made."""
    return datetime.fromisoformat(found.made_at)
