import re
from collections.abc import Mapping
from math import cos, radians, sin

import pytest

from neupusti.config.values import ROOT

STYLE = (ROOT / "static" / "site.css").read_text()
SCHEMES = ("light", "dark")
OKLCH = re.compile(r"oklch\((\d*\.?\d+)% (\d*\.?\d+) (\d*\.?\d+)\)")
TOKEN = re.compile(r"--([a-z-]+): ((?:light-dark|oklch)\(.*\));")
TEXTS = {
    "ink": ("canvas", "surface", "found", "gone", "come"),
    "muted": ("canvas", "surface", "found"),
    "accent": ("canvas", "surface", "found"),
    "accent-hover": ("canvas", "surface", "found"),
    "danger": ("canvas", "surface"),
    "on-accent": ("accent", "accent-hover", "danger"),
}
"""Text colour -> its backgrounds: contrast at least 4.5:1 (WCAG 1.4.3)."""
EDGES = {"line-strong": ("canvas", "surface")}
"""Border colour of inputs -> its backgrounds: at least 3:1 (WCAG 1.4.11)."""
DECORATIVE = {"line", "gold"}
"""Decorative colours: the focus ring has a second ring of ink."""


def tokens() -> dict[str, tuple[str, str]]:
    """Return colour token -> its value in the light and in the dark scheme."""
    found = {}
    for name, value in TOKEN.findall(STYLE):
        inside = value.removeprefix("light-dark(")
        both = tuple(match[0] for match in OKLCH.finditer(inside))
        found[name] = (both[0], both[-1])
    return found


def luminance(colour: str) -> float:
    """Return the relative luminance of an OKLCH colour, in the gamut of sRGB."""
    match = OKLCH.fullmatch(colour)
    assert match, colour
    lightness, chroma, hue = (float(part) for part in match.groups())
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    base = lightness / 100
    long = (base + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (base - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (base - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(max(part, 0.0), 1.0) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def pairs(table: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [
        (foreground, background)
        for foreground, backgrounds in table.items()
        for background in backgrounds
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("foreground", "background"), pairs(TEXTS))
def test_text_has_contrast(foreground: str, background: str, scheme: str) -> None:
    values, scheme_index = tokens(), SCHEMES.index(scheme)
    assert (
        contrast(values[foreground][scheme_index], values[background][scheme_index]) >= 4.5
    )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("foreground", "background"), pairs(EDGES))
def test_borders_of_inputs_have_contrast(
    foreground: str, background: str, scheme: str
) -> None:
    values, scheme_index = tokens(), SCHEMES.index(scheme)
    assert contrast(values[foreground][scheme_index], values[background][scheme_index]) >= 3


def test_every_colour_is_checked_or_decorative() -> None:
    tables = (*TEXTS.items(), *EDGES.items())
    used = {
        name for foreground, backgrounds in tables for name in (foreground, *backgrounds)
    }
    assert tokens().keys() == used | DECORATIVE


def test_colours_are_only_in_tokens() -> None:
    rules = TOKEN.sub("", STYLE)
    loose = re.findall(r"oklch\([^)]*\)|rgb\([^)]*\)|hsl\([^)]*\)|#[0-9a-f]{3,8}\b", rules)
    assert set(loose) <= {"#000"}


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("oklch(100% 0 0)", "oklch(0% 0 0)", 21.0),
        ("oklch(100% 0 0)", "oklch(100% 0 0)", 1.0),
        # Pure red and pure blue of sRGB on white, as every checker of contrast has them.
        ("oklch(62.7955% 0.257683 29.2339)", "oklch(100% 0 0)", 4.0),
        ("oklch(45.2014% 0.313214 264.052)", "oklch(100% 0 0)", 8.59),
    ],
)
def test_the_contrast_is_computed_correctly(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
