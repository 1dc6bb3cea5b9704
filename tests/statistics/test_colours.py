"""The colours of the charts are told apart, from the ground and from their neighbours."""

import re
from math import atan2, cos, degrees, hypot, radians, sin

import pytest

from neupusti.config.values import ROOT
from tests.contracts.test_colours import OKLCH, SCHEMES, contrast

SHEETS = [(ROOT / "static" / f"{n}.css").read_text() for n in ("site", "statistics")]
TOKEN = re.compile(r"--([a-z-]+): ([^;]+);")
NORMAL, FORCED = (
    "\n".join(sheet.partition("@media (forced-colors")[part] for sheet in SHEETS)
    for part in (0, 2)
)
SERIES = ("people", "robots", "scanners", "clients", "faults", "fault")
NEIGHBOURS = (("people", "robots"), ("robots", "scanners"), ("clients", "faults"))
"""What is stacked on what; over a missing one a gap of the ground is drawn."""


def fill(name: str) -> str:
    """Return what the style sheet fills a series with."""
    found = re.search(
        rf"^[^{{\n]*\.{name}\b[^{{\n]*\{{ fill: ([^;]+);", NORMAL, re.MULTILINE
    )
    assert found is not None, name
    if found[1] == 'url("#stripes")':
        pattern = re.search(r"\.plot pattern[^{]*\{ fill: ([^;]+);", NORMAL)
        assert pattern is not None
        return pattern[1]
    return found[1]


def resolved(value: str, scheme: int) -> str:
    """Return a CSS colour as `oklch(…)`, in the light (0) or the dark (1) scheme."""
    if token := re.fullmatch(r"var\(--([a-z-]+)\)", value):
        return resolved(dict(TOKEN.findall(NORMAL))[token[1]], scheme)
    if mixed := re.fullmatch(r"color-mix\(in oklab, (.+) (\d+)%, (.+)\)", value):
        one, other = (resolved(mixed[at], scheme) for at in (1, 3))
        return mix(one, other, int(mixed[2]) / 100)
    colours = [match[0] for match in OKLCH.finditer(value)]
    return colours[scheme] if len(colours) > 1 else colours[0]


def mix(one: str, other: str, part: float) -> str:
    """Return `part` of one colour and the rest of another, mixed in OKLab."""
    points = []
    for colour in (one, other):
        match = OKLCH.fullmatch(colour)
        assert match is not None
        lightness, chroma, hue = (float(number) for number in match.groups())
        points.append((lightness, chroma * cos(radians(hue)), chroma * sin(radians(hue))))
    lightness, a, b = (
        part * first + (1 - part) * second for first, second in zip(*points, strict=True)
    )
    hue = degrees(atan2(b, a)) % 360
    return f"oklch({lightness:.4f}% {hypot(a, b):.5f} {hue:.3f})"


@pytest.mark.parametrize("scheme", range(2), ids=SCHEMES)
@pytest.mark.parametrize("series", SERIES)
def test_a_series_stands_out_from_the_ground(series: str, scheme: int) -> None:
    ground = resolved("var(--canvas)", scheme)
    assert contrast(resolved(fill(series), scheme), ground) >= 3


@pytest.mark.parametrize("scheme", range(2), ids=SCHEMES)
@pytest.mark.parametrize(("lower", "upper"), NEIGHBOURS)
def test_a_series_stands_out_from_what_it_is_stacked_on(
    lower: str, upper: str, scheme: int
) -> None:
    assert contrast(*(resolved(fill(one), scheme) for one in (lower, upper))) >= 3


@pytest.mark.parametrize("scheme", range(2), ids=SCHEMES)
@pytest.mark.parametrize("shade", ["one", "two", "three", "four"])
def test_figures_can_be_read_on_every_shade(shade: str, scheme: int) -> None:
    shown = resolved(f"var(--shade-{shade})", scheme)
    assert contrast(resolved("var(--ink)", scheme), shown) >= 4.5


def test_colours_are_mixed_as_browsers_do() -> None:
    white, black = "oklch(100% 0 0)", "oklch(0% 0 0)"
    assert mix(white, black, 0.25).startswith("oklch(25.0000% 0.0")
    red = "oklch(62.8% 0.25 30)"
    assert mix(red, red, 0.4) == "oklch(62.8000% 0.25000 30.000)"


def test_patterns_tell_series_apart_where_colours_are_forced() -> None:
    """People are solid, robots hollow, scanners striped: each in the two system colours."""
    used = dict(re.findall(r"--series-([a-z]+): (\w+);", FORCED))
    assert used["people"] != used["robots"]
    assert used["robots"] == "Canvas"
    assert 'scanners { fill: url("#stripes"); }' in NORMAL
