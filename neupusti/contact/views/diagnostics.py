"""Technical details that a person may attach to a request (4.1.8): shown, then sent."""

from urllib.parse import unquote

from flask import current_app
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from neupusti.core.text.languages import PREFIXED
from neupusti.core.web import redirects
from neupusti.core.web.route import HIDDEN, SECRET_ARGUMENTS

LONGEST_PATH, LONGEST_BROWSER = 200, 400


def page_of(address: str) -> str:
    """Return the path of a page of this site without its query, or an empty text.

    A part that grants access, such as the token of a link, is left out.
    """
    path = redirects.own(address, "").partition("?")[0].partition("#")[0]
    if not path or len(path) > LONGEST_PATH:
        return ""
    bare = path[3:] or "/" if path[:3] in PREFIXED else path
    try:
        _endpoint, values = current_app.url_map.bind("").match(unquote(bare), method="GET")
    except (HTTPException, RequestRedirect):
        return path
    for name in SECRET_ARGUMENTS & values.keys():
        path = path.replace(str(values[name]), HIDDEN)
    return path


def lines(page: str, browser: str, language: str) -> list[str]:
    """Return the details, one a line, in the language of the request."""
    return [
        _("Page: %(page)s", page=page or _("not known")),
        _("Browser: %(name)s", name=browser[:LONGEST_BROWSER] or _("not known")),
        _("Language of the site: %(language)s", language=language),
    ]
