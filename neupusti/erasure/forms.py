"""The form that confirms a destruction."""

from wtforms import HiddenField

from neupusti.core.forms.base import Form


class DestroyForm(Form):
    """The button under a preview; `seen` is the fingerprint of what it shows."""

    seen = HiddenField()
