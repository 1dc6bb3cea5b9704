"""Orders: three axes that move apart, and the events that moved them.

The order decides (new, confirmed, cancelled), parcels travel, money is entries; what people
read as the state of an order is computed of the three (`models.states`).
"""
