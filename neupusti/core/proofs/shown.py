"""The outcome of a proof in the reader's language.

Small counts could point at somebody: in public fewer than five are "<5", and how many
were looked at is rounded to two digits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask_babel import format_decimal, lazy_gettext
from flask_babel import gettext as _

from neupusti.core.clock import ALMATY
from neupusti.core.proofs.proof import AnyProof, State
from neupusti.core.proofs.results import Standing
from neupusti.core.text import dates, languages

FEW = 5
DIGITS = 2
LABELS = {
    State.HOLDS: lazy_gettext("Holds"),
    State.BROKEN: lazy_gettext("Not met"),
    State.BLIND: lazy_gettext("The check cannot fail"),
    State.UNFINISHED: lazy_gettext("The check failed"),
    State.NOTHING: lazy_gettext("Nothing to check yet"),
}
SHAPES = {
    State.HOLDS: "✓",
    State.BROKEN: "✕",
    State.BLIND: "?",
    State.UNFINISHED: "?",
    State.NOTHING: "–",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One proof and its last outcome, if it was ever looked at."""

    proof: AnyProof
    standing: Standing | None

    @property
    def state(self) -> State | None:
        """The state; None: it was never looked at."""
        return self.standing.state if self.standing else None

    @property
    def alarming(self) -> bool:
        """Whether it calls for a human."""
        return self.state in {State.BROKEN, State.BLIND, State.UNFINISHED}

    @property
    def label(self) -> str:
        """The state in a word or two."""
        return str(LABELS[self.state]) if self.state else _("Not checked yet")

    @property
    def shape(self) -> str:
        """What stands for the state beside its word, so that colour need not."""
        return SHAPES[self.state] if self.state else "○"

    @property
    def sentence(self) -> str:
        """When it was looked at, and what was found."""
        found = self.standing
        if found is None:
            return ""
        when = dates.moment(found.at, languages.current())
        if found.state in {State.BLIND, State.UNFINISHED}:
            return str(_("On %(moment)s it could not be told.", moment=when))
        if found.state is State.NOTHING:
            return str(_("On %(moment)s there was nothing of it.", moment=when))
        sentence = _(
            "Checked on %(moment)s. Records: %(looked)s, violations: %(wrong)s.",
            moment=when,
            looked=few(rounded(found.looked)),
            wrong=few(found.wrong),
        )
        if found.state is State.BROKEN:
            day = found.since.astimezone(ALMATY).date()
            since = _("(since %(day)s)", day=dates.in_words(day, languages.current()))
            return f"{since} {sentence}"
        return str(sentence)


def rounded(count: int) -> int:
    """Return `count` with only its first two digits."""
    unit: int = 10 ** max(len(str(count)) - DIGITS, 0)
    return count // unit * unit


def few(count: int) -> str:
    """Return `count` as everybody may read it."""
    return f"<{FEW}" if 0 < count < FEW else str(format_decimal(count))


def of_clause(
    proofs: Iterable[AnyProof], standings: Mapping[str, Standing], clause: str
) -> list[Shown]:
    """Return the proofs of an entry of the ledger with their outcomes."""
    return [Shown(one, standings.get(one.name)) for one in proofs if clause in one.clauses]
