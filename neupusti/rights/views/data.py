"""See, download and correct one's own data: for an account and for a pass alike."""

from flask import Response as FileResponse
from flask import make_response, redirect, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.core.forms.base import ConfirmForm, shown
from neupusti.core.web import stored_files
from neupusti.rights import queries
from neupusti.rights.forms import CorrectForm
from neupusti.rights.models import ExportState
from neupusti.rights.service import correcting, deciding, exporting, requests, words
from neupusti.rights.service.errors import RightsError
from neupusti.rights.service.requests import Asker
from neupusti.rights.service.sections import sections
from neupusti.rights.views.blueprint import asker, both, here

RELOAD_SECONDS = 5


@both("", "data", "GET")
def data() -> Response:
    """Show what is kept, section by section."""
    return make_response(_data_page(asker()))


@both("export", "export", "POST")
def export() -> Response:
    """Ask for an archive of everything."""
    one = asker()
    try:
        request = exporting.start(one)
    except RightsError as error:
        return make_response(_data_page(one, str(error.message)), error.status)
    return redirect(here("progress", number=request.number), 303)


@both("export/<number>", "progress", "GET")
def progress(number: str) -> Response:
    """Show how far an archive is; the page loads itself again until it is ready."""
    request = requests.own(asker(), number)
    made = exporting.of_request(request)
    waits = made.state in exporting.UNFINISHED
    page = render_template(
        "rights/export.html",
        request_=request,
        export=made,
        states=words.STATES,
        is_ready=made.state in exporting.WITH_FILE,
        waits=waits,
        failed=made.state == ExportState.FAILED.value,
        here=here,
    )
    return make_response(page, {"Refresh": str(RELOAD_SECONDS)} if waits else {})


@both("export/<number>/file", "download", "GET")
def download(number: str) -> FileResponse:
    """Send an archive to whoever it is about; 404 for everybody else and afterwards."""
    request = requests.own(asker(), number)
    made = exporting.of_request(request)
    answer = stored_files.send(
        exporting.opened(made), "application/zip", f"neupusti-{request.number}.zip"
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@both("correct", "correct", "GET")
def correct() -> Response:
    """Show what can be changed at once, and the form for the rest."""
    form = CorrectForm(formdata=None)
    form.offer(list(correcting.values(asker().whose)))
    return _correct_page(form)


@both("correct", "contest", "POST")
def contest() -> Response:
    """Store that a value is wrong; staff decide."""
    one, form = asker(), CorrectForm()
    values = list(correcting.values(one.whose))
    form.offer(values)
    if not form.validate():
        return _correct_page(form)
    value = next((found for found in values if found.key == form.value.data), None)
    try:
        request = correcting.contest(one, value, form.proposed.data, form.about.data)
    except RightsError as error:
        form.refuse("value", str(error.message))
        return _correct_page(form)
    return redirect(here("request", number=request.number), 303)


@both("request/<number>", "request", "GET")
def show(number: str) -> Response:
    """Show a request to its person."""
    request = requests.own(asker(), number)
    page = render_template(
        "rights/request.html",
        request_=request,
        due=queries.due(request),
        steps=queries.steps(request.id),
        decided=deciding.told(request.id),
        words=words,
        here=here,
    )
    return make_response(page)


def _data_page(one: Asker, problem: str = "") -> str:
    known = queries.of_person(one.person, one.email_key)
    asked = [request for request in known if requests.is_own(one, request)]
    return render_template(
        "rights/data.html",
        sections=list(sections(one.whose)),
        form=ConfirmForm(),
        asker=one,
        requests=asked,
        archives=exporting.of_requests(asked),
        words=words,
        here=here,
        problem=problem,
        title=_("Your data"),
    )


def _correct_page(form: CorrectForm) -> Response:
    return shown("rights/correct.html", form, asker=asker(), here=here)
