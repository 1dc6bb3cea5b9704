"""`flask staff …`: invite members of staff, list them, take their permissions back."""

import click

from neupusti.core import emails, staff
from neupusti.core.database import writing
from neupusti.core.languages import Language
from neupusti.core.permission import Permission
from neupusti.staff import queries
from neupusti.staff.service import grants, invitations
from neupusti.staff.service.invitations import Invitation
from neupusti.staff.views.blueprint import bp

LANGUAGES = click.Choice([language.value for language in Language])
NAMES = click.Choice([permission.value for permission in Permission])


@bp.cli.command("add")
@click.argument("email")
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
    with writing() as session:
        person = invitations.invite(session, wanted, by=None)
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
@click.argument("email")
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


def _address(email: str) -> str:
    try:
        return emails.parse(email)
    except emails.EmailFault:
        raise click.ClickException("This is no address of e-mail.") from None
