"""Hostile and invalid inputs for each form, with the expected error messages."""

from dataclasses import dataclass
from html.parser import HTMLParser

from neupusti.core.text import names
from tests.accounts.cast import PASSWORD
from tests.people import AIGERIM, DANA, GUEST

HIDDEN = "Remove the invisible or damaged characters and type this again."
DAMAGED = "Remove the invisible or damaged characters."
DIGITS = "A name holds no digits."
SIGN = "Use letters, spaces, hyphens, apostrophes and dots."
NO_EMAIL = "Write the address like name@example.kz."
NO_SERVER = "No server can have the name after the @."
NO_PHONE = "Write the number like 8 701 123 45 67"
WRONG = "Wrong e-mail or password"
NOT_YOURS = "Wrong password."
NO_CODE = "This code is wrong"
CHANGED = "The words have changed"
GUESSED = "one of the first passwords to be guessed"

NAMES = (
    *(("\u202eнемА", HIDDEN), ("А\u2066Б\u2069", HIDDEN), ("А\u200bБ", HIDDEN)),
    *(("А\x00Б", HIDDEN), ("А\x1b[31mБ", HIDDEN), ("\ufffd\ufffd", HIDDEN)),
    *(("А\r\nBcc: x@example.kz", HIDDEN), ("А\u2028Б", HIDDEN), ("А\ue000Б", HIDDEN)),
    *(("Агент007", DIGITS), ("\u0667", DIGITS), ("{{7*7}}", DIGITS)),
    *(("<script>alert(1)</script>", DIGITS), ("<b onx='y'>", SIGN), ("{% x %}", SIGN)),
    *(("evil.example", SIGN), ("'; DROP TABLE person; --", SIGN), ("=cmd|'x'!A", SIGN)),
    *(("А" + "\u0301" * (names.MAX_MARKS + 1), SIGN), ("😀а", SIGN), ("a@b", SIGN)),
    *(("…", "Write it in letters."), ("--", "Write it in letters.")),
    *(("ы" * 101, "Shorten it to 100"), ("x" * 10_000, "Shorten it to 100")),
)
EMAILS = (
    *tuple(
        (typed, NO_EMAIL)
        for typed in (
            *("x", "a@b", "a b@example.kz", "guest@example.kz\x00"),
            *("guest@example.kz\r\nBcc: all@example.kz", "guest@example.kz\nX: y"),
            *("guest@example.kz%0d%0aBcc: all@example.kz", "guest@example.kz,b@example.kz"),
            *("<guest@example.kz>", '"guest"@example.kz', "Гость <guest@example.kz>"),
            *("\u202eguest@example.kz", "guest@example.kz\u200b", "gueſt@example.kz"),
            *("g" * 65 + "@example.kz", "g@" + "e" * 250 + ".kz", "g" * 20000),
        )
    ),
    ("guest@example..kz", NO_SERVER),
    ("a@[1.2.3.4]", NO_SERVER),
)
PHONES = tuple(
    (typed, NO_PHONE)
    for typed in (
        *("позвоните", "123", "+7701000000\r\n1", "8701\x0012345", "\u202e87010000001"),
        *("+7" * 5_000, "tel:+77010000001", "+7 701 000 00 01 доб. 5", "<b>8</b>"),
    )
)
NEW_PASSWORDS = (
    *(
        ("", "Choose a password."),
        ("коротко", "Use at least 12"),
        ("я" * 11, "at least 12"),
    ),
    *(("я" * 257, "Use at most 256"), ("пароль123456", GUESSED), ("aigerim2000!", GUESSED)),
    *(("a\x00bcdefghijkl", DAMAGED), ("семь раз\r\nотмерь", DAMAGED)),
    *(("\ufffd семь раз отмерь", DAMAGED), ("и\u0306" * 11, "Use at least 12")),
)
GUESSES = (
    "x",
    "\x00" * 12,
    "\ufffd" * 12,
    "я" * 257,
    "x" * 20_000,
    "' OR 1=1 --",
    " " * 12,
)
CODES = (
    *(("", "Enter the code."), ("1", NO_CODE), ("abcdef", NO_CODE), ("١٢٣٤٥٦", NO_CODE)),
    *(("½½½½½½", NO_CODE), ("-", NO_CODE), ("' OR 1=1 --", NO_CODE), ("9" * 40, NO_CODE)),
    *(("9" * 41, "Shorten it to 40"), ("\x00" * 6, HIDDEN), ("12\u202e3456", HIDDEN)),
)
LANGUAGES = tuple(
    (typed, "Choose one of the list.") for typed in ("de", "", "../x", "\x00")
)
Rows = tuple[tuple[str, str], ...]


def guesses(words: str) -> Rows:
    """Return wrong passwords, with the error message for each."""
    return (("", "Enter your password."), *((typed, words) for typed in GUESSES))


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of the account: valid values, and hostile values by field."""

    path: str
    valid: dict[str, str]
    hostile: dict[str, Rows]
    signed_in: bool = False
    """Whether it needs somebody who is signed in."""
    mfa_pending: bool = False
    """Whether it needs a sign-in that waits for its code."""
    link: str = ""
    """The part of the e-mailed link that leads to it."""


def required(rows: Rows, words: str) -> Rows:
    """Return the rows of a required field."""
    return (("", words), ("   ", words), *rows)


DETAILS = {
    "family_name": required(NAMES, "Enter your family name."),
    "given_name": required(NAMES, "Enter your given name."),
    "patronymic": NAMES,
    "phone": PHONES,
}
NAMED = {
    "family_name": "Сейтқали",
    "given_name": "Әлия",
    "patronymic": "Мақсатқызы",
    "phone": DANA.phone,
}
OTHER_PASSWORD = "белый парус над заливом"
FORMS = {
    "registration": Form(
        path="/account/register",
        valid={**NAMED, "email": GUEST.email, "password": PASSWORD, "consent": "y"},
        hostile={
            **DETAILS,
            "email": required(EMAILS, "Enter your e-mail."),
            "password": NEW_PASSWORDS,
            "consent": (
                ("", "Tick the box"),
                ("n", "The words have changed"),
                ("a" * 64, "The words have changed"),
            ),
        },
    ),
    "sign-in": Form(
        path="/account/login",
        valid={"email": AIGERIM.email, "password": PASSWORD},
        hostile={
            "email": required(EMAILS, "Enter your e-mail."),
            "password": (("", "Enter your password."),),
        },
    ),
    "second step": Form(
        path="/account/login", valid={"code": ""}, hostile={"code": CODES}, mfa_pending=True
    ),
    "asking for a new password": Form(
        path="/account/password/reset",
        valid={"email": AIGERIM.email},
        hostile={"email": required(EMAILS, "Enter your e-mail.")},
    ),
    "new password by a link": Form(
        path="",
        valid={"password": OTHER_PASSWORD},
        hostile={"password": NEW_PASSWORDS},
        link="reset",
    ),
    "new password by the old one": Form(
        path="/account/password",
        valid={"current": PASSWORD, "password": OTHER_PASSWORD},
        hostile={"current": guesses(NOT_YOURS), "password": NEW_PASSWORDS},
        signed_in=True,
    ),
    "the password once more": Form(
        path="/account/reauthenticate",
        valid={"current": PASSWORD},
        hostile={"current": guesses(NOT_YOURS)},
        signed_in=True,
    ),
    "profile": Form(
        path="/account/profile",
        valid={**NAMED, "language": "kk"},
        hostile={**DETAILS, "language": LANGUAGES},
        signed_in=True,
    ),
    "another e-mail": Form(
        path="/account/email",
        valid={"email": GUEST.email, "current": PASSWORD},
        hostile={
            "email": required(EMAILS, "Enter the new e-mail."),
            "current": guesses(NOT_YOURS),
        },
        signed_in=True,
    ),
    "app of the second step": Form(
        path="/account/two-factor",
        valid={"code": ""},
        hostile={"code": CODES},
        signed_in=True,
    ),
}


class Filled(HTMLParser):
    """The fields of a page: name -> attributes of the input."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, str]] = {}
        self.select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "select":
            self.select = attributes["name"]
            self.fields[self.select] = {"value": ""}
        elif tag == "option" and "selected" in attributes:
            self.fields[self.select] = attributes
        elif tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes
