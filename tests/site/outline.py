"""The headings and landmarks of a page, and the names in Chromium's tree."""

import re
from typing import Any

from playwright.sync_api import Page

OUTLINE = """() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const named = one => one.getAttribute('aria-label')
    || document.getElementById(one.getAttribute('aria-labelledby'))?.textContent;
  return {
    levels: all('h1, h2, h3, h4, h5, h6').filter(one => !one.closest('.cookies, .problem'))
      .map(one => +one.localName[1]),
    mains: all('main').length,
    navs: all('nav').map(named),
    regions: all('[role=region], section[aria-labelledby], aside').map(named),
    ids: all('[id]').map(one => one.id),
  };
}"""
TREE = ("link", "button", "textbox", "checkbox", "radio", "combobox", "searchbox")
SEEN = """() => [...document.querySelectorAll('a[href], button')]
  .filter(one => one.checkVisibility() && one.innerText.trim())
  .map(one => [one.getAttribute('aria-label'), one.innerText])
  .filter(([name]) => name)"""


def nodes(page: Page) -> list[dict[str, Any]]:
    """Return the nodes of Chromium's accessibility tree that are not ignored."""
    session = page.context.new_cdp_session(page)
    tree: dict[str, Any] = session.send("Accessibility.getFullAXTree")
    session.detach()
    return [node for node in tree["nodes"] if not node.get("ignored")]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).lower()


def gaps(page: Page) -> list[object]:
    """Return where the outline skips a level, or a landmark has no name of its own."""
    found = page.evaluate(OUTLINE)
    levels = found["levels"]
    steps = zip([0, *levels], levels, strict=False)
    wrong: list[object] = [pair for pair in steps if pair[1] > pair[0] + 1]
    if (levels.count(1), found["mains"]) != (1, 1):
        wrong.append(("h1, main", levels.count(1), found["mains"]))
    for kind in ("navs", "regions", "ids"):
        unnamed = [name for name in found[kind] if not name]
        twice = {name for name in found[kind] if found[kind].count(name) > 1}
        wrong += [(kind, *unnamed, *twice)] if unnamed or twice else []
    return wrong


def other_names(page: Page) -> list[object]:
    """Return what has no name, or one that does not begin with what is seen."""
    unnamed = [
        node["role"]["value"]
        for node in nodes(page)
        if node["role"]["value"] in TREE
        and not node.get("name", {}).get("value", "").strip()
    ]
    other = [
        (name, seen)
        for name, seen in page.evaluate(SEEN)
        if not squeezed(name).startswith(squeezed(seen))
    ]
    return [*unnamed, *other]
