"""Machine-readable policy: JSON and an Atom feed, both with ETags."""

from typing import Any

from flask import Response, jsonify, render_template, request, url_for

from neupusti.config.settings import settings
from neupusti.core.text import languages
from neupusti.policy.service.edition_store import EditionStore, EditionText, current_store
from neupusti.policy.views.blueprint import bp, requested_edition


@bp.get("/policy/current.json")
def current_json() -> Response:
    """Return the edition in force with every clause, and the list of all editions."""
    edition = requested_edition()
    text, document = edition.text, edition.text.document
    response = jsonify(
        **_describe(edition.store, text),
        title=document.title,
        preamble=list(document.preamble),
        sections=[
            {
                "number": section.number,
                "heading": section.heading,
                "clauses": [
                    {
                        "number": clause.number,
                        "text": clause.text.replace("**", ""),
                        "items": list(clause.items),
                        "url": _external("policy.clause", text, number=clause.number),
                    }
                    for clause in section.clauses
                ],
            }
            for section in document.sections
        ],
        coming=edition.coming.day.isoformat() if edition.coming else None,
        editions=[_describe(edition.store, one) for one in edition.store.texts],
    )
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
    body = render_template("policy/feed.xml", entries=entries, store=texts)
    return _conditional(Response(body, mimetype="application/atom+xml"))


def _describe(texts: EditionStore, text: EditionText) -> dict[str, object]:
    return {
        "date": text.date.isoformat(),
        "language": text.language.tag,
        "source": text.source.value,
        "replaced": texts.replaced(text),
        "kind": text.kind.value,
        "note": text.note,
        "effective_from": text.effective_from.isoformat(),
        "sha256": text.sha256,
        "url": _external(
            "policy.dated", text, source=text.source if texts.shadowed(text) else None
        ),
    }


def _external(endpoint: str, text: EditionText, **values: Any) -> str:
    return settings().base_url.rstrip("/") + url_for(endpoint, day=text.date, **values)


def _conditional(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
