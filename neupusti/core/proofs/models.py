"""The record of what was looked at: runs, which are chained, and their results.

Both are about rows and never about people. A run stays for good; its results are
destroyed in time, and its chain value vouches for them by their digest.
"""

import json
from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import Day, Digest, Id, Label, Moment, impersonal
from neupusti.core.data.database import Base, one_of
from neupusti.core.proofs.proof import State
from neupusti.core.records.chain import Chain
from neupusti.core.records.head import HeadFile

LOCK = 0x6E65757070726F76


class ProofRun(Base):
    """One run: what it was about, how many proofs ended in which state."""

    __tablename__ = "proof_run"

    id: Mapped[Id]
    at: Mapped[Moment] = mapped_column(index=True)
    whole: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    """Whether it was of every proof; False: of some, such as after a sweep."""
    edition: Mapped[Day | None]
    """The edition of the policy in force; None: there was none."""
    edition_sha256: Mapped[Digest | None]
    """The digest of its Russian text."""
    revision: Mapped[Digest]
    """The digest of the code, and so of the proofs (`revision`)."""
    milliseconds: Mapped[int] = mapped_column(Integer, info=impersonal())
    holds: Mapped[int] = mapped_column(Integer, info=impersonal())
    broken: Mapped[int] = mapped_column(Integer, info=impersonal())
    blind: Mapped[int] = mapped_column(Integer, info=impersonal())
    unfinished: Mapped[int] = mapped_column(Integer, info=impersonal())
    empty: Mapped[int] = mapped_column(Integer, info=impersonal())
    """How many found nothing to look at."""
    results_sha256: Mapped[Digest]
    chain: Mapped[Digest]

    @property
    def sound(self) -> bool:
        """Whether nothing calls for a human."""
        return not (self.broken or self.blind or self.unfinished)

    def encoded(self) -> str:
        """Return the text that is chained."""
        skipped = {"id", "chain", "at", "edition"}
        fields = {c.key: getattr(self, c.key) for c in self.__table__.columns}
        rest = {name: value for name, value in fields.items() if name not in skipped}
        edition = self.edition and self.edition.isoformat()
        return json.dumps(
            {"at": self.at.isoformat(), "edition": edition, **rest}, sort_keys=True
        )


class ProofResult(Base):
    """The outcome of one proof in one run."""

    __tablename__ = "proof_result"
    __table_args__ = (one_of("state", State), Index(None, "name", "id"))

    id: Mapped[Id]
    run: Mapped[int] = mapped_column(
        ForeignKey("proof_run.id"), index=True, info=impersonal()
    )
    at: Mapped[Moment] = mapped_column(index=True)
    name: Mapped[Label]
    state: Mapped[str] = mapped_column(String(10), info=impersonal())
    looked: Mapped[int] = mapped_column(Integer, info=impersonal())
    wrong: Mapped[int] = mapped_column(Integer, info=impersonal())
    milliseconds: Mapped[int] = mapped_column(Integer, info=impersonal())
    caught: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    """Whether the forged item was found wrong."""
    passed: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    """Whether the right item was not."""
    error: Mapped[Label]
    """The class of what stopped it; empty: it ended."""


def digest(results: Iterable[ProofResult]) -> str:
    """Return the digest of the results of one run, in any order."""
    lines = sorted(
        f"{one.name} {one.state} {one.looked} {one.wrong} {one.caught} {one.passed}\n"
        for one in results
    )
    return sha256("".join(lines).encode()).hexdigest()


RUNS = Chain(ProofRun, LOCK, ProofRun.encoded)
HEAD = HeadFile("proofs-head")
