"""What a reader can do about a clause, in a few words: the labels of the ledger's links."""

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
}
OTHER = _("Open this tool")
"""For a tool the ledger names before it has a label here."""


def label(tool: str) -> str:
    """Return the words of the link to `tool`."""
    return str(TOOLS.get(tool, OTHER))
