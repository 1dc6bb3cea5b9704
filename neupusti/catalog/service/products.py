"""What staff do with one product: each act is a transaction and a row of the journal."""

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.catalog.models import MovementKind, Product, ProductPhoto, StockMovement
from neupusti.catalog.service import editing, visibility
from neupusti.catalog.service.drafts import Draft, seen
from neupusti.catalog.service.errors import CatalogError, ConflictError, PublishError
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import (
    StaffAction,
    StaffActionType,
    log_staff_action,
)
from neupusti.core.text.languages import Language

ADDED = StaffActionType("catalog.added", _("Added a product"))
CHANGED = StaffActionType("catalog.changed", _("Changed a product"))
PUBLISHED = StaffActionType("catalog.published", _("Published a product"))
WITHDRAWN = StaffActionType("catalog.withdrawn", _("Withdrew a product"))
DELETED = StaffActionType("catalog.deleted", _("Deleted a product"))
DISCARDED = "product deleted"
"""The reason of the movement that writes off its stock."""
ORDERED = _(
    "It was ordered, so orders and the books refer to it: it can only be withdrawn from "
    "the shop."
)
MAX_WHAT = 120
"""Characters that the journal keeps of what was changed."""


def add(draft: Draft, *, staff: int) -> int:
    """Store a new product; return its number. Raise CatalogError."""

    def work(session: Session) -> int:
        check(session, draft, None)
        product = editing.create(session, draft)
        log(session, ADDED, product.id, draft.article, staff=staff)
        return product.id

    return editing.attempted(work)


def change(number: int, draft: Draft, *, opened: str, staff: int) -> bool | None:
    """Save a product; return whether anything changed, None: there is no such product.

    `opened` is the digest of the product in the form. Raise ConflictError where the product
    is another one by now, and CatalogError.
    """

    def work(session: Session) -> bool | None:
        product = locked(session, number)
        if product is None:
            return None
        if seen(product) != opened:
            raise _conflict(session, number)
        check(session, draft, product)
        changes = editing.update(session, product, draft)
        if changes:
            names = ", ".join(name for name, _old, _new in changes)
            log(session, CHANGED, number, names, staff=staff)
        return bool(changes)

    return editing.attempted(work)


def publish(number: int, *, staff: int) -> bool:
    """Publish a product; False: there is none. Raise PublishError with every reason."""
    with writing() as session:
        product = locked(session, number)
        if product is not None and not product.released:
            if reasons := _missing(session, product):
                raise PublishError(*reasons)
            _show(session, product, PUBLISHED, staff)
        return product is not None


def withdraw(number: int, *, staff: int) -> bool:
    """Take a product off the shop's pages; False: there is none."""
    with writing() as session:
        product = locked(session, number)
        if product is not None and product.released:
            _show(session, product, WITHDRAWN, staff)
        return product is not None


def delete(number: int, *, staff: int) -> bool:
    """Delete a product that was never ordered; False: there is none. Raise PublishError."""
    with writing() as session:
        product = locked(session, number)
        if product is None:
            return False
        if was_ordered(number, session):
            raise PublishError(ORDERED)
        log(session, DELETED, number, product.article, staff=staff)
        editing.discard(session, [product], DISCARDED, staff=staff)
    return True


def was_ordered(number: int, session: Session | None = None) -> bool:
    """Return whether an order ever took a piece of a product, cancelled or not."""
    sold = select(StockMovement.id).where(
        StockMovement.product == number, StockMovement.kind == MovementKind.SOLD.value
    )
    return (session or db.session()).scalar(sold.limit(1)) is not None


def locked(session: Session, number: int) -> Product | None:
    """Return a product as it is now, locked against other writers."""
    visibility.lock(session)
    return session.get(Product, number, with_for_update=True, populate_existing=True)


def check(session: Session, draft: Draft, product: Product | None) -> None:
    """Raise CatalogError for what cannot be stored."""
    errors = draft.errors(Draft.of(product) if product else None)
    number = product.id if product else None
    if editing.article_taken(session, draft.article, but=number):
        errors["article"] = _("Another product has this article.")
    if errors:
        raise CatalogError(errors)


def log(  # noqa: PLR0913 - a row of the journal is all of these
    session: Session,
    action: StaffActionType,
    number: int,
    what: str,
    *,
    staff: int,
    reason: str = "",
) -> None:
    """Append an act to the journal of staff, with the number of the product."""
    words = f"{_subject(number)} {what}"[:MAX_WHAT]
    log_staff_action(session, staff=staff, action=action, what=words, reason=reason)


def _subject(number: int) -> str:
    return f"product {number}:"


def _conflict(session: Session, number: int) -> ConflictError:
    """Return the error with who saved the product last, and when."""
    codes = [action.code for action in (ADDED, CHANGED)]
    last = session.scalars(
        select(StaffAction)
        .where(StaffAction.action.in_(codes), StaffAction.what.startswith(_subject(number)))
        .order_by(StaffAction.id.desc())
        .limit(1)
    ).first()
    return ConflictError(last.staff, last.at) if last else ConflictError()


def _missing(session: Session, product: Product) -> list[str]:
    photo = select(ProductPhoto.id).where(ProductPhoto.product == product.id).limit(1)
    reasons = []
    if session.scalar(photo) is None:
        reasons.append(str(_("Add a photo first: a product without one is not shown.")))
    reasons += [
        str(_("Write the name first: %(language)s.", language=language.own_name))
        for language in Language
        if not product.name(language).strip()
    ]
    return reasons


def _show(session: Session, product: Product, action: StaffActionType, staff: int) -> None:
    product.released = action is PUBLISHED
    editing.touch(product)
    visibility.settle(session, product)
    log(session, action, product.id, product.article, staff=staff)


def find(number: int) -> Product | None:
    """Return a product for reading, or None."""
    return db.session.get(Product, number)
