"""The pages on which staff keep goods, from an empty shop to a table of goods."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from neupusti.catalog.models import Product
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from tests import desk
from tests.catalog.staff_goods import ALTS, FIELDS, LIST, NAMES, NEW, PHOTO, stored
from tests.catalog.test_sheets import number_of
from tests.conftest import SQLITE
from tests.journeys.purchase import Purchase
from tests.journeys.test_shop import enter, tabs_to
from tests.people import DANA

Work = Callable[..., Purchase]
SAVE = ".work form:has([name=article]) .button"
CATEGORY = {"name_ru": "Посуда", "name_kk": "Ыдыс", "name_en": "Kitchen"}
CHOICES = ("category", "origin", "return_rule")
"""The fields of `FIELDS` that are chosen from a list."""
DONE = "main .notice[role=status]"


@pytest.fixture
def work(app: Flask, chromium: Browser, site_url: str) -> Iterator[Work]:
    """Open a browser in which Дана is signed in, in a shop without goods."""
    app.config["SERVER_NAME"] = None
    client = desk.signed_in(app, desk.member(DANA, Permission.CONTENT))
    key = client.get_cookie("session")
    assert key is not None
    contexts: list[BrowserContext] = []

    def start(*, scripts: bool = True, **values: object) -> Purchase:
        context = chromium.new_context(java_script_enabled=scripts)
        context.add_cookies([{"name": "session", "value": key.value, "url": site_url}])
        contexts.append(context)
        return Purchase(context.new_page(), site_url, scripts=scripts, **values)  # type: ignore[arg-type]

    yield start
    for context in contexts:
        context.close()


def adds_a_category(dana: Purchase) -> None:
    """Follow the links from the empty list to the first category, and add it."""
    dana.go(LIST)
    dana.press("main a.button")
    dana.press("main .notice a")
    dana.fill(**CATEGORY)
    dana.press(".work form .button")
    expect(dana.page.locator("main tbody th")).to_have_count(1)


def adds_a_product(dana: Purchase) -> None:
    """Fill the form of a new product; the first answer to the price is no number."""
    dana.go(NEW)
    for name in CHOICES:
        dana.page.select_option(f"[name={name}]", FIELDS[name])
    dana.fill(**{name: FIELDS[name] for name in FIELDS.keys() - {*CHOICES}})
    dana.fill(price="12 990 ₸")
    dana.press(SAVE)
    expect(dana.page.locator("#price-error")).to_be_visible()
    expect(dana.page.locator("[name=composition_kk]")).to_have_value("composition kk")
    dana.fill(price="12990")
    dana.press(SAVE)
    expect(dana.page.locator(DONE)).to_be_visible()


def adds_a_photo(dana: Purchase) -> None:
    """Send the form of a photo, first without a file."""
    photo = ".work form[enctype] .button"
    dana.press(photo)
    expect(dana.page.locator("#photo-error")).to_be_visible()
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": PHOTO}
    dana.page.set_input_files("[name=photo]", file)  # type: ignore[arg-type]
    for name, words in ALTS.items():
        dana.page.fill(f".work form[enctype] [name={name}]", words)
    dana.press(photo)
    expect(dana.page.locator(".work .photo img")).to_have_count(1)


def counts_the_shelf(dana: Purchase, number: int) -> None:
    """Let ten pieces come, then count twelve."""
    dana.go(f"{LIST}{number}/stock")
    dana.page.fill("[name=pieces]", "10")
    dana.page.fill("#reason-move", "Накладная 7")
    dana.press("form[action$=movements] .button")
    expect(dana.page.locator("[name=was]")).to_have_value("10")
    dana.fill(now="12")
    dana.press("form[action$=counts] .button")
    expect(dana.page.locator("#reason-error")).to_be_visible()
    expect(dana.page.locator("[name=now]")).to_have_value("12")
    dana.page.fill("#reason", "Пересчитали полку")
    dana.press("form[action$=counts] .button")
    expect(dana.page.locator("main td.number").first).to_have_text("+2")
    assert stored(number).stock == 12


def sells(dana: Purchase, product: Product, price: str) -> None:
    """See the product in the shop at a price, on its page and in the list."""
    name = product.name(dana.language)
    dana.go(f"/product/{product.slug}")
    expect(dana.page.locator("h1")).to_have_text(name)
    expect(dana.page.locator("main")).to_contain_text(price)
    dana.go("/search?q=K-014")
    expect(dana.page.get_by_role("link", name=name).first).to_be_visible()


def imports(dana: Purchase, body: str) -> None:
    """Send a table, and look at the plan."""
    dana.go(f"{LIST}import")
    file = {"name": "goods.csv", "mimeType": "text/csv", "buffer": body.encode()}
    dana.page.set_input_files("[name=sheet]", file)  # type: ignore[arg-type]
    dana.press(".work form .button")


def figures(page: Page) -> list[str]:
    """Return how many lines are added, changed, as they are, refused."""
    return page.locator(".figure").all_inner_texts()


@SQLITE
@pytest.mark.parametrize(
    ("language", "width", "scripts"),
    [
        (Language.RU, 1366, True),
        (Language.KK, 360, True),
        (Language.EN, 320, True),
        (Language.KK, 1366, False),
    ],
    ids=["ru", "kk", "en", "kk without scripts"],
)
def test_a_product_is_added_sold_changed_and_withdrawn(
    work: Work, language: Language, width: int, *, scripts: bool
) -> None:
    dana = work(language=language, width=width, scripts=scripts)
    adds_a_category(dana)
    adds_a_product(dana)
    number = number_of("K-014")
    dana.go(f"{LIST}{number}")
    dana.press("form[action$=publish] .button")
    expect(dana.page.locator("main .problem li")).to_have_count(1)
    dana.go(f"{LIST}{number}/photos")
    adds_a_photo(dana)
    counts_the_shelf(dana, number)
    dana.go(f"{LIST}{number}")
    dana.press("form[action$=publish] .button")
    sells(dana, stored(number), "12 990 ₸")

    dana.go(f"{LIST}{number}")
    dana.fill(price="11490")
    dana.press(SAVE)
    sells(dana, stored(number), "11 490 ₸")

    dana.go(f"{LIST}{number}")
    dana.press("form[action$=withdraw] .button")
    dana.go(f"/product/{stored(number).slug}")
    expect(dana.page.locator("main")).not_to_contain_text("11 490 ₸")
    dana.go(f"{LIST}{number}/delete")
    dana.press(".work form .button")
    expect(dana.page.locator(DONE)).to_be_visible()
    dana.ends()


@SQLITE
@pytest.mark.parametrize(
    ("language", "scripts"),
    [(Language.RU, True), (Language.KK, True), (Language.EN, False)],
    ids=["ru", "kk", "en without scripts"],
)
def test_goods_leave_as_a_table_and_come_back_line_by_line(
    work: Work, language: Language, *, scripts: bool
) -> None:
    dana = work(language=language, width=360, scripts=scripts)
    adds_a_category(dana)
    adds_a_product(dana)
    number = number_of("K-014")
    dana.go(LIST)
    with dana.page.expect_download() as download:
        dana.page.locator("main a[href$='goods.csv']").click()
    table = Path(download.value.path()).read_text(encoding="utf-8-sig")
    heading, line = table.split("\n", 1)
    changed = line.replace("12990", "11490")
    added = line.replace("K-014", "K-015").replace(NAMES["name_ru"], "Самовар")
    wrong = line.replace("K-014", "K-016").replace("12990", "дорого")

    imports(dana, f"{heading}\n{changed}{added}{wrong}")
    assert figures(dana.page) == ["1", "1", "0", "1"]
    expect(dana.page.locator("section:has(#refused) tbody")).to_contain_text("K-016")
    expect(dana.page.locator(".work form .button")).to_have_count(0)

    imports(dana, f"{heading}\n{changed}{added}")
    assert figures(dana.page) == ["1", "1", "0", "0"]
    expect(dana.page.locator("section:has(#changed) tbody")).to_contain_text("11490")
    assert stored(number).price == 12990
    dana.press(".work form .button")
    expect(dana.page.locator(DONE)).to_be_visible()
    assert (stored(number).price, stored(number_of("K-015")).published) == (11490, False)
    imports(dana, f"{heading}\n{changed}{added}")
    assert figures(dana.page) == ["0", "0", "2", "0"]
    dana.ends()


@SQLITE
def test_a_product_with_the_keyboard(work: Work) -> None:
    dana = work(language=Language.KK, width=1366)
    dana.page.set_viewport_size({"width": dana.width, "height": 800})
    adds_a_category(dana)
    dana.open(f"/kk{NEW}")
    page = dana.page
    for name in ("article", "weight_g", "price", "name_ru", "name_kk", "name_en"):
        tabs_to(page, f"main [name={name}]")
        page.keyboard.type(FIELDS[name])
    enter(page)
    expect(page.locator(DONE)).to_be_visible()
    dana.open(f"/kk{LIST}{number_of('K-014')}/stock")
    for name, answer in (("now", "12"), ("reason", "Полка")):
        tabs_to(page, f"main [name={name}]")
        page.keyboard.type(answer)
    enter(page)
    assert stored(number_of("K-014")).stock == 12
    dana.ends()
