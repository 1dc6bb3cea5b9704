"""Sites opened for a block, and databases lent to them, migrated and seeded once."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Protocol

import flask_migrate
import pytest
from flask import Flask

from neupusti.app import FEATURES, create_app
from neupusti.config.settings import Settings
from neupusti.core import background
from neupusti.core.data import samples
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import db, writing
from neupusti.core.feature import Feature
from neupusti.core.registry import Registry, registry
from neupusti.site.service import machine as site
from tests.policy.documents import ship
from tests.postgres import Cluster

SECRET = "0123456789abcdef0123456789abcdef"
NAMES = ("main", "access")
LAST_BEAT = datetime(2100, 1, 1, tzinfo=UTC)


class LendDatabases(Protocol):
    """Lends a new pair of databases."""

    def __call__(
        self, folder: Path, *, goods: bool = False
    ) -> AbstractContextManager[Settings]:
        """Lend it for a block, with the sample goods or without; files go to `folder`."""


@contextmanager
def opened(settings: Settings, features: tuple[Feature, ...] = FEATURES) -> Iterator[Flask]:
    """Open the site of `settings` for a block, in its context."""
    app = create_app(settings, features)
    with app.app_context():
        yield app
    close(app)


@contextmanager
def machines(settings: Settings, folder: Path) -> Iterator[list[Flask]]:
    """Open the site of `settings` on two machines, each with a data folder in `folder`."""
    with ExitStack() as stack:
        apps = []
        for name in ("a", "b"):
            (own := folder / name).mkdir()
            apps.append(stack.enter_context(opened(replace(settings, instance=own))))
            apps[-1].testing = True
        yield apps


def close(app: Flask) -> None:
    """Close the databases of a site: SQLite writes all it has into the file."""
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def seeded(settings: Settings, *, goods: bool = False) -> None:
    """Make the tables of a site and what it begins with, but no staff."""
    with opened(settings):
        flask_migrate.upgrade()
        samples.forget()
        ship()
        # `site setup` would also make staff and sample goods; tests make their own.
        own = {"staff", *(() if goods else ("catalog",))}
        site.seed(Registry(tuple(f for f in registry().features if f.name not in own)))
        with writing() as session:
            # As on a site that is served, on whatever day a test happens.
            for job in background.jobs():
                beat = {"at": LAST_BEAT, "milliseconds": 1, "ok": True}
                session.add(JobBeat(name=job.name, **beat))


def of_sqlite(folders: pytest.TempPathFactory) -> LendDatabases:
    """Return who lends SQLite files."""

    @cache
    def model(*, goods: bool) -> Settings:
        made = Settings(secret_key=SECRET, instance=folders.mktemp("sqlite"))
        seeded(made, goods=goods)
        return made

    @contextmanager
    def lend(folder: Path, *, goods: bool = False) -> Iterator[Settings]:
        of = model(goods=goods)
        for name in NAMES:
            shutil.copy(of.instance / f"{name}.sqlite", folder)
        yield replace(of, instance=folder)

    return lend


def of_postgresql(folders: pytest.TempPathFactory, cluster: Cluster) -> LendDatabases:
    """Return who lends databases of `cluster`."""
    numbers = count()

    def named(suffix: str, folder: Path) -> Settings:
        return Settings(
            secret_key=SECRET,
            instance=folder,
            database_url=cluster.url(f"main{suffix}"),
            access_database_url=cluster.url(f"access{suffix}"),
        )

    @cache
    def model(*, goods: bool) -> str:
        suffix = "_goods" if goods else "_plain"
        for name in NAMES:
            cluster.execute(f"CREATE DATABASE {name}{suffix}")
        seeded(named(suffix, folders.mktemp("postgresql")), goods=goods)
        return suffix

    @contextmanager
    def lend(folder: Path, *, goods: bool = False) -> Iterator[Settings]:
        # A copy of this process counts on from where it began.
        of, own = model(goods=goods), f"_{os.getpid()}_{next(numbers)}"
        with cluster.copied({f"{name}{own}": f"{name}{of}" for name in NAMES}):
            yield named(own, folder)

    return lend
