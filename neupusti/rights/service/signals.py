"""What requests tell the features above them, which carry them out."""

from blinker import Namespace

_signals = Namespace()
request_entered = _signals.signal("request entered")
"""Staff have entered a request from paper or telephone.

Sent in the open write transaction. Sender: the `DataRequest`; keywords `session`, `staff`.
"""
request_answered = _signals.signal("request answered")
"""Staff have answered a request.

Sent in the open write transaction, before the answer is stored. Sender: the `DataRequest`;
keywords `session`, `staff`, `outcome`.
"""
emergency_declared = _signals.signal("emergency declared")
"""Somebody has said that their account was broken into.

Sent in the open write transaction, after the block. Sender: the `Person`; keyword
`session`.
"""
