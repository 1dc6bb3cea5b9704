"""What was found in the live data about a clause, beside its text."""

from neupusti.config.settings import settings
from neupusti.config.values import ProofMode
from neupusti.core.proofs import results, shown
from neupusti.core.proofs.shown import Shown
from neupusti.core.registry import registry
from neupusti.policy.views.blueprint import bp


@bp.app_template_global()
def live_proofs(entry: str) -> list[Shown]:
    """Return the proofs of an entry of the ledger; none where only staff may see them."""
    if settings().proofs is ProofMode.STAFF:
        return []
    return shown.of_clause(registry().proofs, results.known().standings, entry)
