"""Names, phone numbers and email addresses as people type them."""

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.text import emails, names, phones
from neupusti.core.text.characters import hidden
from neupusti.core.text.emails import EmailError
from neupusti.core.text.names import PersonNameError
from neupusti.core.text.phones import PhoneError


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
    ("text", "code"),
    [
        *(("", "empty"), ("--", "empty"), ("\u200d", "empty"), ("Ким7", "digits")),
        *(("\u0667", "digits"), ("a\u202eb", "hidden"), ("a\u200fb", "hidden")),
        *(("a\x00b", "hidden"), ("a\nb", "hidden"), ("a\x1bb", "hidden")),
        *(("a\ufffdb", "hidden"), ("я" * 101, "long"), ("evil.kz", "sign")),
        *(("<b>x</b>", "sign"), ("a@b", "sign"), ("{{x}}", "sign"), ("😀а", "sign")),
        *(("=cmd", "sign"), ("а" + "\u0301" * 9, "sign"), ("http://x", "sign")),
    ],
)
def test_an_invalid_name_is_refused(text: str, code: str) -> None:
    with pytest.raises(PersonNameError, match=code):
        names.parse(text)


@given(st.text(max_size=200))
def test_a_name_is_stored_whole_or_refused(text: str) -> None:
    try:
        name = names.parse(text)
    except PersonNameError:
        return
    assert 1 <= len(name) <= names.MAX_LENGTH
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
def test_a_phone_is_stored_in_one_form(written: str, kept: str) -> None:
    assert phones.parse(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        *("", "123", "8701123456", "+7 701 123 45 678", "8-701-ABC-DE-FG", "+0 12345"),
        *("+7 701 123 45 67 доб. 5", "8701\x0012345", "9" * 50, "tel:+77011234567"),
    ],
)
def test_what_cannot_be_called_is_refused(written: str) -> None:
    with pytest.raises(PhoneError):
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
        ("a@ПРИМЕР.ҚАЗ", "a@xn--e1afmkfd.xn--80ao21a"),
        ("dana@straße.de", "dana@xn--strae-oqa.de"),
        ("dana@STRAẞE.de", "dana@xn--strae-oqa.de"),
        ("dana@XN--Strae-OQA.de", "dana@xn--strae-oqa.de"),
        ("dana@strasse.de", "dana@strasse.de"),
        ("dana@κόσμος.gr", "dana@xn--vxaejmc7c.gr"),
        ("dana@κόσμοσ.gr", "dana@xn--vxaejoc4c.gr"),
        ("dana@ශ්\u200dරී.lk", "dana@xn--10cl1a0b660p.lk"),
        ("dana@ශ්රී.lk", "dana@xn--10cl1a0b.lk"),
        ("dana@ｅｘａｍｐｌｅ。kz", "dana@example.kz"),
        ("dana@mu\u0308nchen.de", "dana@xn--mnchen-3ya.de"),
    ],
)
def test_an_address_is_stored_with_its_domain_in_lower_case(typed: str, kept: str) -> None:
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
        *("=?utf-8?q?a?=@b.kz", "=?@b.kz"),
        *("a" * 65 + "@b.kz", "a@" + "b" * 64 + ".kz", "a@" + "b.kz" * 70, "a@b.kz\u202e"),
        *("a@b.kz\u200b", "a@b\u00ad.kz", "a@\u2060b.kz", "a@b\ufeff.kz"),
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(EmailError):
        emails.parse(typed)


@pytest.mark.parametrize(
    "domain",
    [
        *("i❤.ws", "xn--i-7iq.ws", "ab--cd.kz", "-b.kz", "b-.kz", "аб--вг.kz", "a_b.kz"),
        *("אa.com", "٣.kz", "а\u200dб.kz", "a\u200cb.kz", "b" * 64 + ".kz"),
        *("я" * 60 + ".kz", "xn--abc.kz", "xn--a-.kz", "xn--stra-x.de", "a..kz", ".a.kz"),
        *("a․kz.kz", "⒈.kz", "·.kz", "℀.kz", "\u0308a.kz", "a≠b.kz"),
    ],
)
def test_a_name_that_no_server_has_is_refused_as_such(domain: str) -> None:
    with pytest.raises(EmailError, match=emails.DOMAIN):
        emails.parse(f"dana@{domain}")


@given(st.text(max_size=70), st.sampled_from(["de", "kz", "қаз"]))
def test_a_domain_goes_where_it_was_typed_or_nowhere(label: str, top: str) -> None:
    try:
        address = emails.parse(f"dana@{label}.{top}")
    except EmailError:
        return
    domain = address.removeprefix("dana@")
    assert domain.isascii()
    assert domain == domain.lower()
    assert emails.parse(address) == address
    assert idna.decode(domain) == idna.uts46_remap(f"{label}.{top}", std3_rules=False)


def test_addresses_are_compared_without_case() -> None:
    assert emails.key("Aigerim@example.kz") == emails.key("aigerim@example.kz")


def test_different_domains_differ() -> None:
    typed = ("dana@straße.de", "dana@strasse.de", "dana@κόσμος.gr", "dana@κόσμοσ.gr")
    assert len({emails.key(emails.parse(address)) for address in typed}) == len(typed)
    assert emails.key("dana@straße.de") != emails.key("dana@strasse.de")


def test_a_masked_address_hides_the_local_part() -> None:
    assert emails.masked("aigerim@example.kz") == "a…@example.kz"


LOCAL_64 = "a" * 64
DOMAIN_189 = ".".join(["b" * 61] * 3) + ".kz"
"""64 and the sign and 189 letters are the 254 that an address may have."""


def test_an_email_may_be_as_long_as_its_standard_allows() -> None:
    assert len(f"{LOCAL_64}@{DOMAIN_189}") == 253
    for domain in (DOMAIN_189, DOMAIN_189.replace(".kz", ".kzt")):
        assert emails.parse(f"{LOCAL_64}@{domain}") == f"{LOCAL_64}@{domain}"
    too_long = DOMAIN_189.replace(".kz", ".kztt")
    for refused in (f"{LOCAL_64}@{too_long}", f"a{LOCAL_64}@b.kz"):
        with pytest.raises(emails.EmailError):
            emails.parse(refused)


def test_a_phone_may_have_forty_characters() -> None:
    assert phones.parse("8" + " " * 25 + "701 000 00 01") == "+77010000001"
    assert len("8" + " " * 25 + "701 000 00 01") == 39
    assert phones.parse("8" + " " * 26 + "701 000 00 01") == "+77010000001"
    with pytest.raises(phones.PhoneError):
        phones.parse("8" + " " * 27 + "701 000 00 01")
