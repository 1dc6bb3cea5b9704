"""What makes thousands of tests affordable: work that is the same in each is done once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from argon2 import PasswordHasher
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from neupusti import app
from neupusti.accounts.service import passwords
from neupusti.accounts.views import blueprint
from neupusti.core.data import database
from neupusti.core.registry import Registry
from neupusti.core.web import page_cache
from neupusti.core.web.static_files import StaticFiles

HASHER = passwords.HASHER
PREPARE = database.prepare
"""The hasher of production, and how it opens SQLite."""


@contextmanager
def economies() -> Iterator[None]:
    """Compile a template, route or statement, pack a file, merge manifests once a run.

    Passwords are hashed and pages are compressed at low cost, no answer is padded, and
    SQLite leaves its files to the kernel, which outlives a killed process.
    """
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", hasher)
        patch.setattr(blueprint, "PADDING_SECONDS", 0)
        patch.setattr(database, "prepare", _lazily)
        patch.setattr(app.Site, "jinja_options", {"bytecode_cache": _Templates()})
        patch.setattr(Rule, "compile", _remembered(Rule.compile))
        patch.setattr(app, "StaticFiles", cache(StaticFiles))
        patch.setattr(app, "Registry", cache(Registry))
        patch.setattr(page_cache, "QUALITY", 1)
        patch.setattr(Engine, "_compiled_cache", _Statements(), raising=False)
        patch.setattr(
            DefaultDialect, "__eq__", lambda self, other: type(self) is type(other)
        )
        patch.setattr(DefaultDialect, "__hash__", lambda self: hash(type(self)))
        yield


def _lazily(engine: Engine, *, synchronous: str) -> None:
    PREPARE(engine, synchronous="OFF")


class _Templates(BytecodeCache):
    """The compiled templates, in memory."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key, bucket.checksum] = bucket.code


class _Statements:
    """The SQL of statements, remembered for all engines instead of for one.

    The key of a statement in it names the dialect: one dialect must equal another.
    """

    def __init__(self) -> None:
        self.cache: LRUCache[Any, Any] = LRUCache(5000)

    def __get__(self, engine: Engine, owner: type[Engine]) -> LRUCache[Any, Any]:
        return self.cache

    def __set__(self, engine: Engine, own: object) -> None:
        """Discard the cache that an engine makes for itself."""


def _remembered(compiled: Callable[[Rule], None]) -> Callable[[Rule], None]:
    """Remember compiled routes: compiling them was half of making an app."""
    known: dict[tuple[object, ...], Rule] = {}

    def compile_once(rule: Rule) -> None:
        assert rule.map is not None
        kinds = rule.map.converters.values()
        key = (rule.rule, rule.subdomain, repr(rule.defaults), *kinds)
        like = known.setdefault(key, rule)
        if like is rule:
            compiled(rule)
        else:
            same = ("_parts", "_trace", "_converters", "arguments")
            vars(rule).update({name: vars(like)[name] for name in same})
            for name in ("_build", "_build_unknown"):
                setattr(rule, name, getattr(like, name).__func__.__get__(rule))

    return compile_once
