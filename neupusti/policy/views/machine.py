"""Machine-readable policy: text, JSON and an Atom feed, all with ETags."""

from typing import Any
from uuid import UUID, uuid5

from flask import Response, jsonify, render_template, request, url_for

from neupusti.config.settings import settings
from neupusti.core.text import languages
from neupusti.policy.models import EditionSource
from neupusti.policy.service.document import Clause
from neupusti.policy.service.edition_store import EditionStore, EditionText, current_store
from neupusti.policy.views.blueprint import ShownEdition, bp, requested_edition
from neupusti.policy.views.readings import KINDS

FEED = UUID("5d1b1a52-7b1e-4c39-9f1d-6c7e0f2c9a41")
"""The name space of the feed's ids (RFC 4287, 4.2.6): they outlive every address."""


@bp.get("/policy/current.json")
def current_json() -> Response:
    """Return the edition in force with every clause, and the list of all editions."""
    return _json(requested_edition())


@bp.get("/policy/<day>.json")
def json(day: str) -> Response:
    """Return the edition of a date with every clause, and the list of all editions."""
    return _json(requested_edition(day, wanted_source()))


@bp.get("/policy/<day>.txt")
def text(day: str) -> Response:
    """Return the very text that the digest of the edition is of."""
    found = requested_edition(day, wanted_source()).text
    response = Response(found.text.encode(), mimetype="text/plain")
    response.headers["Content-Language"] = found.language.tag
    return _conditional(response)


@bp.get("/policy/feed.atom")
def feed() -> Response:
    """List every edition in the language of the address (RFC 4287)."""
    language = languages.current()
    texts = current_store()
    entries = [
        texts.text(start.day, language, None if start == standing else start.source)
        for start in sorted(texts.starts, key=lambda start: start.day, reverse=True)
        if start.at >= (standing := texts.current_start(start.day)).at
    ]
    body = render_template(
        "policy/feed.xml", entries=entries, store=texts, kinds=KINDS, urn=_urn
    )
    return _conditional(Response(body, mimetype="application/atom+xml"))


def wanted_source() -> EditionSource | None:
    """Return the source in `?source=`, which selects one of two documents of a date."""
    source = request.args.get("source")
    return EditionSource(source) if source in set(EditionSource) else None


def _urn(text: EditionText | None = None) -> str:
    """Return the id of the feed in its language, or of the entry about `text`."""
    name = languages.current().value
    if text is not None:
        name += f"/{text.date}/{text.source}"
    return uuid5(FEED, name).urn


def _json(edition: ShownEdition) -> Response:
    text, document = edition.text, edition.text.document
    response = jsonify(
        **_describe(edition.store, text),
        title=document.title,
        approval=list(document.approval),
        preamble=list(document.preamble),
        sections=[
            {
                "number": section.number,
                "written": section.written,
                "heading": section.heading,
                "clauses": [_clause(text, clause) for clause in section.clauses],
            }
            for section in document.sections
        ],
        closing=list(document.closing),
        coming=edition.coming.day.isoformat() if edition.coming else None,
        editions=[_describe(edition.store, one) for one in edition.store.texts],
    )
    return _conditional(response)


def _clause(text: EditionText, clause: Clause) -> dict[str, object]:
    return {
        "number": clause.number,
        "written": clause.shown,
        "text": clause.text.replace("**", ""),
        "items": list(clause.items),
        "paragraphs": [block.text for block in clause.blocks if not block.mark],
        "url": _external("policy.clause", text, number=clause.number),
    }


def _describe(texts: EditionStore, text: EditionText) -> dict[str, object]:
    source = text.source if texts.shadowed(text) else None
    return {
        "date": text.date.isoformat(),
        "language": text.language.tag,
        "source": text.source.value,
        "replaced": texts.replaced(text),
        "kind": text.kind.value,
        "note": text.note,
        "effective_from": text.effective_from.isoformat(),
        "sha256": text.sha256,
        "url": _external("policy.dated", text, source=source),
        "json": _external("policy.json", text, source=source),
        "text": _external("policy.text", text, source=source),
    }


def _external(endpoint: str, text: EditionText, **values: Any) -> str:
    """Return the address of `text` in its own language."""
    path = url_for(endpoint, day=text.date, **values).removeprefix(request.script_root)
    return settings().base_url.rstrip("/") + text.language.prefix + path


def _conditional(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
