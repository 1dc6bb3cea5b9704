"""Citations of the policy in the templates of every feature."""

from neupusti.policy.service.citing import number_in_force
from neupusti.policy.views.blueprint import bp

bp.add_app_template_global(number_in_force, "clause_in_force")


@bp.app_template_global()
def clause_anchor(entry: str) -> str:
    """Return the fragment of the clause on the page of the policy, empty without one."""
    number = number_in_force(entry)
    return f"#c{number}" if number else ""
