"""The signed consent cookie: an invalid, replaced or future one is no choice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from neupusti.consent.service import cookie_policy
from neupusti.consent.service.cookie_policy import Verdict
from neupusti.consent.service.signed_cookie import LIMIT, SignedChoice, SignedCookie
from neupusti.consent.views.extension import ConsentExtension
from neupusti.core import clock
from neupusti.core.feature import Category
from neupusti.core.web.choice import UNDECIDED, Choice, ChoiceState
from tests.conftest import SQLITE
from tests.consent.conftest import BASE_FEATURES, Visitor, records
from tests.times import Clock

SIGNER = SignedCookie("0123456789abcdef0123456789abcdef")
OPTIONAL = st.sampled_from([c for c in Category if c is not Category.NECESSARY])
SHORT = st.text("ABCxyz0189-_", min_size=8, max_size=8)
SIGNED = st.builds(
    SignedChoice,
    grants=st.dictionaries(OPTIONAL, SHORT),
    at=st.integers(1_700_000_000, 4_000_000_000),
    record=st.text("ABCxyz0189-_", min_size=16, max_size=16),
)
BANNER = 'value="reject"'


@given(SIGNED)
def test_what_is_written_is_read(signed: SignedChoice) -> None:
    value = SIGNER.write(signed)
    assert SIGNER.read(value) == signed
    assert len(value) <= 80


@given(SIGNED, st.data())
def test_one_changed_character_is_noticed(
    signed: SignedChoice, data: st.DataObject
) -> None:
    value = SIGNER.write(signed)
    place = data.draw(st.integers(0, len(value) - 1))
    other = data.draw(st.characters(codec="latin-1"))
    changed = value[:place] + other + value[place + 1 :]
    # The last character of a signature carries bits that mean nothing; even those count.
    assert changed == value or SIGNER.read(changed) is None


@given(SIGNED)
def test_another_key_does_not_sign_for_us(signed: SignedChoice) -> None:
    assert (
        SIGNER.read(SignedCookie("another secret of thirty-two bytes").write(signed))
        is None
    )


@given(st.text(max_size=LIMIT + 40))
def test_junk_is_no_choice(value: str) -> None:
    assert SIGNER.read(value) is None


def hostile(value: str) -> dict[str, str]:
    """Return corrupted and forged variants of a valid cookie."""
    other = SignedCookie("another secret of thirty-two bytes")
    read = SIGNER.read(value)
    assert read
    return {
        "forged": value[:-22] + "A" * 22,
        "widened": value.replace("1..", "1.pAAAAAAAA.", 1),
        "truncated": value[:-1],
        "cut": value[: len(value) // 2],
        "empty": "",
        "oversized": value + "A" * 5000,
        "another secret": other.write(read),
        "doubled": f"{value}.{value}",
        "quoted": f'"{value}"',
        "injected": "1' OR '1'='1",
        "encoded": value.replace(".", "%2E"),
        "bytes": "\xff\xfe\x80",
        "markup": "<script>alert(1)</script>",
    }


KINDS = tuple(hostile(SIGNER.write(SignedChoice({}, 1_800_000_000, "A" * 16))))


@SQLITE
@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_cookie_counts_as_no_choice(app: Flask, kind: str) -> None:
    honest = Visitor(app.test_client())
    honest.choose("reject")
    value = hostile(honest.cookie() or "")[kind]
    response = app.test_client(use_cookies=False).get(
        "/policy/", headers={"Cookie": f"consent={value}"}
    )
    assert response.status_code == 200
    assert BANNER in response.text
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


@SQLITE
def test_a_cookie_without_a_name_does_not_pass_for_ours(app: Flask) -> None:
    honest = Visitor(app.test_client())
    honest.choose("accept")
    for header in (f"=consent={honest.cookie()}", f"consent{honest.cookie()}", "consent"):
        answer = app.test_client(use_cookies=False).get("/", headers={"Cookie": header})
        assert BANNER in answer.text


def test_an_old_cookie_played_back_is_no_choice(app: Flask) -> None:
    visitor = Visitor(app.test_client())
    visitor.choose("accept")
    old = visitor.cookie()
    visitor.choose("withdraw")
    played = app.test_client(use_cookies=False)
    answer = played.get("/policy/", headers={"Cookie": f"consent={old}; theme=dark"})
    assert BANNER in answer.text
    assert 'content="light dark"' in answer.text


def test_another_process_learns_of_it_within_a_second(
    visitor: Visitor, with_features: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    from neupusti.consent.service import store  # noqa: PLC0415

    other = with_features(*BASE_FEATURES).test_client(use_cookies=False)
    visitor.choose("accept")
    header = {"Cookie": f"consent={visitor.cookie()}"}
    assert BANNER not in other.get("/", headers=header).text
    visitor.choose("withdraw")
    monkeypatch.setattr(store, "RECHECK_SECONDS", -1.0)
    assert BANNER in other.get("/", headers=header).text


@SQLITE
def test_a_cookie_of_the_future_is_no_choice(visitor: Visitor, at: Clock) -> None:
    now = clock.now()
    made = now.replace(microsecond=0) + timedelta(days=2)
    at(made)
    visitor.choose("accept")
    at(made - timedelta(seconds=300))
    assert BANNER not in visitor.client.get("/").text
    at(made - timedelta(seconds=301))
    assert BANNER in visitor.client.get("/").text


@SQLITE
def test_of_two_signed_cookies_the_newer_counts(app: Flask, at: Clock) -> None:
    now = clock.now()
    values = []
    for minutes, action in enumerate(("reject", "accept")):
        at(now + timedelta(minutes=minutes))
        visitor = Visitor(app.test_client())
        visitor.choose(action)
        values.append(visitor.cookie())
    for header in (values, values[::-1]):
        sent = "; ".join(f"consent={value}" for value in header)
        answer = app.test_client(use_cookies=False).get(
            "/cookies/", headers={"Cookie": sent}
        )
        assert " checked>" in answer.text
    assert len(records()) == 2


@SQLITE
def test_a_choice_in_force_is_read_once(
    visitor: Visitor, consent: ConsentExtension, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.choose("accept")
    visitor.client.get("/")
    monkeypatch.setattr(consent.cookie_policy, "read", lambda _: pytest.fail("read again"))
    assert BANNER not in visitor.client.get("/").text


@SQLITE
def test_only_so_many_choices_are_remembered(
    app: Flask, consent: ConsentExtension, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cookie_policy, "CACHED_CHOICES", 2)
    sizes = []
    for _ in range(3):
        visitor = Visitor(app.test_client())
        visitor.choose("accept")
        visitor.client.get("/")
        sizes.append(len(consent.cookie_policy.choice_cache))
    assert sizes == [1, 2, 1]


@SQLITE
def test_two_cookies_of_one_visitor_are_not_remembered(
    app: Flask, visitor: Visitor, consent: ConsentExtension
) -> None:
    visitor.choose("accept")
    twice = f"consent={visitor.cookie()}; consent={visitor.cookie()}"
    consent.cookie_policy.choice_cache.clear()
    answer = app.test_client(use_cookies=False).get("/", headers={"Cookie": twice})
    assert BANNER not in answer.text
    assert consent.cookie_policy.choice_cache == {}


@SQLITE
def test_a_line_that_only_takes_away_needs_no_consent(consent: ConsentExtension) -> None:
    rule = consent.cookie_policy.rule
    assert rule("theme=; Max-Age=0", UNDECIDED).verdict is Verdict.ALLOWED
    assert rule("theme=1; Max-Age=0", UNDECIDED).verdict is Verdict.NOT_GRANTED


@SQLITE
@pytest.mark.parametrize(
    ("attributes", "verdict"),
    [
        ("Max-Age=" + "9" * 30, Verdict.UNDECLARED),
        ('Max-Age="9"; Expires=Fri, 01 Jan 2100 00:00:00 GMT', Verdict.UNDECLARED),
        ("Expires=Fri, 31 Dec 9999 23:59:59 -2300", Verdict.UNDECLARED),
        ('Max-Age="9"', Verdict.ALLOWED),
        ("Max-Age=-1; Expires=Fri, 01 Jan 2100 00:00:00 GMT", Verdict.ALLOWED),
    ],
)
def test_a_lifetime_is_read_as_a_browser_reads_it(
    consent: ConsentExtension, attributes: str, verdict: Verdict
) -> None:
    assert consent.cookie_policy.rule(f"consent=1; {attributes}", UNDECIDED).verdict is (
        verdict
    )


@SQLITE
def test_erasing_everything_spares_the_record_of_the_choice(
    consent: ConsentExtension,
) -> None:
    erasing = Choice(state=ChoiceState.DECIDED, erase=True)
    names = ["consent", "theme", "session"]
    assert consent.cookie_policy.unwanted(names, erasing) == ["theme", "session"]
    assert {name for name, _ in consent.cookie_policy.scopes_of(erasing)} == {
        *("session", "theme", "remember_token", "basket", "device"),
    }


@SQLITE
def test_consent_without_a_third_party_widens_no_policy(consent: ConsentExtension) -> None:
    assert consent.cookie_policy.third_party == frozenset()
