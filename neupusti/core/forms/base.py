"""The base class of forms, which declare the purposes of personal data (3.1)."""

from typing import Any, ClassVar

from flask import make_response, render_template
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms.fields.core import UnboundField

from neupusti.core.data.classification import Purpose
from neupusti.core.forms.tokens import FormTokens

UNPROCESSABLE = 422


class UndeclaredFormError(TypeError):
    """A form asks for personal data and declares no purpose."""


class Form(FlaskForm):  # type: ignore[misc]  # the library is untyped
    """A form with a CSRF token; with personal fields it must declare its purposes."""

    purposes: ClassVar[tuple[Purpose, ...]] = ()

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # the library is untyped
        """The tokens of this site, which start no session."""

        csrf_class = FormTokens

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if asked := [name for name, clause in clauses(cls).items() if clause]:
            _check_declared(cls, asked)

    def refuse(self, field: str, message: str) -> None:
        """Add an error to `field`, shown beside it and in the summary."""
        self[field].errors = [*self[field].errors, message]


def clauses(form: type[Form]) -> dict[str, str]:
    """Return field name -> the clause of its data; empty if it is not personal."""
    fields = (
        (name, field)
        for cls in reversed(form.__mro__)
        for name, field in vars(cls).items()
        if isinstance(field, UnboundField)
    )
    return {
        name: field.kwargs.get("clause") or _field_clause(field) for name, field in fields
    }


def shown(template: str, form: Form, **values: Any) -> Response:
    """Respond with the page of a form: 422 where it has errors, else 200."""
    page = make_response(render_template(template, form=form, **values))
    page.status_code = UNPROCESSABLE if form.errors else 200
    return page


def _field_clause(field: UnboundField) -> str:
    clause: str = getattr(field.field_class, "clause", "")
    return clause


def _check_declared(form: type[Form], asked: list[str]) -> None:
    if not form.purposes:
        raise UndeclaredFormError(
            f"{form.__name__} asks for {', '.join(asked)} and declares no purpose"
        )


class ConfirmForm(Form):
    """A form with only a button and the CSRF token."""
