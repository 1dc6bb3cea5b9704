"""A text that is translated late is escaped like any other."""

from flask import Flask, render_template_string
from flask_babel import LazyString, lazy_gettext

from tests.conftest import SQLITE

pytestmark = SQLITE
EVIL = "<img src=x onerror=evil()>"


def test_what_a_visitor_sent_is_no_markup_in_a_lazy_text(app: Flask) -> None:
    with app.test_request_context():
        for text in (lazy_gettext("Page: %(page)s", page=EVIL), LazyString(lambda: EVIL)):
            shown = render_template_string("{{ text }}{{ text | e }}", text=text)
            assert ("<img" in shown, shown.count("&lt;img")) == (False, 2)
