"""The names of proofs in the reader's language (`proofs.toml`)."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from neupusti.core.text import languages
from neupusti.policy.views.blueprint import bp

DATA = Path(__file__).parents[1] / "proofs.toml"


class Proof(NamedTuple):
    """A file of tests, what it proves, and by how many tests."""

    file: str
    name: str
    number: int


@cache
def names() -> dict[str, dict[str, str]]:
    """Return file of tests -> language -> what they prove."""
    with DATA.open("rb") as file:
        return tomllib.load(file)


@bp.app_template_filter("proof_names")
def proof_names(proofs: Iterable[str]) -> list[Proof]:
    """Return what `proofs` (`file::test`) prove, and by how many tests each."""
    counts = Counter(proof.partition("::")[0] for proof in proofs)
    language = languages.current().value
    return [
        Proof(file, names()[file][language] if file in names() else file, number)
        for file, number in counts.items()
    ]
