"""What the error page says for each status, and the proxy in its place."""

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class ErrorText:
    """Title and text of an error page."""

    title: LazyString
    text: LazyString


ERROR_TEXTS = {
    400: ErrorText(
        _("We could not read this request"),
        _(
            "The address or the form holds something a browser does not send. "
            "Check the address, or start from the home page."
        ),
    ),
    403: ErrorText(
        _("You have no access to this page"),
        _("You have no permission for this page, or the form was sent from another site."),
    ),
    404: ErrorText(
        _("There is no such page"),
        _(
            "The address may be mistyped or the page may have moved. "
            "The home page and the policy are one click away."
        ),
    ),
    405: ErrorText(
        _("This request does not work here"),
        _("The page exists, but not for this kind of request. Open it as a link."),
    ),
    409: ErrorText(
        _("Somebody changed this before you"),
        _("What you saw has changed meanwhile. Open the page again and look once more."),
    ),
    410: ErrorText(
        _("This link has ended"),
        _("What it led to is gone, or is no longer yours to see."),
    ),
    413: ErrorText(
        _("The request is too large"),
        _(
            "What you sent is larger than this form takes. "
            "Shorten it or send a smaller file."
        ),
    ),
    422: ErrorText(
        _("Something in the form needs correcting"),
        _("Nothing was saved. Go back, correct what is marked, and send it again."),
    ),
    429: ErrorText(
        _("Too many attempts in a short time"),
        _("Wait a little, then try again. Nothing you sent before is lost."),
    ),
    500: ErrorText(
        _("We made a mistake"),
        _(
            "The fault is ours and is in our log. Try again in a few minutes; if it "
            "stays, tell us the number below."
        ),
    ),
    503: ErrorText(
        _("We will be back in a moment"),
        _("A part of the site is not answering right now. Try again in half a minute."),
    ),
}

PAUSED = ErrorText(
    _("We are working on the site"),
    _(
        "The site is switched off for a while. Please come back later: all you have "
        "sent before is kept."
    ),
)
"""What a proxy says during a planned pause: `deploy/` has the text, translated."""
