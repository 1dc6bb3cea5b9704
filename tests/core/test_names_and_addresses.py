"""What people type about themselves: names, phones, addresses of e-mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core import emails, names, phones
from neupusti.core.characters import hidden
from neupusti.core.emails import EmailFault
from neupusti.core.names import NameFault
from neupusti.core.phones import PhoneFault


@pytest.mark.clause("3.2.1")
@pytest.mark.parametrize(
    "name",
    [
        *("Әлия", "О'Нил", "Ким", "Қажымұқан", "Жан-Поль", "А. Б.", "de la Cruz"),
        *("李小龙", "عبد الله", "ராமன்", "می‌خواهم", "Nguyễn", "ʻOkina", "X"),
    ],
)
def test_a_name_of_any_script_is_taken_as_it_is(name: str) -> None:
    assert names.parse(f" {name} ") == name


def test_the_same_name_typed_on_two_systems_is_one() -> None:
    assert names.parse("Андреи\u0306") == names.parse("Андрей")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        *(("", "empty"), ("--", "empty"), ("\u200d", "empty"), ("Ким7", "digits")),
        *(("\u0667", "digits"), ("a\u202eb", "hidden"), ("a\u200fb", "hidden")),
        *(("a\x00b", "hidden"), ("a\nb", "hidden"), ("a\x1bb", "hidden")),
        *(("a\ufffdb", "hidden"), ("я" * 101, "long"), ("evil.kz", "sign")),
        *(("<b>x</b>", "sign"), ("a@b", "sign"), ("{{x}}", "sign"), ("😀а", "sign")),
        *(("=cmd", "sign"), ("а" + "\u0301" * 9, "sign"), ("http://x", "sign")),
    ],
)
def test_what_is_no_name_is_refused(text: str, fault: str) -> None:
    with pytest.raises(NameFault, match=fault):
        names.parse(text)


@given(st.text(max_size=200))
def test_a_name_is_kept_whole_or_refused(text: str) -> None:
    try:
        name = names.parse(text)
    except NameFault:
        return
    assert 1 <= len(name) <= names.LONGEST
    assert not hidden(name)
    assert names.parse(name) == name


@pytest.mark.clause("3.2.2")
@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("87011234567", "+77011234567"),
        ("8 (701) 123-45-67", "+77011234567"),
        ("7011234567", "+77011234567"),
        ("77011234567", "+77011234567"),
        ("+7 701 123 45 67", "+77011234567"),
        ("+7\u00a0701\u00a0123\u00a045\u00a067", "+77011234567"),
        (" 8-747-123-45-67 ", "+77471234567"),
        ("+7 727 123 4567", "+77271234567"),
        ("+7 727 250 00 00", "+77272500000"),
        ("8 7172 55 66 77", "+77172556677"),
        ("+7 495 123-45-67", "+74951234567"),
        ("+7 916 123 45 67", "+79161234567"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+998 90 123 45 67", "+998901234567"),
        ("٨٧٠١١٢٣٤٥٦٧", "+77011234567"),
    ],
)
def test_a_phone_is_kept_in_one_form(written: str, kept: str) -> None:
    assert phones.parse(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        *("", "123", "8701123456", "+7 701 123 45 678", "8-701-ABC-DE-FG", "+0 12345"),
        *("+7 701 123 45 67 доб. 5", "8701\x0012345", "9" * 50, "tel:+77011234567"),
    ],
)
def test_what_cannot_be_called_is_refused(written: str) -> None:
    with pytest.raises(PhoneFault):
        phones.parse(written)


def test_a_phone_is_shown_in_groups_that_do_not_break() -> None:
    assert phones.shown("+77011234567") == "+7\u00a0701\u00a0123\u00a045\u00a067"
    assert phones.shown("+442079460958") == "+44\u00a020\u00a07946\u00a00958"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("aigerim@example.kz", "aigerim@example.kz"),
        (" Aigerim.S+shop@Example.KZ ", "Aigerim.S+shop@example.kz"),
        ("o'neil@example.co.uk", "o'neil@example.co.uk"),
        ("a@пример.қаз", "a@xn--e1afmkfd.xn--80ao21a"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_lower_case(typed: str, kept: str) -> None:
    assert emails.parse(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", "a", "a@b", "@b.kz", "a@", "a b@c.kz", "a..b@c.kz", ".a@c.kz", "a@c..kz"),
        *(
            "a@b.kz\nBcc: x@y.kz",
            "a@b.kz\r\nX: y",
            "a@b.kz\x00",
            '"a b"@c.kz',
            "a@[1.2.3.4]",
        ),
        *(
            "a@1.2.3.4",
            "a@-b.kz",
            "a@b-.kz",
            "é@b.kz",
            "a@b@c.kz",
            "<a@b.kz>",
            "a@b.kz,c",
        ),
        *("a" * 65 + "@b.kz", "a@" + "b" * 64 + ".kz", "a@" + "b.kz" * 70, "a@b.kz\u202e"),
        *("a@b.kz\u200b", "a@b\u00ad.kz", "a@\u2060b.kz", "a@b\ufeff.kz"),
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(EmailFault):
        emails.parse(typed)


def test_two_addresses_that_differ_in_case_are_one_persons() -> None:
    assert emails.key("Aigerim@example.kz") == emails.key("aigerim@example.kz")


def test_a_masked_address_tells_only_its_owner() -> None:
    assert emails.masked("aigerim@example.kz") == "a…@example.kz"
