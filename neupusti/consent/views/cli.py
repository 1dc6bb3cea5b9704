"""`flask consent …`: list the declared cookies and verify the consent records."""

import sys

import click
from flask import current_app
from flask_babel import force_locale

from neupusti.consent.service.records import HEAD
from neupusti.consent.service.verify import verify
from neupusti.consent.views.extension import bp, extension
from neupusti.core.feature import Cookie
from neupusti.core.text import languages
from neupusti.core.text.languages import Language


@bp.cli.command("cookies")
def list_cookies() -> None:
    """List every declared cookie by category."""
    consent = extension()
    for category, found in consent.declarations.by_category.items():
        click.echo(f"{category.value}  {consent.declarations.short_hashes[category]}")
        for cookie in found:
            name = (
                cookie.wire_name(secure=consent.cookie_policy.secure) + "*" * cookie.prefix
            )
            click.echo(f"  {name:<22} {_lifetime(cookie):<10} {cookie.purpose}")


@bp.cli.command("verify")
@click.option(
    "--head", help="A chain head noted down earlier: it must still be in the chain."
)
def verify_records(head: str | None) -> None:
    """Recompute the chain of records and every wording; exit 1 on any error.

    A sound run keeps the newest head in the data folder; the next one looks for it.
    """
    report = verify(_render, extension().declarations.sha256, expect=head)
    click.echo(f"records   {report.records}")
    click.echo(
        f"wordings  {report.wordings}, rendered again byte for byte {report.rendered}"
    )
    click.echo(f"head      {report.head}")
    for problem in report.problems:
        click.echo(f"WRONG     {problem}", err=True)
    if not report.sound:
        sys.exit(1)
    if kept := HEAD.kept():
        click.echo(f"kept      the head of {kept.at} is still in the chain")
    else:
        click.echo("kept      no head was kept before: an earlier cut would not be seen")
    HEAD.keep(report.last_id, report.head)
    click.echo("sound")


def _render(surface: str, language: str) -> str:
    chosen = Language(language)
    environ = {"SCRIPT_NAME": chosen.prefix, languages.KEY: chosen}
    # The command has one context, and with it one language of its catalogue.
    with (
        current_app.test_request_context("/", environ_overrides=environ),
        force_locale(chosen.locale),
    ):
        return extension().wording(surface).text


def _lifetime(cookie: Cookie) -> str:
    return "session" if cookie.lifetime is None else f"{cookie.lifetime.days} days"
