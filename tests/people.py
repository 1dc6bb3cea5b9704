"""The cast: the only people, addresses and phones in tests and samples."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One of the cast."""

    name: str
    email: str
    phone: str


AIGERIM = Person("Айгерим", "aigerim@example.kz", "+77010000001")
BOLAT = Person("Болат", "bolat@example.kz", "+77010000002")
GUEST = Person("Гость", "guest@example.kz", "+77010000003")
DANA = Person("Дана", "dana@example.kz", "+77010000004")
YERLAN = Person("Ерлан", "yerlan@example.kz", "+77010000005")
CAST = (AIGERIM, BOLAT, GUEST, DANA, YERLAN)

BIN = "160240000008"
"""Fictitious, with a valid check digit."""
