"""The public page of the proofs, and the same for programs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from flask import Response, jsonify, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from neupusti.core import clock
from neupusti.core.clock import ALMATY
from neupusti.core.data.database import db
from neupusti.core.proofs import results, shown
from neupusti.core.proofs.models import ProofRun
from neupusti.core.proofs.proof import State
from neupusti.core.proofs.shown import Shown
from neupusti.core.registry import registry
from neupusti.core.text import languages
from neupusti.core.web import page_cache
from neupusti.policy.service.ledger import FulfilmentWay
from neupusti.policy.views.blueprint import ShownEdition, requested_edition
from neupusti.proofs.service import statement
from neupusti.proofs.views import bars
from neupusti.proofs.views.bars import Bar
from neupusti.proofs.views.blueprint import bp, is_public, require_public

FEED = UUID("c0f4a3de-0f0b-4f37-8a52-6b86f0a2f9d5")
"""The name space of the feed's ids (RFC 4287, 4.2.6)."""
ENTRIES = 90
FILTERS = {
    "holds": {State.HOLDS},
    "broken": {State.BROKEN},
    "failed": {State.BLIND, State.UNFINISHED},
    "nothing": {State.NOTHING},
}
DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """One clause of the edition in force, and its proofs."""

    number: str
    statement: bool
    """Whether the clause is a statement, which no data can show."""
    shown: list[Shown]
    bar: Bar

    @property
    def filter(self) -> str:
        """The name of the filter that shows it."""
        states = [one.state for one in self.shown if one.state]
        worst = results.worst(states)
        if not self.shown:
            return DECLARED
        return next((name for name, of in FILTERS.items() if worst in of), "")

    @property
    def seen_red(self) -> date | None:
        """The day on which all its proofs have been seen red since; None: never."""
        found = [one.standing.red_at for one in self.shown if one.standing]
        known = [at for at in found if at is not None]
        return min(known).astimezone(ALMATY).date() if known else None


@bp.get("/policy/proofs/")
def show() -> BaseResponse:
    """Show for each clause whether it holds, since when, and how to repeat that."""
    if not is_public():
        return page_cache.public(
            "proofs.hidden", render=lambda: render_template("proofs/hidden.html")
        )
    edition, known = requested_edition(), results.known()
    wanted = request.args.get("state", "")
    if wanted not in {*FILTERS, DECLARED}:
        wanted = ""
    return page_cache.public(
        *("proofs.show", wanted, known.run, known.tested, clock.today(), edition.key),
        render=lambda: _page(edition, wanted),
    )


@bp.get("/policy/proofs.json")
def json() -> Response:
    """Return the last outcome of every proof as an in-toto Statement."""
    require_public()
    found = jsonify(statement.public(registry().proofs, results.known()))
    return _conditional(found)


@bp.get("/policy/proofs.atom")
def feed() -> Response:
    """List the last runs with their chain values, for archives outside (RFC 4287).

    A chain alone cannot show that its end was cut off.
    """
    require_public()
    whole = select(ProofRun).where(ProofRun.whole).order_by(ProofRun.id.desc())
    runs = db.session.scalars(whole.limit(ENTRIES)).all()
    body = render_template(
        "proofs/feed.xml", runs=runs, urn=_urn, updated=runs[0].at if runs else clock.now()
    )
    return _conditional(Response(body, mimetype="application/atom+xml"))


def _page(edition: ShownEdition, wanted: str) -> str:
    lines = list(_lines(edition))
    counts = dict.fromkeys((*FILTERS, DECLARED), 0)
    for line in lines:
        if line.filter:
            counts[line.filter] += 1
    return render_template(
        "proofs/show.html",
        edition=edition,
        lines=[line for line in lines if wanted in {"", line.filter}],
        wanted=wanted,
        counts=counts,
        known=results.known(),
        days=results.DAYS,
    )


def _lines(edition: ShownEdition) -> Iterator[ClauseLine]:
    """Yield the clauses of the edition in force, in their order."""
    proofs, standings = registry().proofs, results.known().standings
    history, accounts = results.history(), edition.accounts
    for number in edition.text.document.clauses:
        account = accounts.get(number)
        found = shown.of_clause(proofs, standings, account.entry.number) if account else []
        names = [one.proof.name for one in found]
        yield ClauseLine(
            number=number,
            statement=account is not None
            and account.entry.way is not FulfilmentWay.CARRIED_OUT,
            shown=found,
            bar=bars.draw(names, history, clock.today()),
        )


def _urn(run: ProofRun | None = None) -> str:
    name = languages.current().value
    return uuid5(FEED, name if run is None else f"{name}/{run.id}").urn


def _conditional(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
