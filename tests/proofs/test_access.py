from collections.abc import Callable
from datetime import datetime

from flask import Flask

from neupusti.access.models import Address, Finding, Record, Sweep
from tests.proofs.planting import all_turn_red
from tests.proofs.rows import NOW, OLD, logged, row

PLANTS = {
    "log-addresses": logged(row(Record, ip="192.0.2.1, 198.51.100.7")),
    "log-referrers": logged(row(Record, referrer="https://example.kz/?q=name")),
    "log-cookies": logged(row(Record, cookies="session=abc")),
    "log-visitors": logged(row(Record, visitor="a", granted="preferences")),
    "log-countries": logged(row(Record, country="KZ")),
    "day-addresses": logged(row(Address, ip="a visitor")),
    "findings-masked": logged(row(Finding, network="192.0.2.1")),
    "log-destroyed-whole": logged(row(Sweep, at=OLD)),
}


def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
