"""The cast: the only people, addresses and phones that tests and samples know."""

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
"""Made up; only its check digit is right."""
