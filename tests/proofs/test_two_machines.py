"""Proofs that two machines run at once: staff hear once of what is broken."""

from dataclasses import replace

import pytest
from flask import Flask

from neupusti.core import clock
from neupusti.core.proofs import results, whole
from neupusti.core.rules import Permission
from neupusti.proofs.service import proving
from tests import desk
from tests.core.proofs.examples import CHECK
from tests.people import DANA
from tests.proofs.test_job import emails


def test_two_machines_tell_once_what_breaks(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another machine has stored meanwhile is not known in this process yet."""
    desk.member(DANA, Permission.PRIVACY)
    monkeypatch.setattr(results, "known", results.Known)
    found = whole.run([replace(CHECK, items=lambda _looking: [3])])
    for _ in range(2):
        proving.keep(found, clock.now(), is_whole=True)
    assert emails() == [DANA.email]
