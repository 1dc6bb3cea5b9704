"""Open requests, log their steps, close them, and find them again."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.database import db, insert, writing
from neupusti.core.data.finding import Whose
from neupusti.core.deadlines import register
from neupusti.core.records.journal import SYSTEM, Actor, ActorKind
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateLimit
from neupusti.core.text import order_numbers
from neupusti.core.text.languages import Language
from neupusti.core.text.order_numbers import SIGNS, OrderNumberError
from neupusti.policy.service.edition_store import current_store
from neupusti.rights.models import (
    CYRILLIC,
    PREFIX,
    Channel,
    DataRequest,
    Outcome,
    RequestEvent,
    RequestKind,
    Step,
)
from neupusti.rights.service import emails
from neupusti.rights.service.errors import UNSETTLED, NoRequestError, RightsError

CODE = "rights code"
CODE_SIGNS, GROUP = 12, 4
"""60 bits, in groups that are easy to read out."""
HOUR = timedelta(hours=1)
BY_NUMBER = RateLimit("rights code, number", 10, HOUR, timedelta(minutes=15))
"""Strangers who know the number shut it for a quarter of an hour at most."""
BY_NETWORK = RateLimit("rights code, network", 300, HOUR, HOUR)
"""Only against floods: 60 bits are not guessed in any number of hours."""
DEADLINE = "rights"
TERMS = {
    RequestKind.ACCESS: ("RIGHTS_ANSWER",),
    RequestKind.CORRECT: ("RIGHTS_FIX",),
    RequestKind.BLOCK: ("RIGHTS_FIX",),
    RequestKind.DESTROY: ("RIGHTS_ERASE",),
}
DRAWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks about their own data, proved by a sign-in or by a link."""

    person: int | None
    email: str
    email_key: str
    language: Language
    is_settled: bool = True
    """Whether no former address may still undo a change of the one of the account."""
    received_at: datetime
    """When the right was first asked for: proving the address does not stop the clock."""

    @property
    def whose(self) -> Whose:
        """Whose rows they may see."""
        person = self.person if self.is_settled else None
        return Whose(person=person, email_key=self.email_key)

    @property
    def name(self) -> str:
        """What limits count by: the same for one person or one address."""
        return str(self.person or self.email_key)

    @property
    def actor(self) -> Actor:
        """Who acts in the journals."""
        return Actor(ActorKind.PERSON, self.person)


def values_of(asker: Asker, kind: RequestKind) -> dict[str, Any]:
    """Return the columns of a request on the site; raise RightsError.

    Whoever may have taken an account over destroys nothing of it.
    """
    if kind is RequestKind.DESTROY and not asker.is_settled:
        raise RightsError(UNSETTLED)
    return {
        "kind": kind.value,
        "channel": Channel.SITE.value,
        "person": asker.person,
        "email": None if asker.person else asker.email,
        "email_key": None if asker.person else asker.email_key,
        "language": asker.language.value,
        "assurance": 2 if asker.person and asker.is_settled else 1,
        "received_at": asker.received_at,
    }


def open_request(
    session: Session,
    actor: Actor,
    new_code: str | None = None,
    /,
    *,
    may_withdraw: bool = True,
    is_told: bool = True,
    **values: object,
) -> tuple[DataRequest, str] | None:
    """Store a request, its deadline and its first step in the open write transaction.

    Return it with its code, and email both if it `is_told`; the email says whether its
    person may take a block back. None where the person has one of those of which there can
    only be one.
    """
    new_code = new_code or code_of(secrets.token_urlsafe(32))
    given = {"about": "", "agent": "", "answer": "", **values}
    given |= {"edition": current_store().in_force(), "staff": None}
    stored = insert(session, DataRequest).on_conflict_do_nothing().returning(DataRequest)
    for _attempt in range(DRAWS):
        number = order_numbers.new(clock.today(), PREFIX)
        row = {"number": number, "code_digest": _digest(number, new_code), **given}
        request: DataRequest | None = session.scalar(stored, row)
        if request is not None:
            break
        if session.scalar(select(DataRequest.id).filter_by(number=number)) is None:
            return None
    else:
        raise RuntimeError(f"{DRAWS} random numbers in a row were taken")
    kind = RequestKind(request.kind)
    deadline = register.open_deadline(
        session, DEADLINE, request.number, TERMS[kind], request.received_at
    )
    log_step(session, request.id, Step.RECEIVED, actor)
    told = {"code": written(new_code), "due": deadline.promised}
    told["may_withdraw"] = may_withdraw
    if is_told:
        emails.send(session, emails.RECEIVED, request, **told)
    return request, written(new_code)


def log_step(session: Session, request: int, step: Step, actor: Actor = SYSTEM) -> None:
    """Log a step of a request in the open write transaction."""
    session.add(
        RequestEvent(
            request=request,
            at=clock.now(),
            actor_kind=actor.kind.value,
            actor=actor.number,
            step=step.value,
        )
    )


def close(session: Session, request: DataRequest, outcome: Outcome, words: str) -> None:
    """Close a request in the open write transaction; its deadline is met."""
    request.closed_at, request.outcome, request.answer = clock.now(), outcome.value, words
    register.meet(session, DEADLINE, request.number)


def number_in(text: str) -> str:
    """Return a number as it is stored, from any spelling; empty where it is none."""
    try:
        return order_numbers.parse(text, PREFIX, CYRILLIC)
    except OrderNumberError:
        return ""


def by_number(session: Session, text: str) -> DataRequest:
    """Return the request of a number, in any spelling; raise NoRequestError."""
    found = session.scalar(select(DataRequest).filter_by(number=number_in(text)))
    if found is None:
        raise NoRequestError
    return found


def own(asker: Asker, number: str) -> DataRequest:
    """Return a request of who asks; raise NoRequestError."""
    found = by_number(db.session(), number)
    if not is_own(asker, found):
        raise NoRequestError
    return found


def is_own(asker: Asker, found: DataRequest) -> bool:
    """Return whether who asks may read a request, and fetch its archive."""
    if asker.person is None:
        return found.person is None and found.email_key == asker.email_key
    proved = asker.is_settled or found.assurance == 1
    return found.person == asker.person and proved


def by_code(number: str, code: str, network: str) -> DataRequest:
    """Return the request that a number and its code open.

    Raise NoRequestError for a wrong number as for a wrong code, and TooManyError. Of a
    network, which many people share, only failures count.
    """
    wanted = number_in(number)
    own, shared = (BY_NUMBER, wanted), (BY_NETWORK, network)
    throttle.check(shared)
    throttle.take(own)
    found = db.session.scalar(select(DataRequest).filter_by(number=wanted))
    typed = "".join(sign for sign in code.upper() if sign.isalnum())
    typed = typed.translate(order_numbers.LOOK_ALIKES)
    digest = found.code_digest if found else ""
    if not keys.is_signed(CODE, f"{wanted} {typed}", digest) or found is None:
        throttle.take(shared)
        raise NoRequestError
    with writing() as session:
        throttle.reset(session, own)
    return found


def code_of(secret: str) -> str:
    """Return the code that belongs to a random secret: the same each time."""
    number = int(keys.keyed(CODE, secret), 16)
    return "".join(SIGNS[number >> 5 * n & 31] for n in range(CODE_SIGNS))


def written(code: str) -> str:
    """Return a code in groups of four."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def _digest(number: str, code: str) -> str:
    return keys.keyed(CODE, f"{number} {code}")
