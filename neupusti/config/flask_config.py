"""The configuration of Flask and its extensions."""

from typing import Any

from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.core.data import halting, keys
from neupusti.core.data.waiting import MovingPool


def for_flask(settings: Settings) -> dict[str, Any]:
    """Return the configuration of Flask and its extensions."""
    return {
        "SECRET_KEY": settings.secret_key,
        # Not Flask's SECRET_KEY_FALLBACKS: a former secret signs no cookie.
        keys.FORMER: settings.secret_keys_old,
        halting.DESTROY: bool(settings.destroy),
        "SQLALCHEMY_ENGINE_OPTIONS": _engine(settings.url_of("main")),
        "SQLALCHEMY_BINDS": {"access": _engine(settings.url_of("access"))},
        "MAX_CONTENT_LENGTH": 64 * 1024,
        "MAX_FORM_MEMORY_SIZE": 64 * 1024,
        "MAX_FORM_PARTS": 100,
        "BABEL_DEFAULT_LOCALE": "ru_KZ",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Almaty",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        # A token lives as long as its session: a form may stay open for a day. And a
        # page with a secret in its address sends no Referer that could be checked.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "SESSION_COOKIE_NAME": "__Host-session" if settings.production else "session",
        "SESSION_COOKIE_SECURE": settings.production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
    }


def _engine(url: str) -> dict[str, Any]:
    """Return the options of an engine: nobody waits long for a connection to a server."""
    pool = {"poolclass": MovingPool} if url.startswith("postgresql") else {}
    return {"url": url, **pool}
