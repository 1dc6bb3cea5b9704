"""`flask staff …`: members of staff and their permissions, and blocks of accounts."""

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
from neupusti.staff.service import factors, grants, invitations, suspending
from neupusti.staff.service.invitations import Invitation, SuspendedMemberError
from neupusti.staff.views.blueprint import bp

LANGUAGES = click.Choice([language.value for language in Language])
EMAIL = click.argument("email")
REASON = click.option(
    "--reason", required=True, help="Why, in words: the journal keeps them."
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
    wanted = Invitation(
        email=_address(email),
        permissions=frozenset(map(Permission, names)),
        family_name=family_name,
        given_name=given_name,
        language=Language(language),
    )
    try:
        with writing() as session:
            person = invitations.invite(session, wanted, by=None)
    except SuspendedMemberError:
        raise click.ClickException("This account is blocked: unblock it first.") from None
    held = " ".join(sorted(staff.permissions(person.id)))
    click.echo(f"{person.email} may: {held}. A letter says how to sign in.")


@bp.cli.command("list")
def list_() -> None:
    """Print every member of staff: number, e-mail, second factor, permissions."""
    for member in queries.members():
        state = "two-factor" if member.has_factor else "no second factor"
        held = " ".join(member.permissions)
        click.echo(f"{member.person.id}\t{member.person.email}\t{state}\t{held}")


@bp.cli.command("remove")
@EMAIL
def remove(email: str) -> None:
    """Take every permission from EMAIL and end its sessions; the account stays."""
    address = _address(email)
    with writing() as session:
        found = invitations.of_address(session, address)
        for person in found:
            grants.change(session, person.id, (), by=None)
    if not found:
        raise click.ClickException("Nobody of the staff has this address.")
    click.echo("No permission is left, and every session has ended.")


@bp.cli.command("block")
@EMAIL
@REASON
def block(email: str, reason: str) -> None:
    """Block the account of EMAIL: nobody is in, and nobody signs in."""
    _act(email, reason, suspending.suspend)
    click.echo("The account is blocked, and every session has ended. A letter says so.")


@bp.cli.command("unblock")
@EMAIL
@REASON
def unblock(email: str, reason: str) -> None:
    """Lift the block of the account of EMAIL."""
    _act(email, reason, suspending.reinstate)
    click.echo("The account is open again. A letter says so.")


@bp.cli.command("reset-factor")
@EMAIL
@REASON
def reset_factor(email: str, reason: str) -> None:
    """Take the second factor of EMAIL away; a new one is set up at the next sign-in."""
    _act(email, reason, factors.reset)
    click.echo("The second factor is gone, and every session has ended. A letter says so.")


def _act(email: str, reason: str, act: Callable[..., bool]) -> None:
    """Do `act` to the account of an address; say in English what a rule refuses."""
    words = " ".join(reason.split())
    if not SHORTEST <= len(words) <= LONGEST:
        raise click.ClickException(f"A reason has {SHORTEST} to {LONGEST} characters.")
    person = people.confirmed(_address(email))
    if person is None:
        raise click.ClickException("Nobody has confirmed this address.")
    number = person.id
    try:
        with writing() as session:
            act(session, number, by=None, reason=words)
    except AccountError as fault:
        with force_locale("en"):
            raise click.ClickException(str(fault.words)) from None


def _address(email: str) -> str:
    try:
        return emails.parse(email)
    except emails.EmailError:
        raise click.ClickException("This is no address of e-mail.") from None
