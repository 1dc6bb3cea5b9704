"""The proof that texts are still those of their SHA-256."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Executable

from neupusti.core.proofs.proof import Check, Looking


class Stored(NamedTuple):
    """A text and the SHA-256 under which it is stored."""

    text: str
    sha256: str


def stored_check(texts: Executable, **declared: Any) -> Check[Stored]:
    """Return the proof that each of `texts`, pairs of text and digest, is unchanged."""

    def items(looking: Looking) -> Iterator[Stored]:
        for row in looking.main.execute(texts):
            yield Stored(row[0], row[1])

    return Check(
        items=items,
        wrong=lambda one: sha256(one.text.encode()).hexdigest() != one.sha256,
        forged=lambda: Stored("changed", sha256(b"text").hexdigest()),
        right=lambda: Stored("text", sha256(b"text").hexdigest()),
        **declared,
    )
