"""What people read of a request."""

from flask_babel import lazy_gettext as _

from neupusti.contact.models import Author, RequestState

STATES = {
    RequestState.NEW: _("waits for our answer"),
    RequestState.ANSWERED: _("answered"),
    RequestState.CLOSED: _("closed"),
}
BOARD = {
    RequestState.NEW: _("to answer"),
    RequestState.ANSWERED: _("answered"),
    RequestState.CLOSED: _("closed"),
}
AUTHORS = {
    Author.PERSON: _("You"),
    Author.STAFF: _("Neupusti"),
}
ON_BOARD = {
    Author.PERSON: _("The person"),
    Author.STAFF: _("Answer"),
    Author.NOTE: _("Note for colleagues"),
}
DONE = {
    "asked": _("We have your question. Its number and a link to this page come by e-mail."),
    "added": _("Your message is added."),
    "taken": _("You have taken this question."),
    "answered": _("The answer is sent."),
    "noted": _("The note is saved."),
    "linked": _("Saved."),
    "closed": _("The question is closed."),
}
