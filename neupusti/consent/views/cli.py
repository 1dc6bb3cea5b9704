"""`flask consent …`: list the declared cookies and verify the consent records."""

import sys
from collections.abc import Iterable

import click
from flask import current_app
from flask_babel import force_locale

from neupusti.consent.service import records
from neupusti.consent.service.verify import verify
from neupusti.consent.service.wordings import versions
from neupusti.consent.views.extension import bp, extension
from neupusti.core.feature import Cookie
from neupusti.core.registry import registry
from neupusti.core.text import languages
from neupusti.core.text.languages import Language


@bp.cli.command("cookies")
def list_cookies() -> None:
    """List every declared cookie by category, and the former ones."""
    consent = extension()
    for category, found in consent.declarations.by_category.items():
        click.echo(f"{category.value}  {consent.declarations.short_hashes[category]}")
        _echo_cookies(found)
    if former := registry().former_cookies:
        click.echo("former")
        _echo_cookies(former)


@bp.cli.command("wordings")
def list_wordings() -> None:
    """List every version of the wordings: only a material one asked visitors again.

    Exit 1 if one asked about a cookie that no manifest names, not even as a former one.
    """
    for found in versions():
        click.echo(
            f"{found.surface:<7} {found.language}  {found.number:>3}  {found.kind:<9}  "
            f"{found.at:%Y-%m-%d}  {found.sha256[:12]}"
        )
    cookies = (*registry().cookies, *registry().former_cookies)
    if lost := sorted(records.names_declared() - {cookie.name for cookie in cookies}):
        click.echo(f"WRONG     declared once, in no manifest: {', '.join(lost)}", err=True)
        sys.exit(1)


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
    if kept := records.HEAD.kept():
        click.echo(f"kept      the head of {kept.at} is still in the chain")
    else:
        click.echo("kept      no head was kept before: an earlier cut would not be seen")
    records.HEAD.keep(report.last_id, report.head)
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


def _echo_cookies(cookies: Iterable[Cookie]) -> None:
    for cookie in cookies:
        name = extension().cookie_name(cookie)
        click.echo(f"  {name:<22} {_lifetime(cookie):<10} {cookie.purpose}")


def _lifetime(cookie: Cookie) -> str:
    return "session" if cookie.lifetime is None else f"{cookie.lifetime.days} days"
