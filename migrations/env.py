"""Run every migration on both databases: one history, two version tables."""

from logging import getLogger
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from neupusti.core.data import postgresql
from neupusti.core.data.database import db
from neupusti.core.data.migration import is_modelled, version_table

logger = getLogger(__name__)


def run(bind: str | None, connection: Connection) -> None:
    """Migrate one database to the requested revision, in one transaction."""
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
        context.run_migrations(engine_name=bind or "main")


def migrate(bind: str | None) -> None:
    """Migrate one database."""
    with db.engines[bind].begin() as connection:
        run(bind, connection)


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database only.")
with current_app.app_context():
    for name in (None, "access"):
        postgresql.retried(lambda bind=name: migrate(bind))
