"""The contact form, and the page of a request for who asked it."""

import math

from flask import abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from neupusti.accounts.models import Person
from neupusti.accounts.views.blueprint import known_as, network, without_referrer
from neupusti.accounts.views.stale import csrf_error
from neupusti.config.settings import settings
from neupusti.contact import queries
from neupusti.contact.forms import STATEMENT, SUBJECTS, ContactForm, MessageForm
from neupusti.contact.models import CYRILLIC, PREFIX, ContactRequest, Subject
from neupusti.contact.service import asking, links
from neupusti.contact.service.asking import Question, Sender
from neupusti.contact.service.errors import NoRequestError
from neupusti.contact.views import diagnostics, words
from neupusti.contact.views.blueprint import bp
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db
from neupusti.core.forms.base import UNPROCESSABLE
from neupusti.core.records.consents import ConsentWithdrawnError, GivenConsent
from neupusti.core.security import identity
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import languages, order_numbers
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.core.web import errors, opened, redirects
from neupusti.core.web.errors import TooManyError
from neupusti.policy.service.edition_store import current_store

KIND = "requests"
SURE = "sure"
"""The field of a second press, after the first looked like a machine's."""


@bp.get("/contact/")
def form() -> Response:
    """Show the form, and what the signed-in person has asked before."""
    return _page(_form(), page=_came_from())


@bp.post("/contact/")
def ask() -> Response:
    """Store a question, or say what is wrong with it."""
    form = _form()
    page = diagnostics.page_of(form.page.data or "")
    if not form.validate():
        return _page(form, page=page, status=UNPROCESSABLE)
    is_sure = request.form.get(SURE) == "y"
    if not is_sure and asking.is_suspicious(form.website.data, form.words.data):
        form.website.data = ""
        return _page(form, page=page, again=True)
    try:
        asked = asking.ask(
            _question(form, page),
            _consent(form),
            submission=form.submission.data,
            sender=Sender(network(), known_as(form.email.data)),
        )
    except ConsentWithdrawnError as error:
        return _page(form, page=page, problem=str(error.message), status=UNPROCESSABLE)
    except TooManyError as error:
        response = _page(form, page=page, problem=str(error.message), status=error.status)
        wait = error.retry_after.total_seconds() if error.retry_after else 1
        response.headers["Retry-After"] = str(max(math.ceil(wait), 1))
        return response
    opened.remember(KIND, asked.number, asked.token)
    return redirect(url_for("contact.show", number=asked.number, done="asked"), 303)


@bp.get("/contact/link/<token>")
def open_link(token: str) -> Response:
    """Let this browser read the request of a link."""
    link = links.open_link(token)
    opened.remember(KIND, link.number, link.token)
    return without_referrer(redirect(url_for("contact.show", number=link.number), 303))


@bp.get("/contact/<number>")
def show(number: str) -> Response:
    """Show a request to who asked it."""
    return _request_page(_access(number), MessageForm(formdata=None))


@bp.post("/contact/<number>")
def add(number: str) -> Response:
    """Add a message to a request."""
    found, form = _access(number), MessageForm()
    if not form.validate():
        return _request_page(found, form, status=UNPROCESSABLE)
    try:
        asking.add(number, form.words.data)
    except TooManyError as error:
        form.refuse("words", str(error.message))
        return _request_page(_access(number), form, status=error.status)
    return redirect(url_for("contact.show", number=found.number, done="added"), 303)


@bp.errorhandler(TokenError)
def _token_error(_error: TokenError) -> Response:
    """Answer 404 for any invalid link, without the reason."""
    text = _("This link has ended, or the address is mistyped. You can ask again.")
    return without_referrer(errors.page(404, text))


@bp.errorhandler(CSRFError)
def _csrf_error(error: CSRFError) -> Response:
    """Show the form again with all that was typed, as after a sign-in in another tab."""
    page = csrf_error(error)
    if request.endpoint != "contact.ask" or "HTTP_COOKIE" not in request.environ:
        return page
    text = _("You have signed in or out in another tab. Check your answers, send again.")
    return _page(_form(), page="", problem=text, status=page.status_code)


def _access(number: str) -> ContactRequest:
    """Return the request of an address, else respond; another spelling is redirected."""
    who = identity.current()
    try:
        written = order_numbers.parse(number, PREFIX, CYRILLIC)
    except OrderNumberError:
        raise NoRequestError from None
    if written != number:
        abort(redirect(url_for(request.endpoint or "", number=written), 301))
    token = opened.remembered(KIND, number)
    return links.access(number, token=token, person=who.person if who else None)


def _form() -> ContactForm:
    """Return the form of this request: what it lacks is taken from the account."""
    who = identity.current()
    person = db.session.get_one(Person, who.person) if who else None
    formdata = {} if request.method == "POST" else {"formdata": None}
    form = ContactForm(obj=person, **formdata)
    form.consent.ask(STATEMENT, settings().operator)
    return form


def _came_from() -> str:
    """Return the page of this site that led here, or an empty text."""
    host = request.host_url.rstrip("/")
    referrer = (request.referrer or "")[: redirects.REFERRER_LIMIT]
    return diagnostics.page_of(referrer.removeprefix(host))


def _details(page: str) -> list[str]:
    name = languages.current().own_name
    return diagnostics.lines(page, request.user_agent.string, name)


def _question(form: ContactForm, page: str) -> Question:
    who = identity.current()
    return Question(
        given_name=form.given_name.data,
        email=form.email.data,
        subject=Subject(form.subject.data),
        words=form.words.data,
        order_number=form.order_number.data,
        diagnostics="\n".join(_details(page)) if form.attach.data else "",
        language=languages.current(),
        person=who.person if who else None,
    )


def _consent(form: ContactForm) -> GivenConsent:
    return GivenConsent(
        form="contact",
        purpose=Purpose.FEEDBACK,
        text=form.consent.text,
        language=languages.current(),
        edition=current_store().in_force(),
    )


def _page(
    form: ContactForm,
    *,
    page: str,
    problem: str = "",
    again: bool = False,
    status: int = 200,
) -> Response:
    who = identity.current()
    form.page.data = page
    body = render_template(
        "contact/form.html",
        form=form,
        problem=problem,
        again=again,
        sure=SURE,
        details=_details(page),
        mine=queries.of_person(who.person) if who else (),
        states=words.STATES,
        subjects=SUBJECTS,
    )
    return make_response(body, status)


def _request_page(
    found: ContactRequest, form: MessageForm, *, status: int = 200
) -> Response:
    body = render_template(
        "contact/show.html",
        request_=found,
        form=form,
        messages=queries.messages(found.id),
        states=words.STATES,
        subjects=SUBJECTS,
        authors=words.AUTHORS,
        done=words.DONE.get(request.args.get("done", "")),
    )
    return make_response(body, status)
