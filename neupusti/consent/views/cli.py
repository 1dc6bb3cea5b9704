"""`flask consent …`: the table of declared cookies, and the verification of the proof."""

import sys

import click
from flask import current_app

from neupusti.consent.service.verify import verify
from neupusti.consent.views.extension import bp, extension
from neupusti.core.feature import Cookie
from neupusti.core.text import languages
from neupusti.core.text.languages import Language


@bp.cli.command("cookies")
def list_cookies() -> None:
    """List every declared cookie by category."""
    here = extension()
    for category, found in here.declarations.by_category.items():
        click.echo(f"{category.value}  {here.declarations.marks[category]}")
        for cookie in found:
            name = cookie.wire_name(secure=here.cookie_policy.secure) + "*" * cookie.prefix
            click.echo(f"  {name:<22} {_kept(cookie):<10} {cookie.purpose}")


@bp.cli.command("verify")
@click.option(
    "--head", help="A head of the chain noted down before: it must still be there."
)
def verify_proof(head: str | None) -> None:
    """Recompute the chain of records and every wording; exit 1 where something is wrong."""
    report = verify(_drawn, extension().declarations.sha256, expect=head)
    click.echo(f"records   {report.records}")
    click.echo(f"wordings  {report.wordings}, drawn again byte for byte {report.rendered}")
    click.echo(f"head      {report.head}")
    for problem in report.problems:
        click.echo(f"WRONG     {problem}", err=True)
    if not report.sound:
        sys.exit(1)
    click.echo("sound")


def _drawn(surface: str, language: str) -> str:
    spoken = Language(language)
    environ = {"SCRIPT_NAME": spoken.prefix, languages.KEY: spoken}
    with current_app.test_request_context("/", environ_overrides=environ):
        return extension().wording(surface).text


def _kept(cookie: Cookie) -> str:
    return "session" if cookie.lifetime is None else f"{cookie.lifetime.days} days"
