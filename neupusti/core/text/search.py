"""Fold words for search, and read what was typed on the wrong keyboard.

Buyers leave out the letters that their keyboard lacks, forget to switch its layout, and
write Kazakh and Russian in Latin letters. Nothing here knows a dictionary.
"""

import re
import unicodedata
from collections.abc import Iterator

from neupusti.core.text import collation

MAX_LETTERS = 40
"""Letters of a word that count; the longest words of the three languages have fewer."""
WORD = re.compile(r"[0-9a-z\u0430-\u045f\u048a-\u04ff]+")
"""Digits, Latin and Cyrillic letters: every tokenizer reads these alike."""
CYRILLIC = re.compile(r"[\u0430-\u04ff]")
LATIN = re.compile(r"[a-z]")
DIGIT = re.compile(r"[0-9]")
DIACRITIC = re.compile(r"[\u00e0-\u024f\u1e00-\u1eff]")

CODE = re.compile(r"(?<![^\W\d_])([^\W\d_]{1,2})-(?=\d)")
"""The beginning of an article number: «K-014» is one word, «k014»."""
LOOKALIKES = str.maketrans("aceopxyihkmtb", "асеорхуіһкмтв")
LATIN_LOOKALIKES = str.maketrans("асеорхуікмтв", "aceopxyikmtb")
LOOSE = str.maketrans("әғқңөұүһі", "агкноуухи")
"""Kazakh letters -> what is typed on a Russian keyboard in their place."""

ENGLISH_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`" + '{}:"<>~'
RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюе" + "хъжэбюе"
KAZAKH_DIGITS = str.maketrans("2345890-=", "әіңғүұқөһ")
"""The upper row of the Kazakh layout; its letters stand where the Russian ones do."""
TO_CYRILLIC = str.maketrans(ENGLISH_KEYS, RUSSIAN_KEYS)
TO_LATIN = str.maketrans(RUSSIAN_KEYS[:32], ENGLISH_KEYS[:32])

SPELLINGS = "shch sch sh ch zh kh ts yo jo yu ju ya ye x"
SPELLED = "щ щ ш ч ж х ц е е ю ю я е кс"
SOUNDS = dict(zip(SPELLINGS.split(), SPELLED.split(), strict=True)) | dict(
    zip("abcdefghijklmnopqrstuvwyz'", "абкдефгхижклмнопкрстуввызь", strict=True)
)
SOUNDS |= dict(zip("şğñŋöüūäıç", "шгнноууаыч", strict=True))
"""Latin spellings -> Cyrillic letters; Kazakh ones in their loose form."""
SOUND = re.compile("|".join(sorted(SOUNDS, key=len, reverse=True)))
GLIDE = re.compile(r"(?<=[aeouäöü])[iyj](?![aeiouyäöüı])")
"""The «й» of chai, chay and chaj."""
SOFT_C = re.compile(r"c(?=[eiy])")

KAZAKH_SUFFIX = re.compile(
    r"(?:(?<=.{3})(?:[лдт][ае]р|[ндт][ыи]н|[днт][ае]н|[мбп]ен|[лдт][ыи]к|с[ыи]з|[ыи]м[ыи]з"
    r"|[ыи]н[ыи]з|[ыи])|(?<=.{4})(?:[ыи][мн]|[мн][ыи]з|[сндтл][ыи]|[гкндт][ае]|нд[ае]|[ае]))$"
)
"""Plural, possession, case and «with», «without» and «of».

At least four letters stay; three before a suffix that is hardly ever part of the word.
"""
MAX_SUFFIXES = 3
HARDENED = str.maketrans("гб", "кп")


def folded(text: str) -> str:
    """Return `text` without the differences that search ignores: case, ё, spaces."""
    return collation.folded(text)


def words(text: str) -> list[str]:
    """Return the words of `text`, folded, without the diacritics of Latin letters."""
    plain = CODE.sub(r"\1", DIACRITIC.sub(_base, folded(text)))
    return [_one_script(word)[:MAX_LETTERS] for word in WORD.findall(plain)]


def loose(word: str) -> str:
    """Return a folded word as it is typed without Kazakh letters."""
    return word.translate(LOOSE)


def kazakh_stem(word: str) -> str:
    """Return the loose form of a folded word without up to three Kazakh suffixes."""
    stem = loose(word)
    for _ in range(MAX_SUFFIXES):
        shorter = KAZAKH_SUFFIX.sub("", stem)
        if shorter == stem:
            break
        stem = shorter
    return stem[:-1] + stem[-1:].translate(HARDENED)


def spellings(typed: str) -> Iterator[str]:
    """Yield what else a folded text without spaces can have been meant to be.

    First the same keys under another layout (Russian, Kazakh, English), then the sounds
    of its Latin letters in Cyrillic ones.
    """
    others = [typed.translate(TO_CYRILLIC)]
    others.append(typed.translate(KAZAKH_DIGITS).translate(TO_CYRILLIC))
    if CYRILLIC.search(typed):
        others.append(typed.translate(TO_LATIN))
    if LATIN.search(typed):
        others.append(_by_sound(typed))
    yield from (text for text in dict.fromkeys(others) if text != typed)


def _base(match: re.Match[str]) -> str:
    return "i" if match[0] == "ı" else unicodedata.normalize("NFD", match[0])[0]


def _one_script(word: str) -> str:
    """Return a word of two scripts in one: in Cyrillic, or a code («К014») in Latin."""
    if not CYRILLIC.search(word):
        return word
    if DIGIT.search(word) and not CYRILLIC.search(code := word.translate(LATIN_LOOKALIKES)):
        return code
    return word.translate(LOOKALIKES)


def _by_sound(typed: str) -> str:
    """Return Latin letters as the Cyrillic ones that they stand for."""
    prepared = SOFT_C.sub("ц", GLIDE.sub("й", typed))
    return SOUND.sub(lambda match: SOUNDS[match[0]], prepared)
