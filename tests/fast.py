"""What makes thousands of tests affordable: work that is the same in each is done once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule

from neupusti.accounts.service import passwords
from neupusti.app import Site

HASHER = passwords.HASHER
"""The hasher of production."""


@contextmanager
def economies(folder: Path) -> Iterator[None]:
    """Compile each template and each route once a run, and hash passwords at low cost."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    cache = FileSystemBytecodeCache(str(folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", hasher)
        patch.setattr(Site, "jinja_options", {"bytecode_cache": cache})
        patch.setattr(Rule, "_compile_builder", _remembered(Rule._compile_builder))  # noqa: SLF001
        yield


def _remembered(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """Remember the address builder of a route: compiling them was half of making an app."""
    known: dict[tuple[object, ...], Any] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:  # noqa: FBT001, FBT002 (as in Werkzeug)
        key = (rule.rule, rule.subdomain, repr(rule.defaults), append_unknown)
        if key not in known:
            known[key] = compiled(rule, append_unknown)
        return known[key]

    return builder
