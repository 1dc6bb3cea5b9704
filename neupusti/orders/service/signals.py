"""What orders tell the features above them, which they do not know."""

from blinker import Namespace

order_placed = Namespace().signal("order placed")
"""An order was placed (3.1).

Sent once an order, in the open write transaction. Sender: the `ShopOrder`; keyword
`session`.
"""
