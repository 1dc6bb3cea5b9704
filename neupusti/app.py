"""The application factory; the only module that imports every feature."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from flask import Flask

from neupusti.access.views.recording import recorder
from neupusti.accounts.views import login
from neupusti.config.flask_config import for_flask
from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.consent.views.extension import ConsentExtension
from neupusti.core import background
from neupusti.core.background import Background
from neupusti.core.blocking import shadows
from neupusti.core.data import database
from neupusti.core.data.commands import Commands
from neupusti.core.data.database import db
from neupusti.core.feature import Feature
from neupusti.core.mail import install as mail
from neupusti.core.manifest import FEATURE as CORE
from neupusti.core.registry import Registry
from neupusti.core.security import authorisation
from neupusti.core.text.languages import LanguagePrefix, current
from neupusti.core.web import errors, gate, layout, log, route
from neupusti.core.web.edge import Edge
from neupusti.core.web.microcache import MicroCache
from neupusti.core.web.page_cache import PageCache
from neupusti.core.web.sessions import Sessions
from neupusti.core.web.static_files import StaticFiles
from neupusti.extensions import babel, csrf, migrate
from neupusti.policy.service import citing, edition_store
from neupusti.site.service.machine import COPIES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LAYERS = (
    "admin",
    "access consent policy site",
    "accounts catalog statistics",
    "contact orders",
    "delivery newsletter",
    "rights",
    "blocking erasure",
    "staff",
    "retention",
    "backup deadlines proofs",
)
"""Every feature, lowest layer first: a feature may import from the lines above its own."""

FEATURES: tuple[Feature, ...] = (
    CORE,
    *(
        import_module(f"neupusti.{name}.feature").FEATURE
        for name in " ".join(LAYERS).split()
    ),
)


class Site(Flask):
    """Flask with our sessions, and without the check for coroutines at each request."""

    session_interface = Sessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func`: no view is asynchronous."""
        return func


def create_app(
    settings: Settings | None = None, features: tuple[Feature, ...] = FEATURES
) -> Flask:
    """Return the whole site for `settings`, or for those of the environment."""
    settings = settings or Settings.from_env()
    log.configure()
    app = Site(
        "neupusti",
        root_path=str(ROOT),
        static_folder=None,
        instance_path=str(settings.instance),
    )
    app.config.from_mapping(for_flask(settings))
    app.extensions["neupusti.settings"] = settings
    app.url_map.converters["int"] = route.Integer
    app.cli = Commands(app.name)

    _init_extensions(app)
    StaticFiles(ROOT / "static").install(app)
    PageCache(depends_on=citing.citations).install(app)
    layout.install(
        app,
        layout.PageContext(
            settings.operator, settings.base_url, production=settings.production
        ),
    )
    errors.install(app)
    registry = Registry(features)
    gate.install(app, registry.essential)
    _install_features(app, settings, registry)
    app.extensions[COPIES] = {"editions": edition_store.age}
    app.wsgi_app = MicroCache(app.wsgi_app)  # type: ignore[assignment]
    ConsentExtension.install(
        app,
        secret=settings.secret_key,
        secure=settings.production,
        edition_in_force=edition_store.date_in_force,
    )
    app.wsgi_app = _wrap_edge(app, settings)  # type: ignore[assignment]
    return app


def _init_extensions(app: Flask) -> None:
    db.init_app(app)
    with app.app_context():
        database.prepare_all(dict(db.engines))
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    csrf.init_app(app)
    babel.init_app(app, locale_selector=lambda: current().locale)


def _install_features(app: Flask, settings: Settings, registry: Registry) -> None:
    registry.install(app)
    shadows.install(app, registry.blockable)
    mail.install(app, settings.mail_service, registry.emails)
    background.install(app, (mail.job(settings.mail_service), *registry.jobs))
    login.install(app)
    authorisation.install(app, registry.access)


def _wrap_edge(app: Flask, settings: Settings) -> "WSGIApplication":
    return LanguagePrefix(
        Edge(
            recorder(app, app.wsgi_app, settings),
            hosts=settings.trusted_hosts,
            canonical=settings.host,
            proxies=settings.proxies,
            hsts=settings.hsts if settings.production else "",
        )
    )


def create_worker() -> Flask:
    """Return the site as a worker process runs it: with background jobs."""
    app = create_app()
    with app.app_context():
        gate.gate().begin()
        # Before the first page: a server that falls silent then leaves the policy readable.
        edition_store.age()
    jobs = app.extensions[background.EXTENSION]
    Background(app, jobs, rests=lambda: gate.gate().is_shut()).start()
    return app
