"""The key of a form that was shown: what is sent twice is stored once."""

import re
import secrets
from typing import Any

from wtforms import HiddenField

SHAPE = re.compile(r"[\w-]{20,60}", re.ASCII)


class Submission(HiddenField):  # type: ignore[misc]  # the library is untyped
    """Which form was sent; anything else is one that was sent once."""

    data: str

    def process_data(self, _value: Any) -> None:
        """Begin with a key of its own."""
        self.data = secrets.token_urlsafe(32)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep only what has the shape of ours."""
        for sent in valuelist[:1]:
            if SHAPE.fullmatch(sent):
                self.data = sent
