"""Taking a choice: one address, no token, and back to where the visitor was."""

import logging
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

from flask import redirect, request, url_for
from flask_babel import lazy_gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from neupusti.config.settings import settings
from neupusti.consent.models import ChoiceSource
from neupusti.consent.service import records
from neupusti.consent.service.cookie_policy import CONSENT
from neupusti.consent.service.records import Decision, Wording
from neupusti.consent.service.signed_cookie import SignedChoice
from neupusti.consent.views.extension import SEEN_CHARACTERS, SURFACES, bp, extension
from neupusti.consent.views.middleware import BACK
from neupusti.core import clock
from neupusti.core.feature import Category
from neupusti.core.security import origin
from neupusti.core.text import languages
from neupusti.core.web import choice, cookies, redirects
from neupusti.core.web.choice import KEY, MARKER, NECESSARY, AskAgain, Choice, ChoiceState
from neupusti.core.web.errors import DomainError, page

logger = logging.getLogger(__name__)
HOP_SECONDS = 60
"""How long the second hop of an erasure may take."""
REFUSING = frozenset({"reject", "withdraw", "erase"})
EVERYTHING = '"cache", "cookies", "storage"'


class UnreadableChoiceError(DomainError):
    """The form holds what our forms do not send."""


class StaleWordsError(Exception):
    """The visitor agreed to words that are no longer ours."""


@dataclass(frozen=True, slots=True)
class SubmittedChoice:
    """What the form of a choice asks for."""

    act: str
    granted: frozenset[Category]


@bp.post("/cookies/")
@origin.guarded
def choose() -> Response:
    """Keep the visitor's choice, and lead back to where it was made."""
    asked, before = _asked(), choice.current()
    back = redirects.back(url_for("consent.show"))
    request.environ[BACK] = unquote(urlsplit(back).path)
    try:
        after = _decide(asked, before)
    except StaleWordsError:
        return redirect(url_for("consent.show", why="changed", next=back), 303)
    except SQLAlchemyError as error:
        logger.error("choice not kept", extra={"fields": {"kind": type(error).__name__}})  # noqa: TRY400 - its text may quote values
        return _unkept(asked, before)
    request.environ[KEY] = after
    if asked.act == "erase":
        answer = redirect(url_for("consent.erased", token=_hop().dumps(_value(after))), 303)
        answer.headers["Clear-Site-Data"] = EVERYTHING
        return answer
    answer = redirect(_marked(back), 303)
    if after.record != before.record:
        cookies.put(answer, CONSENT, _value(after))
    return answer


@bp.get("/cookies/erased/<token>")
@origin.guarded
def erased(token: str) -> Response:
    """Keep the refusal after everything was erased: its cookie went with the rest."""
    answer = redirect(_marked(url_for("consent.show")), 303)
    try:
        cookies.put(answer, CONSENT, _hop().loads(token, max_age=HOP_SECONDS))
    except BadData:
        return redirect(url_for("consent.show"), 303)
    return answer


def _asked() -> SubmittedChoice:
    act = request.form.get("choice", "")
    named = set(request.form.getlist("category"))
    optional = {category.value: category for category in extension().declarations.optional}
    if act in REFUSING:
        return SubmittedChoice(act, frozenset())
    if act == "accept":
        return SubmittedChoice(act, frozenset(optional.values()))
    if act == "save" and named <= optional.keys():
        return SubmittedChoice(act, frozenset(optional[name] for name in named))
    raise UnreadableChoiceError(
        _("This choice is not one of those offered. Open the cookies page and try again.")
    )


def _decide(asked: SubmittedChoice, before: Choice) -> Choice:
    """Return the choice from now on; where it is a new one, its record is kept first."""
    same = before.state is ChoiceState.DECIDED and before.optional == asked.granted
    record, at = before.record, before.at
    if not same or not before.reachable:
        record, at = _keep(asked, before)
    return Choice(
        state=ChoiceState.DECIDED,
        granted=NECESSARY | asked.granted,
        at=at,
        record=record,
        withdrawn=before.optional - asked.granted,
        erase=asked.act == "erase",
    )


def _keep(asked: SubmittedChoice, before: Choice) -> tuple[str, datetime]:
    here = extension()
    wording = _answered(asked)
    if wait := here.limit.take(request.remote_addr or ""):
        raise TooManyRequests(retry_after=wait)
    record = records.choose(
        Decision(
            granted=asked.granted,
            source=_source(asked, before, wording),
            wording=wording,
            declarations=here.declarations,
            edition=here.edition_in_force(),
            replaces=before.record,
        ),
        before=before.optional,
        ended=before.again is AskAgain.EXPIRED,
        tally=here.tally,
    )
    if before.record:
        here.store.replace(before.record)
    return record.public_id, record.at


def _answered(asked: SubmittedChoice) -> Wording:
    """Return the words the visitor answered: by their hash, which our forms send back.

    Nobody agrees to words that have changed since; a refusal needs no second look.
    """
    here, seen = extension(), request.form.get("seen", "")
    current = {here.seen(surface): here.wording(surface) for surface in SURFACES}
    if seen in current:
        return current[seen]
    if seen and asked.granted:
        raise StaleWordsError
    older = len(seen) == SEEN_CHARACTERS and records.worded(seen, languages.current())
    return older or here.wording("page")


def _source(asked: SubmittedChoice, before: Choice, wording: Wording) -> ChoiceSource:
    if before.optional - asked.granted:
        return ChoiceSource.WITHDRAWAL
    if before.state is ChoiceState.SIGNAL and not asked.granted:
        return ChoiceSource.SIGNAL
    return ChoiceSource(wording.surface)


def _value(chosen: Choice) -> str:
    marks = extension().declarations.marks
    grants = {category: marks[category] for category in chosen.optional}
    at = chosen.at or clock.now()
    return extension().signed_cookie.write(
        SignedChoice(grants, int(at.timestamp()), chosen.record or "")
    )


def _marked(address: str) -> str:
    return redirects.with_query(address, MARKER, str(int(clock.now().timestamp())))


def _hop() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="consent after erasure")


def _unkept(asked: SubmittedChoice, before: Choice) -> Response:
    """Say that the choice could not be proved; what was granted ends nevertheless."""
    answer = page(
        503,
        _(
            "Your choice could not be kept just now. Until it can, this site sets no "
            "cookies but the necessary ones. Please try again in a minute."
        ),
    )
    if not asked.granted:
        cookies.drop(answer, CONSENT)
        request.environ[KEY] = Choice(
            state=ChoiceState.DECIDED, withdrawn=before.optional, erase=asked.act == "erase"
        )
    return answer
