"""Password strength and hashing, with uniform timing."""

import random
import subprocess
import sys
from itertools import product

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from neupusti.accounts.service import password_strength, passwords
from neupusti.accounts.service.errors import AccountError
from neupusti.config.values import ROOT

ABOUT = ("aigerim@example.kz", "Айгерим", "Сейтқали")


@pytest.mark.parametrize(
    "password",
    [
        *("password1234", "P@ssw0rd1234", "Пароль-2024!", "парольпароль", "gfhjkmgfhjkm"),
        *("йцукенгшщзхъ", "фывапролджэ1", "qwertyuiop12", "1qaz2wsx3edc", "zxcvbnm,./12"),
        *("1q2w3e4r5t6y", "123456789012", "000000000000", "abcabcabcabc", "aaaabbbbcccc"),
        *("Казахстан2022", "қазақстан2024", "құпиясөз1234", "әіңғүұқөһ123", "iloveyou2023"),
        *("qazaqstan2023", "admin@admin1", "qwerty qwerty", "neupusti2026", "Алматы050000"),
        *("ntcnjdsq2020", "Vfhbyf2015!!", "22.11.2026г", "махаббатым1", "zhanym123456"),
        *("aigerim@example.kz", "Сейтқали2024", "айгерим-aigerim", "aigerim12345"),
    ],
)
def test_guessable_passwords_are_rejected(password: str) -> None:
    assert password_strength.too_common(password, ABOUT)


@pytest.mark.parametrize(
    "password",
    [
        *("тихий чай у окна", "мөлдір бұлақ суы", "correct horse battery staple"),
        *("kT7#pw!zQm2x", "x9Lm2qRt", "один два три четыре", "🐎 қымыз 和平 мир"),
        *("ауылда қой көп екен", "семь раз отмерь", "9f3!kd-22qp-zz"),
    ],
)
def test_other_passwords_are_accepted(password: str) -> None:
    assert not password_strength.too_common(password, ABOUT)


@pytest.mark.slow
def test_thousands_of_the_most_common_are_refused() -> None:
    """A sample of what lists of leaked passwords are made of: word and ending."""
    words = sorted(password_strength.common_words())
    endings = ("", "1", "123", "2024", "!", "1234", "007", "_2023", "12345", "!!!")
    rolled = random.Random(1)  # noqa: S311 - a sample, not a secret
    sample = rolled.sample(list(product(words, endings)), 4000)
    assert [w + e for w, e in sample if not password_strength.too_common(w + e)] == []


@given(st.text(max_size=300))
def test_any_text_is_judged_in_time(text: str) -> None:
    password_strength.too_common(text, ABOUT)


@pytest.mark.parametrize(
    ("password", "right"),
    [
        *(("я" * 11, False), ("a1b2c3d4e5f", False), ("тихий чай у окна", True)),
        *(("семь раз отмерь " + "ы" * 241, False), ("семь раз отмерь, один раз", True)),
        *(("\ufffd семь раз отмерь", False), ("семь раз\x00отмерь", False)),
        *(("и\u0306" * 11, False), ("чай да каша", False)),
    ],
    ids=repr,
)
def test_length_is_counted_in_composed_characters(
    app: Flask,
    password: str,
    right: bool,  # noqa: FBT001 - what is expected
) -> None:
    if right:
        passwords.check(password, (), min_length=12)
    else:
        with pytest.raises(AccountError):
            passwords.check(password, (), min_length=12)


@pytest.mark.parametrize(
    "password",
    ["тихий чай у окна", "🐎" * 64, "a" * 256, "\u0439 и \u0438\u0306", "x" * 5000, "\x00"],
    ids=lambda p: repr(p[:9]),
)
def test_a_password_is_its_own_and_no_other(app: Flask, password: str) -> None:
    password_hash = passwords.hashed(password)
    assert passwords.matches(password_hash, password) is (len(password) < 1000)
    assert not passwords.matches(password_hash, password[:-1] + "z")
    assert not passwords.matches(None, password)


def test_a_damaged_hash_matches_nothing(app: Flask) -> None:
    for damaged in ("", "x", "$argon2id$v=19$m=1", "pbkdf2:sha256:1$x$y"):
        assert not passwords.matches(damaged, "тихий чай у окна")


@pytest.mark.usefixtures("real_hasher")
def test_nobodys_hash_takes_the_same_work(app: Flask) -> None:
    """Same parameters, so the same time: what is measured elsewhere holds here."""
    passwords._dummy_hash.cache_clear()  # noqa: SLF001 - it may hold a cheap hash
    parts = [passwords.hashed("a"), passwords._dummy_hash()]  # noqa: SLF001 - its numbers
    assert {part.rpartition("$")[0].rpartition("$")[0] for part in parts} == {
        "$argon2id$v=19$m=19456,t=2,p=1"
    }


FORK = """
import os
from neupusti.accounts.service import passwords
from tests.conftest import SQLITE

pytestmark = SQLITE
passwords.PATIENCE_SECONDS = 5
kept = passwords.hashed("тихий чай у окна")
child = os.fork()
if not child:
    os._exit(not passwords.matches(kept, "тихий чай у окна"))
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.slow
def test_a_worker_hashes_though_the_process_it_was_forked_from_did() -> None:
    """The first start makes a member of staff, and then the workers."""
    done = subprocess.run([sys.executable, "-c", FORK], cwd=ROOT, check=False)
    assert done.returncode == 0
