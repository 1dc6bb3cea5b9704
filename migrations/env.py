"""Run every migration on both databases: one history, two version tables."""

from collections.abc import Callable, Iterable, Iterator
from logging import getLogger
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
from flask import current_app
from sqlalchemy import Connection

from neupusti.core.blocking import guards, shadows
from neupusti.core.data import postgresql
from neupusti.core.data.database import db
from neupusti.core.data.migration import STOPS_COPIES, compared, version_table
from neupusti.core.registry import registry

logger = getLogger(__name__)


def run(bind: str | None, connection: Connection) -> None:
    """Migrate one database to the requested revision, in one transaction.

    The guards name every table, so they are off from its first step on; the newest revision
    has them. Commands that only look, or stamp, leave them on.
    """
    options: dict[str, Any] = {
        "connection": connection,
        "target_metadata": db.metadatas[bind],
        "version_table": version_table(bind),
        "render_as_batch": connection.dialect.name == "sqlite",
        "compare_type": True,
        "include_name": compared(connection),
    }
    context.configure(**options)
    migration = context.get_context()
    if bind is None:
        # The library calls nothing of ours before a step.
        migration._migrations_fn = _prepared(migration._migrations_fn)  # noqa: SLF001
    with context.begin_transaction():
        context.run_migrations(engine_name=bind or "main")
        is_newest = set(migration.get_current_heads()) == set(context.script.get_heads())
        if bind is None and is_newest and not guards.standing(connection):
            guards.make(connection, registry().guarded)


def _prepared(steps_of: Callable[..., Iterable[Any]]) -> Callable[..., Iterator[Any]]:
    """Return `steps_of` that takes off what stands in the way of its steps.

    The guards before the first one; before one that takes something away the views, too.
    """

    def steps(heads: Any, migration: MigrationContext) -> Iterator[Any]:
        for number, step in enumerate(steps_of(heads, migration)):
            if number == 0 and not isinstance(step, StampStep):
                guards.remove(migration.connection)
            if isinstance(step, RevisionStep) and takes_away(step):
                _ensure_unread(step, migration.connection)
            yield step

    return steps


def _ensure_unread(step: RevisionStep, connection: Connection) -> None:
    if not shadows.clear(connection):
        number = step.revision.revision
        raise SystemExit(
            f"Migration {number} takes away what is read: stop every copy first."
        )


def takes_away(step: RevisionStep) -> bool:
    """Return whether copies of the version before cannot go on beside a step."""
    return not step.is_upgrade or hasattr(step.revision.module, STOPS_COPIES)


def migrate(bind: str | None) -> None:
    """Migrate one database."""
    with db.engines[bind].begin() as connection:
        run(bind, connection)


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database only.")
with current_app.app_context():
    for name in (None, "access"):
        postgresql.retried(lambda bind=name: migrate(bind))
