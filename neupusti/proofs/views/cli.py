"""`flask prove`: look whether the policy holds; `flask proofs`: care for the record."""

import json
from collections.abc import Sequence
from typing import NoReturn

import click
from flask_babel import force_locale
from sqlalchemy.exc import DBAPIError

from neupusti.core import clock
from neupusti.core.data import commands
from neupusti.core.proofs import whole
from neupusti.core.proofs.proof import AnyProof, State
from neupusti.core.proofs.reading import WritableError
from neupusti.core.proofs.running import Result
from neupusti.core.records.head import BrokenChainError
from neupusti.core.registry import registry
from neupusti.core.text.languages import Language
from neupusti.proofs.service import proving, statement
from neupusti.proofs.views.blueprint import bp

BROKEN, UNKNOWN, GUARD = 1, 2, 3
"""The exit codes: broken; blind, unfinished or out of reach; a proof could write."""


@bp.cli.command("prove")
@click.option("--clause", "clauses", multiple=True, help="Only proofs of this clause.")
@click.option("--name", "names", multiple=True, help="Only the proof of this name.")
@click.option("--json", "as_json", is_flag=True, help="Print an in-toto Statement.")
@click.option("--self-test", "testing", is_flag=True, help="Prove that proofs can fail.")
@click.option(
    "--seconds", default=whole.SECONDS, show_default=True, help="The time of all."
)
def prove(
    *,
    clauses: tuple[str, ...],
    names: tuple[str, ...],
    as_json: bool,
    testing: bool,
    seconds: float,
) -> None:
    """Look on the live data whether the policy holds; change nothing but the record.

    Exit 0: nothing is broken; 1: something is; 2: something could not be told; 3: a
    connection for proofs could write. A choice of proofs is not recorded.
    """
    chosen, began = _chosen(clauses, names), clock.now()
    try:
        is_whole = not (clauses or names)
        if testing:
            _echo_faults(proving.try_proofs(chosen, is_whole=is_whole))
            return
        found = whole.run(chosen, seconds)
        run = proving.keep(found, began, is_whole=True) if is_whole else None
    except WritableError:
        _end("A connection for proofs could write: nothing was looked at.", GUARD)
    except BrokenChainError as error:
        _end(f"The record of earlier runs was changed: {error}.", BROKEN)
    except (DBAPIError, OSError) as error:
        if (text := commands.sentence(error)) is None:
            raise
        _end(text, UNKNOWN)
    if as_json:
        chain = run.chain if run else None
        told = statement.exact(found, clock.now(), chain)
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _echo(found)
    _leave(found)


@bp.cli.group("proofs")
def record() -> None:
    """Care for the record of the proofs."""


@record.command("accept-head")
@click.option("--reason", required=True, help="Why newer runs are missing; journaled.")
def accept_head(reason: str) -> None:
    """Let the record go on where a restored database lacks the run kept outside it."""
    try:
        problem = proving.accept_head(reason)
    except BrokenChainError as error:
        raise click.ClickException(f"The record was changed: {error}.") from None
    if problem is None:
        click.echo("The record goes on from the kept head: there is nothing to accept.")
    else:
        click.echo(f"Accepted, and journaled: {problem}.")


def _chosen(clauses: tuple[str, ...], names: tuple[str, ...]) -> Sequence[AnyProof]:
    chosen = [
        one
        for one in registry().proofs
        if (not clauses or {*clauses} & {*one.clauses}) and (not names or one.name in names)
    ]
    if not chosen:
        raise click.ClickException("No proof is of this clause or name.")
    return chosen


def _echo(found: Sequence[Result]) -> None:
    with force_locale(Language.EN.locale):
        for one in found:
            clauses = ", ".join(one.proof.clauses)
            click.echo(
                f"{one.state.value:<10} {clauses:<16} {one.proof.name:<36} "
                f"{one.finding.looked:>9} {one.finding.wrong:>7} {one.milliseconds:>6} ms"
                f"{f'  {one.error}' if one.error else ''}"
            )
    counts = {state: sum(one.state is state for one in found) for state in State}
    click.echo(", ".join(f"{count} {state.value}" for state, count in counts.items()))


def _leave(found: Sequence[Result]) -> None:
    states = {one.state for one in found}
    if State.BROKEN in states:
        raise SystemExit(BROKEN)
    if states & {State.BLIND, State.UNFINISHED}:
        raise SystemExit(UNKNOWN)


def _echo_faults(faults: Sequence[str]) -> None:
    for fault in faults:
        click.echo(fault)
    if faults:
        _end("These proofs cannot be trusted.", UNKNOWN)
    click.echo("Every proof can fail.")


def _end(sentence: str, code: int) -> NoReturn:
    click.echo(f"Error: {sentence}", err=True)
    raise SystemExit(code)
