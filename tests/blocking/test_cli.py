from flask import Flask

from neupusti.core.blocking import blocks
from neupusti.core.data.database import db
from neupusti.core.data.finding import Whose
from neupusti.core.text import emails
from tests import desk
from tests.accounts.cast import emails_to
from tests.conftest import SQLITE
from tests.people import AIGERIM, GUEST


@SQLITE
def test_blocks_are_opened_listed_and_lifted_on_the_server(app: Flask) -> None:
    number = desk.person(AIGERIM)
    run = app.test_cli_runner()
    order = ("--by", "body", "--document", "Order 12", "--reason", "Inspection")
    opened = run.invoke(args=["blocks", "open", "--person", str(number), *order])
    request = opened.output.split()[-1].strip(".")
    listed = run.invoke(args=["blocks", "list"]).output
    assert f"{request} {number} all by body" in listed
    assert "blocks: 1\n" in listed
    assert AIGERIM.email not in listed
    given = ["--outcome", "unfounded", "--reason", "All is right."]
    lifted = run.invoke(args=["blocks", "lift", request, *given])
    assert (lifted.exit_code, "has ended" in lifted.output) == (0, True)
    db.session.rollback()
    assert not blocks.is_blocked(db.session(), Whose(person=number))
    assert "All is right." in emails_to(AIGERIM.email)[-1].text
    again = run.invoke(args=["blocks", "lift", request, *given])
    assert (again.exit_code, "answered already" in again.output) == (1, True)


@SQLITE
def test_what_cannot_be_is_said_in_a_sentence(app: Flask) -> None:
    run = app.test_cli_runner()
    order = ("--by", "staff", "--reason", "Seen by us")
    nobody = run.invoke(args=["blocks", "open", *order])
    assert (nobody.exit_code, "or an e-mail" in nobody.output) == (1, True)
    lost = run.invoke(args=["blocks", "open", "--person", "99", *order])
    assert (lost.exit_code, "no such person" in lost.output) == (1, True)
    args = ["blocks", "lift", "NZ-1", "--outcome", "nothing", "--reason", "x"]
    assert "no such request" in run.invoke(args=args).output
    typo = run.invoke(args=["blocks", "open", "--email", "nonsense", *order])
    assert (typo.exit_code, "not an email" in typo.output) == (1, True)
    long = ["--email", GUEST.email, "--document", "№" * 121]
    cut = run.invoke(args=["blocks", "open", *long, *order])
    assert (cut.exit_code, "120 characters" in cut.output) == (1, True)
    guest = run.invoke(args=["blocks", "open", "--email", GUEST.email, *order])
    assert guest.exit_code == 0
    assert "an address" in run.invoke(args=["blocks", "list"]).output


@SQLITE
def test_an_address_is_blocked_as_it_is_stored(app: Flask) -> None:
    """Else nothing is blocked, and the command says that it is."""
    order = ("--by", "staff", "--reason", "Seen by us")
    args = ["blocks", "open", "--email", " Guest@Пример.қаз", *order]
    opened = app.test_cli_runner().invoke(args=args)
    assert opened.exit_code == 0, opened.output
    whose = Whose(email_key=emails.key(emails.parse("guest@пример.қаз")))
    assert blocks.is_blocked(db.session(), whose)
