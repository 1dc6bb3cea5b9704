"""Run every migration on both databases: one history, two version tables."""

from logging import getLogger
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from neupusti.core.blocking import guards
from neupusti.core.data.database import db
from neupusti.core.data.migration import is_modelled, version_table
from neupusti.core.registry import registry

logger = getLogger(__name__)


def run(bind: str | None, connection: Connection) -> None:
    """Migrate one database to the requested revision, in one transaction.

    The guards name every table, so they are off meanwhile; the newest revision has them.
    """
    options: dict[str, Any] = {
        "connection": connection,
        "target_metadata": db.metadatas[bind],
        "version_table": version_table(bind),
        "render_as_batch": connection.dialect.name == "sqlite",
        "compare_type": True,
        "include_name": is_modelled,
    }
    context.configure(**options)
    with context.begin_transaction():
        if bind is None:
            guards.remove(connection)
        context.run_migrations(engine_name=bind or "main")
        at = set(context.get_context().get_current_heads())
        if bind is None and at == set(context.script.get_heads()):
            guards.make(connection, registry().blockable)


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database only.")
with current_app.app_context():
    for name in (None, "access"):
        with db.engines[name].begin() as link:
            run(name, link)
