"""Proofs about the access log."""

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, func, not_, or_, select

from neupusti.access.models import Address, Finding, Record, Sweep
from neupusti.core import clock
from neupusti.core.feature import Category
from neupusti.core.proofs import columns
from neupusti.core.proofs.proof import EARLIER, AnyProof, Proof
from neupusti.core.term_proofs import GRACE

UNKNOWN = "unknown"
COUNTED = f"%{Category.STATISTICS.value}%"
_WHOLE = select(
    func.coalesce(func.max(Sweep.id), 0)  # no mutation: the first is 1
).where(Sweep.complete)
_SWEEPS = (
    select(Sweep.at, Sweep.complete).where(Sweep.id >= _WHOLE.scalar_subquery()).subquery()
)
"""The sweeps since the last complete one: of these the first tells how long it is ago."""

ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("1.1.8", "3.3"),
        name="log-addresses",
        says=_("Each address in the log is an IP address as a server sees it, or unknown."),
        rows=Record,
        wrong=lambda rows: columns.no_network(rows.c.ip),
        forged={"ip": "192.0.2.1, 198.51.100.7"},
        right={"ip": "2001:db8::1"},
    ),
    Proof(
        clauses=("3.3",),
        name="log-referrers",
        says=_("The page a visitor came from is kept without its query."),
        rows=Record,
        wrong=lambda rows: rows.c.referrer.like("%?%"),
        forged={"referrer": "https://example.kz/?q=name"},
        right={"referrer": "https://example.kz/"},
        secrecy=True,
    ),
    Proof(
        clauses=("3.3",),
        name="log-cookies",
        says=_("Of cookies only the names are kept, no values."),
        rows=Record,
        wrong=lambda rows: rows.c.cookies.like("%=%"),
        forged={"cookies": "session=abc"},
        right={"cookies": "session consent"},
        secrecy=True,
    ),
    Proof(
        clauses=("3.3.3",),
        name="log-visitors",
        says=_("The number of a visitor is kept only after a “yes” to statistics."),
        rows=Record,
        wrong=lambda rows: and_(rows.c.visitor != "", rows.c.granted.not_like(COUNTED)),
        forged={"visitor": "a", "granted": "preferences"},
        right={"visitor": "a", "granted": "preferences statistics"},
    ),
    Proof(
        clauses=("4.1.4",),
        name="log-countries",
        says=_("Of a visitor’s place the log holds at most the country."),
        rows=Record,
        wrong=lambda rows: or_(
            func.length(rows.c.country).not_in((0, 2)),
            and_(rows.c.ip == UNKNOWN, rows.c.country != ""),
        ),
        forged={"ip": "192.0.2.1", "country": "K"},
        right={"ip": "192.0.2.1", "country": "KZ"},
    ),
    Proof(
        clauses=("3.3.2",),
        name="day-addresses",
        says=_("Each address in the counts of a day is an IP address, or unknown."),
        rows=Address,
        wrong=lambda rows: columns.no_network(rows.c.ip),
        forged={"ip": "a visitor"},
        right={"ip": UNKNOWN},
    ),
    Proof(
        clauses=("3.3.2",),
        name="findings-masked",
        says=_("Attacks are kept without the last part of the address they came from."),
        rows=Finding,
        wrong=lambda rows: and_(
            rows.c.network.not_in(("", UNKNOWN)),
            rows.c.network.not_like("%.0"),
            rows.c.network.not_like("%::"),
        ),
        forged={"network": "192.0.2.1"},
        right={"network": "192.0.2.0"},
    ),
    Proof(
        clauses=("3.3", "5.1"),
        name="log-destroyed-whole",
        says=_("What the last run destroyed of the log is in no file any more."),
        rows=_SWEEPS,
        wrong=lambda rows: and_(not_(rows.c.complete), rows.c.at < clock.now() - GRACE),
        forged={"at": EARLIER, "complete": False},
        right={"at": EARLIER, "complete": True},
    ),
)
