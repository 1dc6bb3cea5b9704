"""What happens to an order after it is placed: one module for each kind of move.

Every function makes one write transaction, takes a `Press`, and raises StaleError (409),
MoveError or FrozenError (422), NoOrderError (404). One event, at most one email.
"""
