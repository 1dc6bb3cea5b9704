"""Countries of production, in the three languages."""

import pytest

from neupusti.core.text import countries
from neupusti.core.text.languages import Language


@pytest.mark.parametrize(
    ("language", "turkey", "last"),
    [(Language.RU, "Турция", "Япония"), (Language.KK, "Түркия", "Ямайка")],
)
def test_they_are_those_of_iso_with_kazakhstan_first(
    language: Language, turkey: str, last: str
) -> None:
    names = countries.names(language)
    assert len(names) == 249
    assert next(iter(names)) == "KZ"
    assert (names["TR"], [*names.values()][-1]) == (turkey, last)
    assert not {"EU", "UN", "XK", "ZZ", "QO"} & names.keys()
