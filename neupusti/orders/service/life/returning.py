"""Returns: a buyer asks, staff decide, and each piece comes back once."""

from collections.abc import Mapping

from neupusti.orders.service.moves import Press


def ask(press: Press, pieces: Mapping[int, int], words: str) -> int:
    """Ask to return pieces (line -> number); return the number of the return.

    Only what was delivered and is not asked for already. The term of 14 days and the
    exceptions of the law are shown, not enforced: defective goods can always come back.
    """
    raise NotImplementedError


def answer(press: Press, goods_return: int, *, accept: bool, reason: str = "") -> None:
    """Accept or refuse a return; a refusal needs a reason."""
    raise NotImplementedError


def receive(press: Press, goods_return: int, restock: Mapping[int, bool]) -> None:
    """Take the goods of an accepted return back; `restock`: line -> sold again or not."""
    raise NotImplementedError
