"""The review sheet of the staff: read a draft, approve it, publish it (9.1, 9.2)."""

from typing import NoReturn

from flask import abort, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.core import clock
from neupusti.core.forms.base import shown
from neupusti.core.security import identity
from neupusti.core.text.languages import Language
from neupusti.core.web.pagination import ROW
from neupusti.policy.forms import PublishForm, ReadForm
from neupusti.policy.models import Edition, EditionKind, EditionState
from neupusti.policy.service import binding, editions, releasing
from neupusti.policy.service.drafts import (
    DisagreeError,
    EditionError,
    NotPastError,
    PastError,
)
from neupusti.policy.service.edition_store import current_store
from neupusti.policy.service.review import lines, review
from neupusti.policy.views.blueprint import bp
from neupusti.policy.views.readings import CHANGES, KINDS, READINGS, REASONS, STATES

REFUSALS = {
    releasing.ChangedError: _("The draft has changed since you read it. Read it again."),
    DisagreeError: _("Its texts do not agree in kind or moment. Import one of them again."),
    PastError: _("Its moment is past: say why it takes effect before its publication."),
    NotPastError: _("Its moment is not past: leave the reason out."),
}
DONE = frozenset({"approved", "published"})
"""The values of the parameter `done`."""


@bp.get("/admin/policy/")
def reviews() -> str:
    """List every edition, drafts first."""
    rows = sorted(editions.all_editions(), key=lambda one: one.published_at is not None)
    return render_template(
        "policy/reviews.html", editions=rows, kinds=KINDS, states=STATES, languages=Language
    )


@bp.get(f"/admin/policy/{ROW}")
def review_sheet(number: int) -> Response:
    """Show what a reviewer has to see of one text."""
    return _page(_known(number), PublishForm(formdata=None))


@bp.post(f"/admin/policy/{ROW}/approval")
def approve(number: int) -> Response:
    """Approve the text that was read."""
    edition, form = _known(number), ReadForm()
    if not form.validate():
        return _page(edition, _refused(form))
    try:
        releasing.approve(number, str(form.read.data), staff=_me())
    except EditionError as error:
        return _page(_known(number), _refused(form, error))
    return redirect(url_for("policy.review_sheet", number=number, done="approved"), 303)


@bp.post(f"/admin/policy/{ROW}/publication")
def publish(number: int) -> Response:
    """Publish the approved text; it is immutable from then on."""
    edition, form = _known(number), PublishForm()
    if not form.validate():
        return _page(edition, form)
    reason = str(form.backdate.data or "")
    try:
        releasing.publish(number, str(form.read.data), staff=_me(), reason=reason)
    except EditionError as error:
        return _page(_known(number), _refused(form, error))
    return redirect(url_for("policy.review_sheet", number=number, done="published"), 303)


def _refused(form: ReadForm, error: EditionError | None = None) -> PublishForm:
    """Return the form of the page with what was wrong."""
    page = form if isinstance(form, PublishForm) else PublishForm(formdata=None)
    if error is not None:
        page.refuse("backdate", str(REFUSALS.get(type(error), error)))
    return page


def _known(number: int) -> Edition:
    edition = releasing.find(number)
    return edition if edition is not None else _missing()


def _missing() -> NoReturn:
    abort(404)


def _me() -> int:
    person = identity.current()
    if person is None:
        raise RuntimeError("a staff page was reached without signing in")
    return person.person


def _page(edition: Edition, form: PublishForm) -> Response:
    done = request.args.get("done", "")
    reviewed = review(edition.text, Language(edition.language), edition.date)
    return shown(
        "policy/review.html",
        form,
        edition=edition,
        digest=releasing.digest_of(edition),
        review=reviewed,
        mismatches=binding.mismatches(current_store(), reviewed.document),
        state=edition.state,
        past=edition.effective_from < clock.now() and edition.date != clock.today(),
        done=done if done in DONE else "",
        lines=lines,
        readings=READINGS,
        reasons=REASONS,
        changes=CHANGES,
        kinds=KINDS,
        states=STATES,
        EditionState=EditionState,
        EditionKind=EditionKind,
    )
