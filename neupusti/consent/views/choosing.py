"""Accept a consent choice: one address, no CSRF token, redirect back to the page."""

import logging
import re
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import unquote, urlsplit

from flask import redirect, request, url_for
from flask_babel import lazy_gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from neupusti.config.settings import settings
from neupusti.consent.models import ChoiceSource
from neupusti.consent.service import wordings
from neupusti.consent.service.cookie_policy import CONSENT
from neupusti.consent.service.pending import MadeChoice
from neupusti.consent.service.records import Decision, Wording
from neupusti.consent.service.signed_cookie import SignedChoice
from neupusti.consent.views.extension import (
    SURFACES,
    WORDING_HASH_CHARACTERS,
    bp,
    extension,
)
from neupusti.consent.views.middleware import RETURN_PATH
from neupusti.core import clock
from neupusti.core.feature import Category
from neupusti.core.security import identity, origin
from neupusti.core.text import languages
from neupusti.core.web import choice, cookies, redirects
from neupusti.core.web.choice import (
    KEY,
    NECESSARY,
    AskAgain,
    Choice,
    ChoiceState,
    Notice,
)
from neupusti.core.web.errors import DomainError, TooManyError, domain_error, page

logger = logging.getLogger(__name__)
ERASURE_TOKEN_SECONDS = 60
"""Lifetime of the token that carries the refusal over an erasure."""
REFUSALS = frozenset({"reject", "withdraw", "erase", "close"})
"""`close` closes the strip about Global Privacy Control: what it says stays so."""
SEEN = re.compile(rf"[0-9a-f]{{{WORDING_HASH_CHARACTERS}}}")
"""The hash of a wording, as our forms send it back."""
CLEAR_SITE_DATA = '"cache", "storage"'
"""What an erasure clears besides this site's cookies: both belong to this host alone."""


class UnreadableChoiceError(DomainError):
    """The form contains values that our forms do not send."""


class StaleWordingError(Exception):
    """The visitor agreed to a wording that is no longer current."""


@dataclass(frozen=True, slots=True)
class SubmittedChoice:
    """The submitted form of a choice."""

    action: str
    granted: frozenset[Category]
    then: str = ""
    """Where an erasure leads; empty: to the page of the cookies."""


@bp.post("/cookies/")
@origin.same_origin_only
def choose() -> Response:
    """Store the visitor's choice and redirect back to the page it was made on."""
    return _carry_out(_submitted(), redirects.back(url_for("consent.show")))


def erase(then: str) -> Response:
    """Refuse everything, erase what this site stored in the browser, and go to `then`."""
    return _carry_out(SubmittedChoice("erase", frozenset(), then), then)


def _carry_out(submitted: SubmittedChoice, back: str) -> Response:
    before = choice.current()
    request.environ[RETURN_PATH] = unquote(urlsplit(back).path)
    try:
        if submitted.action == "erase":
            identity.end_session()
        return _answer(submitted, before, back)
    except SQLAlchemyError as error:
        logger.error("choice not kept", extra={"fields": {"kind": type(error).__name__}})  # noqa: TRY400 - its text may quote values
        return _not_saved(submitted, before)


def _answer(submitted: SubmittedChoice, before: Choice, back: str) -> Response:
    try:
        after = _decide(submitted, before)
    except (StaleWordingError, TooManyError) as error:
        return _refuse_additions(error, submitted, before, back)
    request.environ[KEY] = after
    if submitted.action == "erase":
        token = _erasure_tokens().dumps(_cookie_value(after))
        hop = url_for("consent.erased", token=token, next=submitted.then or None)
        response = redirect(hop, 303)
        # With the cookies of the host those of every sister host would go.
        cleared = f'"cookies", {CLEAR_SITE_DATA}'
        response.headers["Clear-Site-Data"] = (
            cleared if settings().clear_cookies else CLEAR_SITE_DATA
        )
        return response
    # A strip that was closed leaves no other in its place.
    if submitted.action != "close":
        back = choice.marked(back, _notice(after, before))
    response = redirect(back, 303)
    if after.record != before.record:
        cookies.put(response, CONSENT, _cookie_value(after))
    return response


def _refuse_additions(
    error: StaleWordingError | TooManyError,
    submitted: SubmittedChoice,
    before: Choice,
    back: str,
) -> Response:
    """Say why nothing was added; what the same press takes away is taken away anyhow."""
    left = replace(submitted, granted=submitted.granted & before.optional)
    after = before if left.granted == before.optional else _decide(left, before)
    request.environ[KEY] = after
    response: Response
    if isinstance(error, TooManyError):
        response = domain_error(error)
    else:
        response = redirect(url_for("consent.show", why="changed", next=back), 303)
    if after is not before:
        cookies.put(response, CONSENT, _cookie_value(after))
    return response


@bp.get("/cookies/erased/<token>")
@origin.same_origin_only
def erased(token: str) -> Response:
    """Set the consent cookie again after Clear-Site-Data has removed it."""
    then = redirects.own(request.args.get("next"), url_for("consent.show"))
    response = redirect(choice.marked(then, Notice.ERASED), 303)
    try:
        cookies.put(
            response, CONSENT, _erasure_tokens().loads(token, max_age=ERASURE_TOKEN_SECONDS)
        )
    except BadData:
        return redirect(url_for("consent.show"), 303)
    return response


def _submitted() -> SubmittedChoice:
    action = request.form.get("choice", "")
    named = set(request.form.getlist("category"))
    optional = {category.value: category for category in extension().declarations.optional}
    if action in REFUSALS:
        return SubmittedChoice(action, frozenset())
    if action == "accept":
        return SubmittedChoice(action, frozenset(optional.values()))
    if action == "save" and named <= optional.keys():
        return SubmittedChoice(action, frozenset(optional[name] for name in named))
    raise UnreadableChoiceError(
        _("This choice is not one of those offered. Open the cookies page and try again.")
    )


def _decide(submitted: SubmittedChoice, before: Choice) -> Choice:
    """Return the new choice; record it first if it differs from the one `before`."""
    same = before.state is ChoiceState.DECIDED and before.optional == submitted.granted
    record, at = before.record, before.at
    if not same or not before.reachable:
        record, at = _record(submitted, before)
    return Choice(
        state=ChoiceState.DECIDED,
        granted=NECESSARY | submitted.granted,
        at=at,
        record=record,
        withdrawn=before.optional - submitted.granted,
        erase=submitted.action == "erase",
    )


def _record(submitted: SubmittedChoice, before: Choice) -> tuple[str, datetime]:
    consent, adds = extension(), submitted.granted - before.optional
    wording = _answered_wording(adds)
    made = MadeChoice(
        request.remote_addr or "",
        Decision(
            granted=submitted.granted,
            source=_source(submitted, before, wording),
            wording=wording,
            declarations=consent.declarations,
            edition=consent.edition_in_force(),
            replaces=before.record,
        ),
        before.optional,
        before.again is AskAgain.EXPIRED,
    )
    public_id, at = consent.pending.record(made, may_wait=not adds)
    if before.record:
        consent.store.mark_replaced(before.record)
    return public_id, at


def _answered_wording(adds: frozenset[Category]) -> Wording:
    """Return the wording the visitor answered, found by the hash the form sent back.

    Raise StaleWordingError where it adds consent and asked for less than today's wording;
    it may take consent away, and only its words may differ.
    """
    consent, seen = extension(), request.form.get("seen", "")
    current = {
        consent.wording_hash(surface): consent.wording(surface) for surface in SURFACES
    }
    if seen in current:
        return current[seen]
    older = SEEN.fullmatch(seen) and wordings.find(
        seen, languages.current(), today=consent.declarations, granted=adds
    )
    if not older and seen and adds:
        raise StaleWordingError
    return older or consent.wording("page")


def _source(submitted: SubmittedChoice, before: Choice, wording: Wording) -> ChoiceSource:
    if before.optional and not submitted.granted:
        return ChoiceSource.WITHDRAWAL
    if before.state is ChoiceState.SIGNAL and not submitted.granted:
        return ChoiceSource.SIGNAL
    return ChoiceSource(wording.surface)


def _cookie_value(chosen: Choice) -> str:
    short_hashes = extension().declarations.short_hashes
    grants = {category: short_hashes[category] for category in chosen.optional}
    at = chosen.at or clock.now()
    return extension().signed_cookie.write(
        SignedChoice(
            grants,
            int(at.timestamp()),
            chosen.record or "",
            signal=request.headers.get("Sec-GPC") == "1",
        )
    )


def _notice(after: Choice, before: Choice) -> Notice:
    if after.optional:
        return Notice.SAVED
    had_allowed = before.optional or before.again is AskAgain.SIGNAL
    return Notice.WITHDRAWN if had_allowed else Notice.REFUSED


def _erasure_tokens() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="consent after erasure")


def _not_saved(submitted: SubmittedChoice, before: Choice) -> Response:
    """Return an error page: the choice was not recorded. A withdrawal applies anyway.

    Nobody knows now what was granted before, so a yes to less would leave too much.
    """
    response = page(
        503,
        _(
            "Your choice could not be kept just now. Until it can, this site sets no "
            "cookies but the necessary ones. Please try again in a minute."
        ),
    )
    cookies.drop(response, CONSENT)
    request.environ[KEY] = Choice(
        state=ChoiceState.DECIDED,
        withdrawn=before.optional,
        erase=submitted.action == "erase",
    )
    return response
