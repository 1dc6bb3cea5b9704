"""The blueprint of the access log, and what its views and commands share."""

from collections.abc import Iterable
from pathlib import Path

from flask import Blueprint, Flask, current_app
from sqlalchemy import Engine

from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.access.recording.recorder import SecretPaths
from neupusti.access.retention.terms import RetentionCutoffs
from neupusti.access.service import Aggregator
from neupusti.config.settings import Settings, settings
from neupusti.core.data.database import ACCESS, db
from neupusti.core.web import route

bp = Blueprint("access", __name__, cli_group="access")


def engine() -> Engine:
    """Return the engine of the access database."""
    return db.engines[ACCESS]


def spool_folder(config: Settings) -> Path:
    """Return the folder of the spool."""
    return config.instance / "access-spool"


def retention_cutoffs() -> RetentionCutoffs:
    """Return how long the log is kept, from the settings."""
    return RetentionCutoffs(settings().access_ip_days, settings().access_days)


def enrichment(config: Settings, own: Iterable[str] = ()) -> Enrichment:
    """Load the look-up tables of countries and referrers; `own` are more of our hosts."""
    table = Path(config.access_countries) if config.access_countries else None
    spam = Path(config.access_spam_hosts) if config.access_spam_hosts else None
    hosts = spam.read_text().split() if spam else ()
    return Enrichment(Countries(table), Referrers((*config.trusted_hosts, *own), hosts))


def secret_paths(app: Flask) -> SecretPaths:
    """Return the paths of this app that carry tokens."""
    return SecretPaths(route.secret_prefixes(app))


def aggregator() -> Aggregator:
    """Return the aggregator of the current app, created on first use."""
    cached: dict[str, Aggregator] = current_app.extensions.setdefault("neupusti.access", {})
    if "aggregator" not in cached:
        config = settings()
        cached["aggregator"] = Aggregator(
            engine(), spool_folder(config), lambda: enrichment(config), retention_cutoffs()
        )
    return cached["aggregator"]


def work() -> None:
    """Run the aggregator once; the job of the manifest, which starts with the site."""
    aggregator().count_start()
    aggregator().work()
