"""`flask decisions …`: compare the file with the database, repeat, accept."""

from collections import Counter
from pathlib import Path

import click

from neupusti.backup.service import accepting, copying, replaying
from neupusti.backup.service.accepting import NothingToAcceptError
from neupusti.backup.service.copying import ForeignFileError
from neupusti.backup.service.replaying import ReplayError
from neupusti.backup.views.blueprint import decisions as group
from neupusti.core.data.database import db
from neupusti.core.records import decisions
from neupusti.core.records.decisions import State
from neupusti.core.web import gate

SIGN_IN_AGAIN = decisions.Decision.EMAIL_CHANGED.value
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@group.command("replay")
@click.option("--from", "copy", type=FILE, help="A longer copy of the file.")
@click.option("--dry-run", is_flag=True, help="Print what is missing; change nothing.")
def replay(copy: Path | None, *, dry_run: bool) -> None:
    """Carry out again what people decided after the backup; then the site opens."""
    try:
        if copy is not None and not dry_run:
            click.echo(f"{copying.adopt(copy)} lines were added from the copy.")
        lines = replaying.missing(copy if dry_run else None)
        if lines and not dry_run:
            stopped = replaying.stop_mail(lines[0].at)
            click.echo(f"{stopped} e-mails that waited in the backup are not sent again.")
        changed = Counter[str]() if dry_run else replaying.replay(lines)
    except (ReplayError, ForeignFileError) as error:
        raise click.ClickException(str(error)) from None
    for kind, count in sorted(Counter(line.kind for line in lines).items()):
        click.echo(f"{kind:<14} {count:>7}  changed {changed[kind]}")
    if dry_run:
        click.echo(f"{len(lines)} decisions would be carried out again.")
        return
    asked = {line.person for line in lines if line.kind == SIGN_IN_AGAIN}
    if asked:
        numbers = ", ".join(f"№ {number}" for number in sorted(filter(None, asked)))
        click.echo(f"Their e-mail is the former one again; ask them: {numbers}.")
    click.echo(f"{len(lines)} decisions were carried out again: the site opens.")


@group.command("verify")
def verify() -> None:
    """Compare every line of the file with the database; fail where they disagree."""
    found = decisions.standing(db.session())
    if found.half:
        click.echo(f"Half a line of {found.half} bytes at the end: the next cuts it off.")
    if found.interrupted:
        click.echo(f"{len(found.interrupted)} were interrupted, and are finished soon.")
    if found.state is not State.CURRENT:
        lines = ", ".join(map(str, found.wrong[:10]))
        where = f" (lines {lines})" if lines else ""
        raise click.ClickException(f"The decisions are {gate.described(found)}{where}.")
    click.echo(f"{found.lines} lines are sound, and the database knows every decision.")


@group.command("accept")
@click.option("--reason", required=True, help="Why; it stands in the journal of staff.")
def accept(reason: str) -> None:
    """Go on although the file is lost or was tampered with; the reason is journaled."""
    try:
        state = accepting.accept(reason)
    except NothingToAcceptError:
        raise click.ClickException(
            "There is nothing to accept; what is behind is carried out by replay."
        ) from None
    click.echo(f"Accepted: the file was {state}. The site opens, and records again.")
