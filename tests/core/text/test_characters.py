"""The form in which text is stored, of words and of what only costs time."""

from neupusti.core.text.characters import composed

DOT_BELOW, ACUTE = "\u0323", "\u0301"


def test_the_same_word_is_the_same_text() -> None:
    assert composed("и\u0306") == "й"
    assert composed(f"e{ACUTE}{DOT_BELOW}") == "ẹ\u0301"
    assert composed("и\u0306" * 1000) == "й" * 1000


def test_a_pile_of_marks_is_put_into_no_order() -> None:
    """Sixty thousand bytes of it took all of the machine for two seconds."""
    piled = "e" + ACUTE * 16_000 + DOT_BELOW * 16_000
    assert composed(piled) == piled
    assert composed("слово " * 100 + piled).endswith(piled)
