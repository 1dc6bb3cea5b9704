"""The proof that staff see addresses of the log for a reason only."""

from flask_babel import lazy_gettext as _
from sqlalchemy import and_

from neupusti.core.proofs.proof import AnyProof, Proof
from neupusti.core.records.journal import StaffAction
from neupusti.core.records.sealed import EMPTY
from neupusti.statistics.service import EXPORTED, UNMASKED

CODES = (UNMASKED.code, EXPORTED.code)

ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("3.3.2",),
        name="addresses-seen-for-a-reason",
        says=_("Staff saw no address of the log in full without writing down what for."),
        rows=StaffAction,
        wrong=lambda rows: and_(rows.c.action.in_(CODES), rows.c.sealed == EMPTY),
        forged={"action": UNMASKED.code, "sealed": EMPTY},
        right={"action": UNMASKED.code, "sealed": "digest"},
    ),
)
