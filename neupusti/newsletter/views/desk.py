"""The staff pages of the newsletter: writing, trying, sending, watching an issue."""

from collections.abc import Callable

from flask import abort, make_response, render_template, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.core.data.database import db
from neupusti.core.forms.base import UNPROCESSABLE
from neupusti.core.mail import outbox
from neupusti.core.security import identity
from neupusti.core.text import languages
from neupusti.core.text.languages import Language
from neupusti.core.web import pagination
from neupusti.newsletter import forms, queries
from neupusti.newsletter.models import Issue, IssueState
from neupusti.newsletter.service import composing, issues, labels
from neupusti.newsletter.service.errors import IssueError
from neupusti.newsletter.views.blueprint import back, bp

ISSUE = f"/admin/newsletter/<int(max={pagination.LARGEST}):number>"
REFRESH_SECONDS = 10
DONE: dict[str, LazyString] = {
    "saved": _("Saved."),
    "copied": _("A copy in each language is on its way to your e-mail."),
    "moved": _("Done."),
    "blocked": _(
        "Ended for all but those whose data are blocked. It stays paused; end it once more "
        "when their block is over."
    ),
}


@bp.get("/admin/newsletter/")
def board() -> Response:
    """List issues, subscribers and campaigns, as numbers."""
    page = render_template(
        "newsletter/admin/board.html",
        issues=queries.issues(languages.current()),
        states=labels.ISSUE_STATES,
        topics=labels.TOPICS,
        counts=queries.counts(),
        campaigns=queries.campaigns(),
        few=queries.FEW,
    )
    return make_response(page)


@bp.get("/admin/newsletter/new")
def write() -> Response:
    """Show the form of a new issue."""
    return _form_page(forms.IssueForm(formdata=None), None)


@bp.post("/admin/newsletter/")
def create() -> Response:
    """Save a new issue."""
    form = forms.IssueForm()
    if not form.validate():
        return _form_page(form, None)
    number = issues.save(None, form.draft(), staff=identity.me().person)
    return back("issue", number=number, done="saved")


@bp.get(ISSUE)
def issue(number: int) -> Response:
    """Show an issue: a draft as a form, another with its progress."""
    found = _found(number)
    if found.state == IssueState.DRAFT:
        return _form_page(_filled(found), found)
    return _progress_page(found)


@bp.post(ISSUE)
def save(number: int) -> Response:
    """Save a draft."""
    found, form = _found(number), forms.IssueForm()
    if not form.validate():
        return _form_page(form, found)
    try:
        issues.save(number, form.draft(), staff=identity.me().person)
    except IssueError as error:
        return _page(_found(number), str(error.message), error.status)
    return back("issue", number=number, done="saved")


@bp.get(f"{ISSUE}/preview")
def preview(number: int) -> Response:
    """Show an issue as it will arrive, in each language, also as plain text."""
    found = _found(number)
    texts = queries.texts(db.session(), number)
    shown = {}
    for language in Language:
        if language in texts and (not found.advertising or Language.KK in texts):
            kind, values = composing.parts_of(found, texts, language)
            values["token"] = issues.NO_TOKEN
            subject, text, _html = outbox.rendered(kind, language, values)
            shown[language] = (subject, text, outbox.paragraphs(text))
    page = render_template("newsletter/admin/preview.html", issue=found, shown=shown)
    return make_response(page)


@bp.post(f"{ISSUE}/copies")
def copy(number: int) -> Response:
    """Send a copy in each language to the member of staff."""
    return _press(number, lambda: issues.try_out(number, identity.me().person), "copied")


@bp.post(f"{ISSUE}/moves")
def move(number: int) -> Response:
    """Start, pause, resume or end an issue, or send again what was unsure."""
    moves: dict[str, Callable[..., object]] = {
        "start": issues.start,
        "pause": issues.pause,
        "resume": issues.resume,
        "stop": issues.stop,
        "again": issues.send_unsure_again,
    }
    wanted = moves.get(request.form.get("to", ""))
    if wanted is None:
        abort(400)
    return _press(number, lambda: wanted(number, staff=identity.me().person), "moved")


def _press(number: int, act: Callable[[], object], done: str) -> Response:
    _found(number)
    try:
        if act() is False:
            done = "blocked"
    except IssueError as error:
        return _page(_found(number), str(error.message), error.status)
    return back("issue", number=number, done=done)


def _found(number: int) -> Issue:
    found = db.session.get(Issue, number, populate_existing=True)
    if found is None:
        abort(404)
    return found


def _filled(found: Issue) -> forms.IssueForm:
    values: dict[str, object] = {
        "topic": found.topic,
        "advertising": found.advertising,
        "due_at": forms.LocalMoment.shown(found.due_at),
    }
    for language, text in queries.texts(db.session(), found.id).items():
        values[f"subject_{language.value}"] = text.subject
        values[f"body_{language.value}"] = text.body
    return forms.IssueForm(formdata=None, data=values)


def _page(found: Issue, problem: str, status: int) -> Response:
    draft = found.state == IssueState.DRAFT
    page = (
        _form_page(_filled(found), found, problem)
        if draft
        else _progress_page(found, problem)
    )
    page.status_code = status
    return page


def _form_page(form: forms.IssueForm, found: Issue | None, problem: str = "") -> Response:
    body = render_template(
        "newsletter/admin/write.html",
        form=form,
        issue=found,
        count=queries.count_receiving(db.session(), found) if found else 0,
        languages=Language,
        problem=problem,
        done=DONE.get(request.args.get("done", "")),
    )
    return make_response(body, UNPROCESSABLE if form.errors else 200)


def _progress_page(found: Issue, problem: str = "") -> Response:
    """Show how far an issue is; while it is being sent the page comes again by itself."""
    page = make_response(
        render_template(
            "newsletter/admin/issue.html",
            issue=found,
            texts=queries.texts(db.session(), found.id),
            progress=queries.progress(found),
            states=labels.ISSUE_STATES,
            topics=labels.TOPICS,
            words=labels.DELIVERY_STATES,
            why=labels.WHY,
            seconds=REFRESH_SECONDS,
            problem=problem,
            done=DONE.get(request.args.get("done", "")),
        )
    )
    if found.state == IssueState.SENDING and not problem:
        page.headers["Refresh"] = str(REFRESH_SECONDS)
    return page
