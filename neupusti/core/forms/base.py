"""The form every form derives from: it says what it takes personal data for (3.1)."""

from typing import Any, ClassVar

from flask import make_response, render_template
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms.fields.core import UnboundField

from neupusti.core.data.classification import Purpose

UNPROCESSABLE = 422


class UndeclaredFormError(TypeError):
    """A form asks for personal data and does not say what for."""


class Form(FlaskForm):  # type: ignore[misc]  # the library is untyped
    """A form with a CSRF token; with personal fields it declares its purposes."""

    purposes: ClassVar[tuple[Purpose, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if asked := [name for name, clause in clauses(cls).items() if clause]:
            _check_declared(cls, asked)

    def refuse(self, field: str, words: str) -> None:
        """Put what a rule said about `field` beside it, and into the summary."""
        self[field].errors = [*self[field].errors, words]


def clauses(form: type[Form]) -> dict[str, str]:
    """Return field -> the clause its answer falls under, of every personal field."""
    fields = (
        (name, field)
        for kind in reversed(form.__mro__)
        for name, field in vars(kind).items()
        if isinstance(field, UnboundField)
    )
    return {name: field.kwargs.get("clause") or _own(field) for name, field in fields}


def shown(template: str, form: Form, **values: Any) -> Response:
    """Answer with the page of a form: 422 where it holds a mistake, else 200."""
    page = make_response(render_template(template, form=form, **values))
    page.status_code = UNPROCESSABLE if form.errors else 200
    return page


def _own(field: UnboundField) -> str:
    clause: str = getattr(field.field_class, "clause", "")
    return clause


def _check_declared(form: type[Form], asked: list[str]) -> None:
    if not form.purposes:
        raise UndeclaredFormError(
            f"{form.__name__} asks for {', '.join(asked)} and declares no purpose"
        )


class ConfirmForm(Form):
    """Nothing but a button: the token of the form is all it carries."""
