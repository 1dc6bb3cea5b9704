"""Stock that is exact and provable: conditional updates, and a movement for each.

The stock of a product is the sum of its movements. An update states its own condition, so
two buyers of the last piece need no lock that outlives the statement.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Executable, Integer, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from neupusti.catalog.models import FEW, Band, MovementKind, Product, StockMovement
from neupusti.core import clock

NUMBER, DELTA = "number", "delta"
AFTER = Product.stock + bindparam(DELTA, type_=Integer)
CHANGED = (
    update(Product)
    .where(Product.id == bindparam(NUMBER, type_=Integer), AFTER >= 0)
    .values(stock=AFTER)
    .returning(Product)
)
"""Made once, as the next: to make a statement takes longer than to execute it."""
SOLD = CHANGED.where(Product.published)
RETURNED = {"populate_existing": True, "synchronize_session": False}
"""What a statement returns replaces what the session knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Why the stock of one product changes, and by how much."""

    product: int
    delta: int
    kind: MovementKind
    source: int | None = None
    """The row that caused it: the same cause cannot move stock twice."""
    staff: int | None = None
    reason: str = ""


def take(session: Session, wanted: Mapping[int, int]) -> tuple[list[Product], set[int]]:
    """Take pieces (product -> number) in the open write transaction.

    Return the products as they are now, and the numbers of those that have too few or are
    not sold any more: then the caller rolls back. Products are locked in one order,
    against deadlocks. The movements follow by `record`, once the lines have numbers.
    """
    taken, refused = [], set()
    for product, number in sorted(wanted.items()):
        found = _changed(session, SOLD, product, -number)
        if found is None:
            refused.add(product)
        else:
            taken.append(found)
    return taken, refused


def record(session: Session, *movements: Movement) -> None:
    """Store movements; raise IntegrityError where a cause has moved stock before."""
    now = clock.now()
    rows = [{"at": now, **asdict(movement)} for movement in movements]
    # Their numbers are of no use; but rows that return something go by one statement.
    session.scalars(insert(StockMovement).returning(StockMovement.id), rows).all()


def change(session: Session, movement: Movement) -> bool:
    """Change the stock by one movement; return False where it would fall below 0.

    A product that is not there any more keeps only the movement. Raise IntegrityError
    where the cause has moved stock before.
    """
    record(session, movement)
    if _changed(session, CHANGED, movement.product, movement.delta) is not None:
        return True
    exists = session.scalar(select(Product.id).where(Product.id == movement.product))
    return exists is None


def mismatches(session: Session) -> list[tuple[int, int, int]]:
    """Return (product, stock, sum of its movements) of those that differ."""
    total = func.coalesce(
        select(func.sum(StockMovement.delta))
        .where(StockMovement.product == Product.id)
        .scalar_subquery(),
        0,
    )
    rows = session.execute(
        select(Product.id, Product.stock, total).where(Product.stock != total)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def band(stock: int) -> Band:
    """Return what lists show for `stock`."""
    return Band.OUT if stock == 0 else Band.FEW if stock <= FEW else Band.IN


def _changed(
    session: Session, statement: Executable, product: int, delta: int
) -> Product | None:
    """Change the stock of a product; return it as it is now, or None where it may not be.

    Its band follows only where it is another: every list has it in its index.
    """
    values = {NUMBER: product, DELTA: delta}
    found: Product | None = session.scalar(statement, values, execution_options=RETURNED)
    if found is not None and found.band != (shown := band(found.stock).value):
        found.band, found.version, found.changed_at = shown, found.version + 1, clock.now()
    return found
