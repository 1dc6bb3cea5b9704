"""The files of the sample goods: texts in every language, quiet drawings, no leftovers."""

from datetime import date
from xml.etree import ElementTree as ET

import pytest

from neupusti.catalog.models import ReturnRule
from neupusti.catalog.service import samples
from neupusti.catalog.service.samples import DRAWINGS, DealEnd
from neupusti.core.text.languages import Language
from tests.catalog.test_samples import ROWS

EACH = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["slug"])


@pytest.mark.parametrize(
    ("until", "today", "last"),
    [
        (DealEnd.WEEK, date(2026, 11, 16), date(2026, 11, 22)),
        (DealEnd.WEEK, date(2026, 11, 21), date(2026, 11, 22)),
        (DealEnd.WEEK, date(2026, 11, 22), date(2026, 11, 22)),
        (DealEnd.WEEK, date(2026, 12, 31), date(2027, 1, 3)),
        (DealEnd.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
        (DealEnd.MONTH, date(2026, 11, 30), date(2026, 11, 30)),
        (DealEnd.MONTH, date(2026, 12, 5), date(2026, 12, 31)),
        (DealEnd.MONTH, date(2027, 2, 1), date(2027, 2, 28)),
        (DealEnd.MONTH, date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_a_deal_ends_on_sunday_or_with_the_month(
    until: DealEnd, today: date, last: date
) -> None:
    assert samples.deal_end(until, today) == last


@EACH
def test_a_sample_is_complete(row: dict[str, object]) -> None:
    texts = (
        "name",
        "text",
        "composition",
        "picture",
        *(("sizes",) if "sizes" in row else ()),
    )
    for name in texts:
        by_language = row[name]
        assert isinstance(by_language, dict)
        assert set(by_language) == set(Language), name
        assert all(text.strip() == text != "" for text in by_language.values()), name
    names = row["name"]
    assert isinstance(names, dict)
    assert all(len(text) <= 80 for text in names.values())
    assert ReturnRule(str(row["return_rule"]))
    assert ("until" in row) == ("deal_price" in row)
    assert not {"deal_price", "old_price"} <= row.keys()


@EACH
def test_its_drawing_is_small_and_quiet(row: dict[str, object]) -> None:
    source = (DRAWINGS / f"{row['slug']}.svg").read_text()
    assert len(source.encode()) <= 4_500
    tree = ET.fromstring(source)  # noqa: S314 - our own
    assert tree.get("viewBox") == "0 0 400 300"
    names = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert not names & {"script", "text", "image", "style", "foreignObject"}
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_samples_have_addresses_and_articles_of_their_own() -> None:
    for name in ("slug", "article"):
        assert len({row[name] for row in ROWS}) == len(ROWS) >= 60


def test_no_drawing_is_left_over() -> None:
    drawn = {path.stem for path in DRAWINGS.glob("*.svg")}
    assert drawn == {row["slug"] for row in ROWS}
