"""The headings of every public page form one outline, with no level left out."""

import re

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from neupusti.core.registry import registry
from tests.conftest import SQLITE
from tests.hostile import targets

HEADING = re.compile(r"<h([1-6])\b")


@SQLITE
@pytest.mark.usefixtures("samples")
@pytest.mark.slow
def test_no_heading_skips_a_level(app: Flask, client: FlaskClient) -> None:
    plain = [one.rule.rule for one in targets(app) if not one.rule.arguments]
    with app.test_request_context():
        listed = [url_for(name, **values) for name, values in registry().addresses()]
    for address in sorted({*plain, *listed, "/search?q=чайник"}):
        content = client.get(address).text.partition("<main")[2]
        levels = [*map(int, HEADING.findall(content))]
        steps = [*zip([0, *levels], levels, strict=False)]
        assert not [pair for pair in steps if pair[1] > pair[0] + 1], address
