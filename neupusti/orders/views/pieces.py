"""How many pieces of each line a form chooses: fields `line-<id>`."""

import re
from collections.abc import Callable, Sequence

from flask import request
from flask_babel import gettext as _

from neupusti.orders.models.order import OrderLine

NUMBER = re.compile(r"[0-9]{1,2}", re.ASCII)


def read(
    lines: Sequence[OrderLine], left: Callable[[OrderLine], int]
) -> tuple[dict[int, int], dict[str, str]]:
    """Read the pieces of each line (line -> number), and the errors by field."""
    pieces, errors = {}, {}
    for line in lines:
        name = field_name(line)
        texts = request.form.getlist(name) or [""]
        text, most = texts[0].strip(" ") or "0", left(line)
        if len(texts) > 1 or not NUMBER.fullmatch(text) or int(text) > most:
            errors[name] = _(
                "“%(name)s”: write a number from 0 to %(most)s.", name=line.name, most=most
            )
        elif int(text):
            pieces[line.id] = int(text)
    return pieces, errors


def nothing(lines: Sequence[OrderLine]) -> dict[str, str]:
    """Return the error of a form in which no piece is chosen."""
    return {field_name(lines[0]): _("Choose at least one piece.")}


def field_name(line: OrderLine) -> str:
    """Return the name of the field with the pieces of a line."""
    return f"line-{line.id}"
