"""Try every proof on empty and on planted tables that have the schema of the live ones.

Temporary tables shadow the live ones on one connection, and are gone with it: so the
select of a proof runs as it does on the live data, and nothing of it is written there.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, insert, select, text

from neupusti.core.data.database import ACCESS, db
from neupusti.core.proofs.proof import AnyProof, Looking, Proof, State
from neupusti.core.proofs.running import run_one


def faults(proofs: Iterable[AnyProof]) -> list[str]:
    """Return what is wrong with each proof that cannot be trusted, in a line."""
    with _scratch(None) as main, _scratch(ACCESS) as access:
        looking = Looking(main, access)
        return [fault for one in proofs for fault in _faults(one, looking)]


def _faults(proof: AnyProof, looking: Looking) -> Iterator[str]:
    if not isinstance(proof, Proof):
        if not proof.wrong(proof.forged()) or proof.wrong(proof.right()):
            yield f"{proof.name}: blind"
        return
    connection = proof.connection(looking)
    for table in proof.tables:
        _shadow(connection, table)
    if (state := run_one(proof, looking).state) is not State.NOTHING:
        yield f"{proof.name}: {state.value} on empty tables"
    live = proof.live
    if not isinstance(live, Table):
        return  # a join has no rows of its own to plant
    for values, wanted in ((proof.forged, State.BROKEN), (proof.right, State.HOLDS)):
        row = select(proof.single(values))
        connection.execute(
            insert(live).from_select([*live.c.keys()], row, include_defaults=False)
        )
        if (state := run_one(proof, looking).state) is not wanted:
            yield f"{proof.name}: {state.value} where it is planted to be {wanted.value}"
        connection.execute(live.delete())


def _shadow(connection: Connection, table: Table) -> None:
    """Make an empty temporary table without constraints, as the live one has columns."""
    name = connection.dialect.identifier_preparer.quote(table.name)
    connection.execute(text(f"DROP TABLE IF EXISTS {_temporary(connection)}.{name}"))
    live = "main" if connection.dialect.name == "sqlite" else "public"
    empty = f"SELECT * FROM {live}.{name} WHERE 1 = 0"  # noqa: S608 - a table of ours
    connection.execute(text(f"CREATE TEMPORARY TABLE {name} AS {empty}"))


def _temporary(connection: Connection) -> str:
    return "temp" if connection.dialect.name == "sqlite" else "pg_temp"


@contextmanager
def _scratch(bind: str | None) -> Iterator[Connection]:
    """Open a connection for a block whose changes are all rolled back."""
    with db.engines[bind].connect() as connection:
        try:
            yield connection
        finally:
            connection.rollback()
            connection.invalidate()
