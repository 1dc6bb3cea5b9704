"""Categories: add, rename, order, move below another, publish."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from neupusti.catalog.models import Category
from neupusti.catalog.service import editing, visibility
from neupusti.catalog.service.drafts import CategoryDraft, seen
from neupusti.catalog.service.errors import CatalogError, ConflictError
from neupusti.core.data.database import db
from neupusti.core.records.journal import StaffActionType, log_staff_action
from neupusti.core.text import slugs

CATEGORY = StaffActionType("catalog.category", _("Added or changed a category"))
NAMELESS = "category"


def tree() -> list[tuple[Category, int]]:
    """Return every category with its depth, each followed by those below it."""
    wanted = select(Category).order_by(Category.position, Category.id)
    below: dict[int | None, list[Category]] = {}
    for category in db.session.scalars(wanted):
        below.setdefault(category.parent, []).append(category)

    def walk(parent: int | None, depth: int) -> Iterator[tuple[Category, int]]:
        for category in below.get(parent, ()):
            yield category, depth
            yield from walk(category.id, depth + 1)

    return [*walk(None, 0)]


def add(draft: CategoryDraft, *, staff: int) -> None:
    """Store a new category; its address comes from its Russian name and stays."""

    def work(session: Session) -> None:
        base = slugs.slug(draft.name_ru) or NAMELESS
        known = select(Category.slug).where(
            or_(Category.slug == base, Category.slug.startswith(f"{base}-"))
        )
        category = Category(slug=slugs.free(base, set(session.scalars(known))), products=0)
        draft.write(category)
        session.add(category)
        session.flush()
        _log(session, category, staff)

    editing.attempted(work)


def change(number: int, draft: CategoryDraft, *, opened: str, staff: int) -> bool:
    """Save a category; False: there is none. Raise CatalogError, ConflictError."""

    def work(session: Session) -> bool:
        # All of them, in one order: two that are put below each other at once.
        every = select(Category).order_by(Category.id).with_for_update()
        known = {
            row.id: row
            for row in session.scalars(every.execution_options(populate_existing=True))
        }
        category = known.get(number)
        if category is None:
            return False
        if seen(category) != opened:
            raise ConflictError
        if number in _ancestry(known, draft.parent):
            message = _("A category cannot be below itself.")
            raise CatalogError({"parent": message})
        if draft.changes(CategoryDraft.of(category)):
            draft.write(category)
            _log(session, category, staff)
            visibility.settle_categories(session, _family(known, number), renamed=number)
        return True

    return editing.attempted(work)


def _ancestry(known: dict[int, Category], number: int | None) -> Iterator[int]:
    """Yield `number` and every category above it."""
    while number is not None:
        yield number
        number = known[number].parent


def _family(known: dict[int, Category], number: int) -> list[int]:
    """Return `number` and every category below it."""
    return [other for other in known if number in _ancestry(known, other)]


def _log(session: Session, category: Category, staff: int) -> None:
    what = f"category {category.id}: {category.slug}"
    log_staff_action(session, staff=staff, action=CATEGORY, what=what)
