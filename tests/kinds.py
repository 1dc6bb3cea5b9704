"""Every kind of page: each route of the site, opened by somebody who may.

The routes and who may call them are read from the site, so that a page of a new feature
is looked at by the same tests.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.routing import BuildError, Rule

from neupusti.catalog.service import samples
from neupusti.core.rules import Permission, Who
from neupusti.core.security import authorisation
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service.life import deciding
from neupusti.policy.service import edition_store
from tests import desk
from tests.accounts import cast
from tests.looks import rendered
from tests.orders import buying
from tests.orders.buying import SOCKS, Shopper
from tests.people import AIGERIM, DANA, GUEST
from tests.rights.asking import pass_of

CONTINUE = "main button[name=go]"
TYPED = "input:not([type=hidden], [type=submit]), textarea, select"
FORMS = f"[...document.querySelectorAll('main form[method=post]:has({TYPED})')]"
EMPTIED = f"""nth => {{
  const form = {FORMS}[nth];
  for (const field of form.querySelectorAll('{TYPED}')) {{
    if (field.type === 'checkbox' || field.type === 'radio') field.checked = false;
    else field.value = '';
  }}
  form.noValidate = true;
  form.requestSubmit(form.querySelector('button:not([type])'));
}}"""
UNPROCESSABLE = 422
LEAST = 60
"""Kinds of pages there are at least: fewer means that something keeps us out."""


@dataclass
class Kinds:
    """A site with goods, an order, an account and staff, and a browser for each."""

    app: Flask
    chromium: Browser
    home: str
    language: Language = Language.RU
    browsers: dict[Who, FlaskClient] = field(default_factory=dict)
    contexts: list[BrowserContext] = field(default_factory=list)

    def __post_init__(self) -> None:
        samples.seed()
        guest = Shopper(self.app, GUEST)
        self.order = self._order(guest)
        guest.put(buying.made(1))
        self.account = cast.account(AIGERIM)
        customer = desk.signed_in(self.app, self.account.number)
        staff = desk.signed_in(self.app, desk.member(DANA, *Permission))
        mailbox = self.app.test_client()
        with mailbox.session_transaction() as kept:
            kept["pass"] = pass_of(GUEST)
        self.browsers = {Who.PUBLIC: guest.browser, Who.OWNER: customer, Who.STAFF: staff}
        self.browsers[Who.PASS] = mailbox

    def pages(self) -> Iterator[Page]:
        """Open every page that a route shows, then those between the steps of a form."""
        tabs = {who: self.tab(who) for who in self.browsers}
        shown = 0
        for who, path in self.paths():
            tabs[who].goto(self.home + path)
            shown += 1
            yield tabs[who]
        assert shown >= LEAST
        yield from self._steps()

    def refused(self) -> Iterator[Page]:
        """Send every form with nothing in it; yield each page that says what is wrong."""
        tabs = {who: self.tab(who) for who in self.browsers}
        for who, path in self.paths():
            page = tabs[who]
            page.goto(self.home + path)
            for nth in range(page.evaluate(f"{FORMS}.length")):
                page.goto(self.home + path)
                with page.expect_navigation() as answer:
                    page.evaluate(EMPTIED, nth)
                if answer.value.status == UNPROCESSABLE:
                    rendered(page)
                    yield page

    def paths(self) -> Iterator[tuple[Who, str]]:
        """Yield who opens what: every route of the site that answers with a page."""
        rules = authorisation.rules(self.app)
        for route in sorted(self.app.url_map.iter_rules(), key=lambda one: one.rule):
            who = rules[route.endpoint].who
            path = self._path(route)
            if path is None or "GET" not in (route.methods or ()):
                continue
            answer = self.browsers[who].get(path, headers=buying.SAME_ORIGIN)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                yield who, path

    def tab(self, who: Who) -> Page:
        """Return a page of a browser of its own, with the cookies of `who`."""
        context = self.chromium.new_context()
        self.contexts.append(context)
        cookies = (self.browsers[who]._cookies or {}).values()  # noqa: SLF001 - it lists none
        context.add_cookies(
            [{"name": c.key, "value": c.value, "url": self.home} for c in cookies]
        )
        return context.new_page()

    def close(self) -> None:
        """Close the browsers."""
        for context in self.contexts:
            context.close()

    def _order(self, guest: Shopper) -> ShopOrder:
        guest.put(buying.product(), 3)
        order = guest.bought(buying.product(SOCKS), by="courier")
        deciding.confirm(buying.press(order))
        return buying.now_of(order)

    def _path(self, route: Rule) -> str | None:
        sample = {
            "slug": "enamel-teapot" if "product" in route.rule else "kitchen",
            "number": self.order.number if "/orders/" in route.rule else "1",
            "day": str(edition_store.date_in_force()),
            "a": "2022-08-04",
            "b": str(edition_store.date_in_force()),
            "identity": "m2eekhmg",
            "dimension": "path",
        }
        if route.endpoint == "policy.clause":
            sample["number"] = "3.3"
        values: dict[str, Any] = {
            name: sample[name] for name in route.arguments if name in sample
        }
        with self.app.test_request_context(), suppress(BuildError):
            return self.language.prefix + self.app.url_for(route.endpoint, **values)
        return None

    def _steps(self) -> Iterator[Page]:
        """Go through the order form, and to the second step of a sign-in."""
        page = self.tab(Who.PUBLIC)
        page.goto(f"{self.home}{self.language.prefix}/checkout/")
        for name, answer in buying.details().items():
            page.fill(f"main [name={name}]", answer)
        for chosen in ("[value=courier]", "", "[value=cash]"):
            _go_on(page)
            yield page
            if chosen:
                page.check(f"main {chosen}")
            else:
                page.select_option("[name=region]", "KZ-75")
                for name in ("city", "street", "house"):
                    page.fill(f"main [name={name}]", buying.ADDRESS[name])
        _go_on(page)
        yield page
        page.goto(f"{self.home}/no-such-page")
        yield page


def _go_on(page: Page) -> None:
    # A click alone returns before the page that follows is there.
    with page.expect_navigation():
        page.click(CONTINUE)
