"""`flask policy …`: check, import, publish and list editions."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from neupusti.core.clock import ALMATY
from neupusti.core.forms.reason import LONGEST, SHORTEST
from neupusti.core.text.dates import short
from neupusti.core.text.languages import Language
from neupusti.policy.models import EditionKind, terms
from neupusti.policy.service import editions
from neupusti.policy.service.decoding import Source, read
from neupusti.policy.service.drafts import Draft, EditionError
from neupusti.policy.service.lint import lint
from neupusti.policy.service.parser import parse
from neupusti.policy.service.problems import UnreadableDocumentError
from neupusti.policy.service.review import review
from neupusti.policy.views.assessment import report_mismatches
from neupusti.policy.views.blueprint import bp
from neupusti.policy.views.options import DAY, LANGUAGE
from neupusti.policy.views.sheet import sheet

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@bp.cli.command("check")
@click.argument("file", type=FILE)
@click.option("--date", "day", type=DAY, help="Date that an import would be given.")
@LANGUAGE
def check(file: Path, day: datetime | None, lang: str) -> None:
    """Print the review sheet of FILE, read as an import would; change nothing."""
    source = _read(file)
    reviewed = review(
        source.text, Language(lang), day.date() if day else None, source.notes
    )
    for line in sheet(reviewed, source.text):
        click.echo(line)
    report_mismatches(reviewed.document)


@bp.cli.command("import")
@click.argument("file", type=FILE)
@click.option(
    "--date", "day", type=DAY, help="Date of the edition; else read from the text."
)
@LANGUAGE
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in EditionKind]),
    help="What the change means for people; the same for all languages of an edition. "
    "Required unless only typographic marks differ from the edition in force.",
)
@click.option("--note", default="", help="What changed, for readers.")
@click.option(
    "--effective-from",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="When it takes effect, Almaty time; else the beginning of its date. The same for "
    "all languages of an edition.",
)
def import_(
    file: Path,
    day: datetime | None,
    lang: str,
    kind: str | None,
    note: str,
    effective_from: datetime | None,
) -> None:
    """Store the operator's document FILE as a draft, unchanged."""
    source = _read(file)
    text = source.text
    draft = Draft(
        text=text,
        language=Language(lang),
        day=day.date() if day else None,
        kind=EditionKind(kind) if kind else None,
        note=note,
        effective_from=(
            effective_from.replace(tzinfo=ALMATY).astimezone(UTC)
            if effective_from
            else None
        ),
    )
    try:
        edition, new = editions.import_draft(draft)
    except EditionError as error:
        raise click.ClickException(str(error)) from None
    what = f"edition {edition.date} «{edition.language}», sha-256 {edition.sha256}"
    if new:
        click.echo(f"Imported as a draft: {what}")
        click.echo(f"Every text of this edition: {terms([edition])}")
        click.echo(f"To publish it: flask policy publish {edition.date} --lang {lang}")
    else:
        click.echo(f"Already here, unchanged ({edition.state}): {what}")
    for one in source.notes:
        click.echo(f"read as: {one.detail}")
    for finding in lint(text):
        click.echo(f"note: {finding}")


@bp.cli.command("discard")
@click.argument("day", metavar="DATE", type=DAY)
@click.option(
    "--lang",
    type=click.Choice([language.value for language in Language]),
    help="Only the draft in this language; else all of them.",
)
def discard(day: datetime, lang: str | None) -> None:
    """Remove the drafts of DATE; what is published stays."""
    try:
        names = editions.discard(day.date(), Language(lang) if lang else None)
    except EditionError as error:
        raise click.ClickException(str(error)) from None
    for name in names:
        click.echo(f"Discarded: draft {name}")


@bp.cli.command("publish")
@click.argument("day", metavar="DATE", type=DAY)
@LANGUAGE
@click.option(
    "--approved-by", default="operator", show_default=True, help="Who approved it."
)
@click.option(
    "--backdate",
    metavar="REASON",
    help="Why it takes effect before its publication; stored in the journal.",
)
def publish(day: datetime, lang: str, approved_by: str, backdate: str | None) -> None:
    """Approve and publish the draft of DATE; it is immutable from then on."""
    reason = " ".join((backdate or "").split())
    if backdate is not None and not SHORTEST <= len(reason) <= LONGEST:
        raise click.ClickException(f"A reason has {SHORTEST} to {LONGEST} characters.")
    try:
        edition = editions.publish(day.date(), Language(lang), approved_by, reason)
    except EditionError as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"Published: edition {edition.date} «{edition.language}» ({edition.source}), "
        f"in effect from {short(edition.effective_from)} Almaty time"
    )


@bp.cli.command("list")
def list_() -> None:
    """List all editions, newest first."""
    rows = editions.all_editions()
    if not rows:
        click.echo("No editions yet.")
    for edition in rows:
        click.echo(
            f"{edition.date}  {edition.language}  {edition.source:<11}  "
            f"{edition.state:<9}  {edition.kind:<11}  {edition.sha256[:12]}  "
            f"{short(edition.effective_from)}"
        )


def _read(file: Path) -> Source:
    """Return the text of `file`, or print its problems and exit with status 1."""
    if not file.is_file():
        # A pipe would be waited for, a device has no end.
        raise click.BadParameter(f"{file} is not a regular file.")
    try:
        source = read(file.read_bytes())
        parse(source.text)
    except UnreadableDocumentError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        click.echo(f"{file.name}: nothing was imported.", err=True)
        sys.exit(1)
    return source
