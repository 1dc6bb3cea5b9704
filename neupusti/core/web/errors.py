"""Error pages in the visitor's language.

A feature raises its own `DomainError`; `ERROR_TEXTS` has a text for every status. The page
needs neither database nor session, so it can be rendered when those have failed.
"""

import errno
import logging
import math
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Flask, Response, abort, make_response, render_template, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionError
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from neupusti.core import clock
from neupusti.core.blocking.errors import BLOCKED, STATUS, BlockedError, is_refusal
from neupusti.core.data import postgresql
from neupusti.core.data.reading import hides
from neupusti.core.records.consents import ConsentWithdrawnError
from neupusti.core.records.decision_file import UnrecordedError
from neupusti.core.text import dates, languages
from neupusti.core.web.edge import REFUSED, REQUEST_ID
from neupusti.core.web.error_texts import ERROR_TEXTS

logger = logging.getLogger(__name__)
RETRY_SECONDS = 30
ROUNDED_UP = timedelta(seconds=59)
RETRY = frozenset({429, 503})
"""Responses with Retry-After (RFC 6585, RFC 9110)."""
DISCARD_LIMIT = 8 * 1024 * 1024
"""Bytes of a too large body that are read and discarded before the response; of a form
with a file, twice what it takes if that is more."""
DISCARD_CHUNK = 64 * 1024
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FALLBACK_PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{status} — Neupusti</title>
<h1>Neupusti</h1>
<p>Ошибка на нашей стороне. · Қате біз жақта. · The fault is ours.</p>
<p>{request_id}</p></html>
"""
"""The page where even the error page cannot be rendered."""
MISSING = frozenset({404, 410})
HIDDEN = _(
    "There is no such page, or it is about data that are blocked until a check of them "
    "has ended."
)
"""To staff, whom blocked rows are not shown (6.2.4)."""
TRY_AGAIN_AT = _(
    "This works again from %(until)s; what you sent before is not lost. "
    "The rest of the site is open to you meanwhile, also orders without an "
    "account."
)


class DomainError(Exception):
    """Base of the features' errors: an HTTP status and a message for the visitor."""

    status = 422
    retry_after: timedelta | None = None

    def __init__(self, message: str | LazyString) -> None:
        super().__init__(message)
        self.message = message


class TooManyError(DomainError):
    """Too many attempts; the page says until when, and what is open meanwhile.

    A message of its own names the end as `%(until)s`, or as `%(time)s`, the hour alone.
    """

    status = 429

    def __init__(self, wait: timedelta, message: LazyString = TRY_AGAIN_AT) -> None:
        # The page shows minutes: the first one in which it works again.
        until = clock.now() + wait + ROUNDED_UP
        local = until.astimezone(clock.ALMATY)
        named = {
            "until": dates.moment(until, languages.current()),
            "time": f"{local:%H:%M}",
        }
        super().__init__(message % named)
        self.retry_after = wait


def install(app: Flask) -> None:
    """Reject requests that the edge marked, and render a page for every error."""
    app.before_request(_reject_marked)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DomainError, domain_error)
    app.register_error_handler(BlockedError, _blocked)
    app.register_error_handler(ConsentWithdrawnError, _withdrawn)
    app.register_error_handler(DBAPIError, _guarded)
    for database_error in (OperationalError, InterfaceError, NoConnectionError):
        app.register_error_handler(database_error, _database)
    app.register_error_handler(OSError, _disk)
    app.register_error_handler(UnrecordedError, _unrecorded)
    # Flask's own line would quote the path.
    app.log_exception = _log_unhandled  # type: ignore[method-assign]


def page(
    status: int, message: str | LazyString | None = None, *, blocked: bool = False
) -> Response:
    """Return the error page of `status`; `message` replaces the text of the table.

    Whose data are `blocked` finds a link to where that is ended.
    """
    server_error = status >= 500  # noqa: PLR2004
    error_text = ERROR_TEXTS[
        status if status in ERROR_TEXTS else (500 if server_error else 400)
    ]
    request_id = request.environ.get(REQUEST_ID)
    own_block = blocked and not hides()
    try:
        body = render_template(
            "errors/show.html",
            status=status,
            title=_("Your data are blocked") if own_block else error_text.title,
            text=message or (HIDDEN if status in MISSING and hides() else error_text.text),
            request_id=request_id,
            blocked=own_block,
        )
    except Exception:
        if not server_error:
            raise
        logger.exception("no error page")
        body = FALLBACK_PAGE.format(status=status, request_id=request_id)
    response = make_response(body, status)
    if status in RETRY:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _reject_marked() -> None:
    if REFUSED in request.environ:
        abort(400)


def domain_error(error: DomainError) -> Response:
    """Return the error page of `error`, with when to retry."""
    response = page(error.status, error.message)
    if error.retry_after is not None:
        seconds = math.ceil(error.retry_after.total_seconds())
        response.headers["Retry-After"] = str(max(seconds, 1))
    return response


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # noqa: PLR2004 - a redirect is no error
        return make_response(error.get_response())
    if error.code == 413:  # noqa: PLR2004 - the body is too large
        _discard_body()
    response = page(error.code)
    kept = ("Allow", "Retry-After", "Content-Range")
    for name, value in error.get_headers(request.environ):
        if name in kept:
            response.headers[name] = value
    return response


def _discard_body() -> None:
    """Read the rest of the body: a browser reads no response before it has sent it all.

    A body that declares more than the limit is cut off, which browsers show as a
    network error (RFC 9112, 9.6).
    """
    request.max_content_length = max(DISCARD_LIMIT, 2 * (request.max_content_length or 0))
    with suppress(HTTPException):
        while request.stream.read(DISCARD_CHUNK):
            pass


def _blocked(error: BlockedError) -> Response:
    return page(STATUS, error.message, blocked=True)


def _withdrawn(error: ConsentWithdrawnError) -> Response:
    return page(403, error.message)


def _guarded(error: DBAPIError) -> Response:
    """Say what a guard refused, or that the server takes no writes; else raise again."""
    if postgresql.sqlstate(error) in postgresql.DISCONNECTED:
        return _database(error)
    if not is_refusal(error):
        raise error
    return page(STATUS, BLOCKED, blocked=True)


def _database(error: SQLAlchemyError) -> Response:
    # The driver's code, not its message, which may quote a value of the statement.
    driver = getattr(error, "orig", None)
    code = getattr(driver, "sqlite_errorname", None) or getattr(driver, "sqlstate", None)
    _log("database", error, code=code or "-")
    return _http(ServiceUnavailable())


def _disk(error: OSError) -> Response:
    """Respond with 503 where the disk is full; raise any other error again."""
    if error.errno not in DISK_FULL:
        raise error
    _log("disk full", error)
    return page(
        503, _("Our disk has no room right now. Nothing was saved; try again later.")
    )


def _unrecorded(error: UnrecordedError) -> Response:
    _log("decision not recorded", error)
    message = _("We cannot record this safely right now. Nothing was changed; try later.")
    return page(503, message)


def _log_unhandled(exc_info: Any) -> None:
    _log("unhandled", exc_info)


def _log(event: str, exc_info: Any, **fields: str) -> None:
    # The endpoint, never the path: it may name a person or an order.
    fields |= {"endpoint": request.endpoint or "-"}
    logger.error(event, exc_info=exc_info, extra={"fields": fields})
