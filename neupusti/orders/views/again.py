"""A form that came too late: it is shown again, so nothing that was typed is lost."""

from collections.abc import Callable

from werkzeug.wrappers import Response

from neupusti.core.forms.base import Form
from neupusti.orders.service.errors import StaleError


def shown(
    form: Form, version: int, error: StaleError, page: Callable[[], Response]
) -> Response:
    """Return the page of the form with the error, and with the order's present version."""
    form["version"].data = str(version)
    form.form_errors.append(str(error.message))
    response = page()
    response.status_code = error.status
    return response
