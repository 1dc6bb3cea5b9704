"""Write the export of a person's data as one archive, `neupusti-export/1` (6.1.3).

It is streamed out of one snapshot of both databases. Nothing is cut; what could not be put
in is named in it, and makes it incomplete.
"""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import file_digest
from typing import Any, BinaryIO, cast

from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _

from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.finding import Whose
from neupusti.core.mail import outbox
from neupusti.core.proofs.whole import revision
from neupusti.core.text import languages
from neupusti.core.text.languages import Language, force_language
from neupusti.core.web.errors import DomainError
from neupusti.core.web.operator import Operator
from neupusti.policy.service import edition_store
from neupusti.rights.service import contents, meaning, pages, second_road
from neupusti.rights.service.building import Builder
from neupusti.rights.service.manifest import FORMAT, JSON, Manifest, root_of, sealed
from neupusti.rights.service.second_road import Searched
from neupusti.rights.service.snapshot import Snapshot, snapshot
from neupusti.rights.service.zipped import Zipped


class ExportError(DomainError):
    """The archive could not be written; nothing of it is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """The request that an export answers."""

    number: str
    language: Language
    """The language of its pages."""
    operator: Operator


def write(
    whose: Whose, target: AbstractContextManager[BinaryIO], request: ExportRequest
) -> Manifest:
    """Write the archive to a file that `target` opens and completes. Raise ExportError."""
    language, made_at = request.language, clock.now()
    try:
        with (
            target as out,
            snapshot() as data,
            force_language(language),
            force_locale(language.locale),
        ):
            content = _fill(whose, out, data, request, made_at)
            out.seek(0)
            digest = file_digest(cast("Any", out), "sha256").hexdigest()
            return Manifest(content=content, bytes=out.tell(), sha256=digest)
    except OSError as error:
        raise ExportError(
            _("The archive could not be written: there is no room on the disk.")
        ) from error


def _fill(
    whose: Whose, out: BinaryIO, data: Snapshot, request: ExportRequest, made_at: datetime
) -> Mapping[str, Any]:
    wanted = second_road.needles(data, whose)
    left = second_road.search(data, wanted).hits
    with Zipped(out, made_at) as archive:
        builder = Builder(data=data, whose=whose, out=archive, left=left)
        hits = sum(map(len, left.values()))
        builder.add_tables()
        builder.add_files()
        builder.add_consents(request.operator, outbox.service().base_url)
        builder.add_recipients()
        builder.add_history()
        searched = second_road.outside(data, whose, left)
        hits -= sum(searched.kept.values())
        content = _content(builder, request, made_at, searched)
        content["searched"] |= {"needles": len(wanted), "hits": hits}
        _add_contents(builder, request, content, searched)
        content["files"] = [asdict(entry) for entry in archive.entries]
        content["root"] = root_of((one.path, one.sha256) for one in archive.entries)
        content["seal"] = sealed(content)
        archive.text("manifest.json", JSON, _json(content))
    return content


def _content(
    builder: Builder, request: ExportRequest, made_at: datetime, searched: Searched
) -> dict[str, Any]:
    whole = all(part.exported == part.found for part in builder.parts)
    return {
        "format": FORMAT,
        "made_at": made_at.isoformat(),
        "request": request.number,
        "site": outbox.service().base_url,
        "operator": {"name": request.operator.name, "bin": request.operator.bin},
        "edition": _edition(),
        "code_revision": revision(),
        "languages": list(Language),
        "complete": whole and not builder.missing and not searched.outside,
        "missing": builder.missing,
        "sections": [part.described for part in builder.parts],
        "searched": {"outside": dict(searched.outside)},
        "made_with": keys.name(),
    }


def _edition() -> dict[str, str]:
    """Return the day of the edition in force, and the SHA-256 of its text."""
    store, language = edition_store.current_store(), languages.current()
    text = store.text(store.in_force(), language)
    return {"date": text.date.isoformat(), "sha256": text.sha256}


def _add_contents(
    builder: Builder,
    request: ExportRequest,
    content: Mapping[str, Any],
    searched: Searched,
) -> None:
    """Write what explains the rest: pages, notes, terms and the meaning of columns."""
    out = builder.out
    out.text("schema.json", JSON, _json(meaning.schema(builder.recipients)))
    out.text("terms.json", JSON, _json(meaning.periods()))
    outside = (f"{table}: {rows}" for table, rows in searched.outside.items())
    out.add(contents.KEPT, pages.MEDIA, contents.kept(builder, outside))
    title = gettext("Your data, request %(number)s", number=request.number)
    index = contents.index(title, builder, complete=content["complete"])
    out.add(pages.INDEX, pages.MEDIA, index)
    out.text("style.css", "text/css", pages.STYLE)
    for language in Language:
        out.text(f"README.{language}.txt", "text/plain", contents.read_me(language))


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1)
