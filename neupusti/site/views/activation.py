"""Socket activation: the listening socket that systemd keeps over restarts.

While the service is away, the kernel queues connections at the socket of
`neupusti.socket`; the next start accepts them (sd_listen_fds(3)).
"""

import os
import socket

DESCRIPTOR = 3
"""The first descriptor that systemd hands over."""


def inherited_listener() -> socket.socket | None:
    """Return the socket handed over to this process, or None if there is none."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    listener = socket.socket(fileno=DESCRIPTOR)
    listener.settimeout(0)
    return listener
