"""A browser of somebody who buys: every page is checked in its sizes and schemes."""

from dataclasses import dataclass, field

from playwright.sync_api import expect

from neupusti.core.feature import Category
from neupusti.core.registry import registry
from neupusti.core.text.languages import Language
from tests.canary import addresses, revealing
from tests.journeys.test_reading import Visit
from tests.looks import audit_once
from tests.orders import buying
from tests.people import GUEST, Person

LOOKS = ((360, "dark"), (1366, "light"))
"""Width and colour scheme in which a page is looked at."""
CONTINUE, SEND = "main button[name=go]", "main form:has([name=consent]) .button"
ADDRESS = {
    "city": "Алматы",
    "street": "улица Жибек Жолы",
    "house": "50",
    "flat": "12",
    "postcode": "050000",
    "comment": "Домофон 12К",
}


@dataclass
class Purchase(Visit):
    """A browser page of somebody who buys; each page is checked in its sizes."""

    who: Person = field(kw_only=True, default=GUEST)
    language: Language = field(kw_only=True, default=Language.RU)
    scripts: bool = field(kw_only=True, default=True)
    width: int = field(kw_only=True, default=1366)
    """In which the buttons are pressed."""

    def go(self, path: str) -> None:
        """Open a page in the language of the purchase, and check it."""
        self.open(self.language.prefix + path)
        self.check()

    def press(self, button: str) -> None:
        """Press the first of the buttons, and check the page that follows."""
        self.page.locator(button).first.click()
        self.page.wait_for_load_state("load")
        self.check()

    def fill(self, **answers: str) -> None:
        """Fill fields by name."""
        for name, answer in answers.items():
            self.page.fill(f"main [name={name}]", answer)

    def check(self) -> None:
        """Check language, leaks, sizes and accessibility of the page."""
        page = self.page
        assert page.get_attribute("html", "lang") == self.language.tag
        leaked = [one for one in addresses(page.content()) if revealing(one)]
        assert [*leaked, *filter(revealing, [page.url])] == []
        if self.scripts:
            audit_once(page, LOOKS)
            page.set_viewport_size({"width": self.width, "height": 800})

    def refuses_cookies(self) -> None:
        """Refuse all cookies but the necessary ones."""
        self.open(f"{self.language.prefix}/cart/")
        self.page.locator(".cookies [value=reject]").first.click()
        self.page.wait_for_load_state("load")

    def ends(self) -> None:
        """Check that nothing was complained of, and no cookie set that was refused."""
        assert self.complaints == []
        declared = registry().cookies
        necessary = {one.name for one in declared if one.category is Category.NECESSARY}
        assert {cookie["name"] for cookie in self.page.context.cookies()} <= necessary

    def puts(self, number: int, quantity: int) -> None:
        """Put a product into the basket, as its page does."""
        self.page.request.post(
            f"{self.home}{self.language.prefix}/cart/",
            form={"product": str(number), "quantity": str(quantity)},
            headers=buying.SAME_ORIGIN,
        )

    def places(self, delivery: str, payment: str, **contact: str) -> str:
        """Go through the order form; return the number of the order."""
        self.go("/cart/")
        self.press("main a.button")
        self.fill(**contact)
        self.press(CONTINUE)
        self.page.check(f"[value={delivery}]")
        self.press(CONTINUE)
        if delivery != "pickup":
            self.page.select_option("[name=region]", "KZ-75")
            self.fill(**ADDRESS)
            self.press(CONTINUE)
        self.page.check(f"[value={payment}]")
        self.press(CONTINUE)
        expect(self.page.locator("[name=consent]")).not_to_be_checked()
        self.press(SEND)
        expect(self.page.locator("#consent-error")).to_be_visible()
        self.page.check("[name=consent]")
        self.press(SEND)
        return self.page.url.rpartition("/")[2].partition("?")[0]

    def _console(self, message: object) -> None:
        # Chromium logs a 422 or 404, which are expected here.
        text = getattr(message, "text", "")
        if "status of 4" not in text:
            super()._console(message)  # type: ignore[arg-type]
