"""Compute items in a second process while the first one uses them."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield `items`, each computed by a forked process while the one before is used.

    The process is one item ahead at most: it waits until the item is taken. It must not use
    a database: an open connection cannot be shared. Raise what `items` raise, or
    ChildProcessError if the process is killed.
    """
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(items, receiver, sender), daemon=True)
    process.start()
    sender.close()
    try:
        while (item := _receive(receiver)) is not None:
            yield item
    finally:
        receiver.close()
        process.join()


def _receive(receiver: Connection) -> Any:
    try:
        item = receiver.recv()
    except EOFError:
        raise ChildProcessError("The process that reads the file was killed.") from None
    if isinstance(item, Exception):
        raise item
    return item


def _send(items: Iterator[T], receiver: Connection, sender: Connection) -> None:
    """Send each of `items`, then None, until nobody receives them any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    receiver.close()
    with suppress(BrokenPipeError):
        try:
            for item in items:
                sender.send(item)
            sender.send(None)
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - raised in the other process
            sender.send(error)
