"""`flask staff …`: staff, permissions, suspensions of accounts."""

from collections.abc import Callable

import click
from flask_babel import force_locale

from neupusti.accounts.service import people
from neupusti.accounts.service.errors import AccountError
from neupusti.core.data.database import writing
from neupusti.core.forms.reason import LONGEST, SHORTEST
from neupusti.core.rules import Permission
from neupusti.core.security import grants as staff
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.staff import queries
from neupusti.staff.service import grants, invitations, second_factors, suspending
from neupusti.staff.service.invitations import Invitation, SuspendedMemberError
from neupusti.staff.views.blueprint import bp

LANGUAGES = click.Choice([language.value for language in Language])
EMAIL = click.argument("email")
REASON = click.option(
    "--reason", required=True, help="The reason, which the journal records."
)
NAMES = click.Choice([permission.value for permission in Permission])


@bp.cli.command("add")
@EMAIL
@click.option("--permission", "names", type=NAMES, multiple=True, required=True)
@click.option("--family-name", default="")
@click.option("--given-name", default="")
@click.option("--language", default="ru", type=LANGUAGES)
def add(
    email: str, names: tuple[str, ...], family_name: str, given_name: str, language: str
) -> None:
    """Invite EMAIL to the staff, or give a member of staff further permissions."""
    invitation = Invitation(
        email=_address(email),
        permissions=frozenset(map(Permission, names)),
        family_name=family_name,
        given_name=given_name,
        language=Language(language),
    )
    try:
        with writing() as session:
            person = invitations.invite(session, invitation, by=None)
    except SuspendedMemberError:
        raise click.ClickException("This account is suspended: unblock it first.") from None
    held = " ".join(sorted(staff.permissions(person.id)))
    click.echo(
        f"{person.email} has the permissions: {held}. An e-mail tells how to sign in."
    )


@bp.cli.command("list")
def list_() -> None:
    """Print every member of staff: number, e-mail, second factor, permissions."""
    for member in queries.members():
        state = "two-factor" if member.has_second_factor else "no second factor"
        held = " ".join(member.permissions)
        click.echo(f"{member.person.id}\t{member.person.email}\t{state}\t{held}")


@bp.cli.command("remove")
@EMAIL
def remove(email: str) -> None:
    """Take every permission from EMAIL and end its sessions; the account stays."""
    address = _address(email)
    with writing() as session:
        found = invitations.by_email(session, address)
        for person in found:
            grants.change(session, person.id, (), by=None)
    if not found:
        raise click.ClickException("No member of staff has this address.")
    click.echo("All permissions are revoked and all sessions ended.")


@bp.cli.command("block")
@EMAIL
@REASON
def block(email: str, reason: str) -> None:
    """Suspend the account of EMAIL: end its sessions and prevent signing in."""
    _run(email, reason, suspending.suspend)
    click.echo(
        "The account is suspended and its sessions have ended. Its owner was e-mailed."
    )


@bp.cli.command("unblock")
@EMAIL
@REASON
def unblock(email: str, reason: str) -> None:
    """Reinstate the account of EMAIL."""
    _run(email, reason, suspending.reinstate)
    click.echo("The account is reinstated. Its owner was e-mailed.")


@bp.cli.command("reset-factor")
@EMAIL
@REASON
def reset_factor(email: str, reason: str) -> None:
    """Reset the second factor of EMAIL; staff set a new one up at the next sign-in."""
    _run(email, reason, second_factors.reset)
    click.echo("The second factor is reset and all sessions ended. Its owner was e-mailed.")


def _run(email: str, reason: str, action: Callable[..., bool]) -> None:
    """Run `action` on the account of an address; report an AccountError in English."""
    text = " ".join(reason.split())
    if not SHORTEST <= len(text) <= LONGEST:
        raise click.ClickException(f"A reason has {SHORTEST} to {LONGEST} characters.")
    person = people.confirmed(_address(email))
    if person is None:
        raise click.ClickException("No confirmed account has this address.")
    number = person.id
    try:
        with writing() as session:
            action(session, number, by=None, reason=text)
    except AccountError as error:
        with force_locale("en"):
            raise click.ClickException(str(error.message)) from None


def _address(email: str) -> str:
    try:
        return emails.parse(email)
    except emails.EmailError:
        raise click.ClickException("This is not an e-mail address.") from None
