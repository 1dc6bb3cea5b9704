"""The lists of goods: all of them, and those of one category."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from neupusti.catalog.queries import listing as queries
from neupusti.catalog.queries.categories import Entry, Menu, menu
from neupusti.catalog.queries.listing import MAX_PAGE, Listing, Sort, Wanted
from neupusti.catalog.views.blueprint import bp
from neupusti.core import clock
from neupusti.core.text import collation, languages
from neupusti.core.web import page_cache
from neupusti.core.web.pagination import LARGEST, number, whole

SLUG = re.compile(r"[a-z0-9-]{1,80}", re.ASCII)
BRAND_LIMIT = 120
YES = "y"
SORTS: Mapping[Sort, LazyString] = {
    Sort.NEW: _("newest first"),
    Sort.CHEAPER: _("cheapest first"),
    Sort.DEARER: _("most expensive first"),
    Sort.NAME: _("by name"),
    Sort.DISCOUNT: _("by discount"),
}


@dataclass(frozen=True, slots=True)
class View:
    """What the page of a list shows around its cards; also its links."""

    here: Entry | None
    """The category; None: all goods."""
    menu: Menu
    brands: tuple[str, ...]
    wanted: Wanted
    listing: Listing

    @property
    def address(self) -> str:
        """The address of the list without filters, sorting and page."""
        if self.here is None:
            return url_for("catalog.products")
        return url_for("catalog.category", slug=self.here.slug)

    def link(
        self, *, page: int = 1, sort: Sort | None = None, after: int | None = None
    ) -> str:
        """Return the address of this list with its filters, at another page or order."""
        wanted, order = self.wanted, sort or self.wanted.sort
        query = {
            "sort": order.value if order is not Sort.NEW else None,
            "from": wanted.lowest,
            "to": wanted.highest,
            "brand": wanted.brand or None,
            "deals": YES if wanted.deals else None,
            "stock": YES if wanted.stock else None,
            "page": page if page > 1 else None,
            "after": after,
        }
        given = {name: value for name, value in query.items() if value is not None}
        return f"{self.address}?{urlencode(given)}" if given else self.address

    def page(self, number: int) -> str:
        """Return the address of page `number`, as the macro of pagination wants it."""
        return self.link(page=number)

    @property
    def numbered(self) -> bool:
        """Whether this page has a number."""
        return self.wanted.after is None

    @property
    def following(self) -> str | None:
        """The address of the next page where it has no number."""
        if not self.listing.more or (self.numbered and self.wanted.page < MAX_PAGE):
            return None
        return self.link(after=self.listing.cards[-1].id)

    @property
    def canonical(self) -> str:
        """The address for search engines: without filters and sorting."""
        page = self.wanted.page
        alone = not self.wanted.filtered and self.wanted.sort is Sort.NEW and page > 1
        return f"{self.address}?page={page}" if alone else self.address

    @property
    def indexed(self) -> bool:
        """Whether search engines may list this page."""
        return self.numbered and not self.wanted.filtered and self.wanted.sort is Sort.NEW


@bp.get("/catalog/")
def products() -> Response:
    """Show the categories and all goods."""
    return _list(menu(languages.current()), None)


@bp.get("/catalog/<slug>/")
def category(slug: str) -> Response:
    """Show the goods of one category and of those below it."""
    if slug != slug.lower() and SLUG.fullmatch(slug.lower()):
        return redirect(url_for("catalog.category", slug=slug.lower()), 301)
    found = menu(languages.current())
    here = found.find(slug)
    if here is None:
        raise NotFound
    return _list(found, here)


def _list(found: Menu, here: Entry | None) -> Response:
    family = found.family(here.id) if here else ()
    wanted = _wanted(tuple(entry.id for entry in family))
    kept = sum(entry.products for entry in family) if here else found.products
    shown = queries.listing(
        wanted,
        clock.today(),
        languages.current(),
        total=None if wanted.filtered else kept,
    )
    if not shown.cards and wanted.page > 1:
        raise NotFound
    brands = sorted(queries.brands(wanted.categories), key=collation.sort_key)
    view = View(here, found, tuple(brands), wanted, shown)
    return page_cache.public(
        *("catalog.list", view),
        render=lambda: render_template("catalog/list.html", view=view, sorts=SORTS),
    )


def _wanted(categories: tuple[int, ...]) -> Wanted:
    """Return what the query asks for; what no link or form of ours says is ignored."""
    args = request.args
    sort, page = args.get("sort", ""), number(args.get("page"))
    if page > MAX_PAGE:
        raise NotFound
    brand = args.get("brand", "").strip()
    return Wanted(
        categories=categories,
        sort=Sort(sort) if sort in {*Sort} else Sort.NEW,
        lowest=_tenge(args.get("from")),
        highest=_tenge(args.get("to")),
        brand=brand if len(brand) <= BRAND_LIMIT else "",
        deals=args.get("deals") == YES,
        stock=args.get("stock") == YES,
        page=page,
        after=_row(args.get("after")),
    )


def _tenge(text: str | None) -> int | None:
    """Return an amount as typed: «12 990» with any spaces, or None."""
    amount = whole("".join((text or "").split()))
    return None if amount is None else min(amount, LARGEST)


def _row(text: str | None) -> int | None:
    found = whole(text)
    return found if found and found <= LARGEST else None
