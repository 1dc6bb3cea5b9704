"""Recognise an archive of this site: by its sealed manifest, or by its hash (6.1.3)."""

import json
import zipfile
from datetime import datetime
from hashlib import sha256
from pathlib import Path

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


def recognise_file(path: Path) -> Recognised | None:
    """Return the archive at `path`, or that of a `manifest.json`; None: not ours.

    Every file of an archive must be as its manifest says.
    """
    if not zipfile.is_zipfile(path):
        return manifest.recognise(path.read_text(errors="replace"))
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read("manifest.json").decode(errors="replace")
            found = manifest.recognise(text)
            if found is not None and _files_hold(archive, text):
                return found
    except (KeyError, zipfile.BadZipFile):
        pass
    return None


def _files_hold(archive: zipfile.ZipFile, text: str) -> bool:
    listed = {one["path"]: one["sha256"] for one in json.loads(text)["files"]}
    names = {*archive.namelist()} - {"manifest.json"}
    return names == listed.keys() and all(
        sha256(archive.read(name)).hexdigest() == listed[name] for name in names
    )


def made_at(found: Recognised) -> datetime:
    """Return when an archive was made."""
    return datetime.fromisoformat(found.made_at)
