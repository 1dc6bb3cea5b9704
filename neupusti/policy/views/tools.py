"""The labels of the ledger's links to tools."""

from flask_babel import lazy_gettext as _

TOOLS = {
    "/account/": _("My account"),
    "/account/consents": _("My consents"),
    "/account/data/": _("My data"),
    "/account/login": _("Sign in"),
    "/account/profile": _("Correct my details"),
    "/account/register": _("Create an account"),
    "/account/sessions": _("Where I am signed in"),
    "/checkout/": _("Place an order"),
    "/claims/new": _("File a claim"),
    "/contact/": _("Ask a question"),
    "/cookies/": _("Choose cookies"),
    "/newsletter/": _("Subscribe"),
    "/policy/": _("Privacy policy"),
    "/policy/disagree/": _("I do not agree"),
    "/policy/history/": _("Editions and changes"),
    "/policy/recipients/": _("Who receives data"),
    "/policy/retention/": _("How long data are kept"),
    "/rights/": _("Use my rights"),
    "/rights/emergency": _("My account was broken into"),
}
OTHER = _("Open this tool")
"""For a tool in the ledger that has no label here yet."""


def label(tool: str) -> str:
    """Return the link text of `tool`."""
    return str(TOOLS.get(tool, OTHER))
