"""`flask policy assess`, and the clauses of a document that the ledger does not know."""

from datetime import datetime

import click

from neupusti.core.text.languages import Language
from neupusti.policy.service import binding
from neupusti.policy.service.document import Document
from neupusti.policy.service.drafts import EditionError
from neupusti.policy.service.edition_store import current_store
from neupusti.policy.views.blueprint import bp
from neupusti.policy.views.options import DAY, LANGUAGE

SHOWN = 60
"""Characters of a clause by which a reader knows it again."""


@bp.cli.command("assess")
@click.argument("day", metavar="DATE", type=DAY)
@click.argument("number", metavar="CLAUSE")
@LANGUAGE
@click.option("--entry", help="The entry of the ledger; else that of the same number.")
@click.option("--none", is_flag=True, help="No entry of the ledger speaks of this wording.")
def assess(day: datetime, number: str, lang: str, entry: str | None, none: bool) -> None:  # noqa: FBT001
    """Say which entry of the ledger speaks of CLAUSE as DATE's edition words it."""
    wanted = "" if none else entry or number
    try:
        clause = binding.assess(day.date(), Language(lang), number, wanted)
    except EditionError as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"{clause.number} «{clause.text[:SHOWN]}»: {wanted or 'no'} entry of the ledger"
    )


def report_mismatches(document: Document) -> None:
    """Print the clauses that no entry of the ledger speaks of."""
    found = binding.mismatches(current_store(), document)
    click.echo(f"not assessed for their wording: {len(found)} of {len(document.clauses)}")
    for clause, nearest in found:
        alike = f"{int(100 * nearest.likeness)} % like" if nearest else "like no"
        entry = f" entry {nearest.entry}" if nearest else " entry"
        click.echo(f"  {clause.number} «{clause.text[:SHOWN]}»: {alike}{entry}")
    if found:
        click.echo("To bind one once it is imported: flask policy assess DATE CLAUSE")
