"""Twenty-four documents as other operators write them."""

from dataclasses import replace

from tests.policy.others import word
from tests.policy.others.contents import BAKERY, CLINIC, KAZAKH, STUDIO
from tests.policy.others.writing import CYRILLIC, ROMAN, Form, Written, write

SIGNED = (
    "Директор ТОО «Тёплый хлеб» ____________ Пример А. Б.",
    "М.П.",
)
STAMP = (
    "УТВЕРЖДЕНО\nприказом директора клиники «Ясный взгляд»\nот «04» августа 2022 г. № 5",
)
LEADER = 40


def _pages(written: Written) -> Written:
    """Number the pages, with a title that runs through them."""
    paragraphs = written.text.split("\n\n")
    pages = []
    for number, start in enumerate(range(0, len(paragraphs), 4), 1):
        page = "\n\n".join(paragraphs[start : start + 4]).rstrip("\n")
        pages.append(f"{page}\n\n{number}\n")
    return replace(written, text="\f".join(pages))


def _soft(written: Written) -> Written:
    """Put soft hyphens and zero-width spaces into words, as copied from a web page."""
    text = written.text.replace("покупател", "поку\u00adпа\u00adтел")
    return replace(written, text=text.replace("телефон", "теле\u200bфон"))


def _leader(number: int, heading: str) -> str:
    return f"{number}. {heading} {'.' * (LEADER - len(heading))} {number + 1}"


ENCODINGS = {
    "black squares": "windows-1251",
    "stamp": "koi8-r",
    "kazakh": "utf-16",
    "black circles": "utf-8-sig",
    "figure dashes": "utf-16-le",
}
"""Name -> encoding; the others are in UTF-8."""


def lists() -> dict[str, Written]:
    """Return the documents that differ in the marks of their lists."""
    return {
        "black circles": write(BAKERY, Form(item=lambda _: "●")),
        "black squares": write(BAKERY, Form(item=lambda _: "▪")),
        "middle dots": write(CLINIC, Form(item=lambda _: "·")),
        "figure dashes": write(BAKERY, Form(item=lambda _: "‒")),
        "minus signs": write(CLINIC, Form(item=lambda _: "−")),
        "private use bullets": write(BAKERY, Form(item=lambda _: "\uf0b7")),
        "numbered items": write(BAKERY, Form(item="{})".format, kept_mark=True)),
        "lettered items": write(
            CLINIC, Form(item=lambda n: f"{CYRILLIC[n - 1]})", kept_mark=True)
        ),
    }


def layouts() -> dict[str, Written]:
    """Return the documents that differ in headings, numbers and lines."""
    return {
        "articles": write(CLINIC, Form(section="Статья {}. {}".format, restart=True)),
        "chapters, counted on": write(
            CLINIC, Form(section="Глава {}. {}".format, continuous=True)
        ),
        "chapters over two lines": write(
            BAKERY, Form(section=lambda n, h: f"ГЛАВА {n}\n\n{h}")
        ),
        "paragraph signs": write(CLINIC, Form(section="§ {}. {}".format)),
        "roman numbers": write(BAKERY, Form(section=lambda n, h: f"{ROMAN[n - 1]}. {h}")),
        "markdown": write(
            BAKERY,
            Form(section="## {}. {}".format, clause="**{}.**".format, item=lambda _: "*"),
        ),
        "bold numbers": write(
            CLINIC, Form(section="**{}. {}**".format, clause="**{}**".format)
        ),
        "broken at 72 letters": write(BAKERY, Form(wrap=72)),
        "broken at 60, no empty lines": write(CLINIC, Form(wrap=60, blank="\n")),
        "contents": write(BAKERY, Form(contents=_leader, below=SIGNED)),
        "pages": _pages(write(BAKERY, Form(item=lambda _: "–"))),
        "stamp": write(CLINIC, Form(above=STAMP)),
        "no numbers": write(STUDIO, Form(section=lambda _, h: h)),
        "soft hyphens": _soft(write(BAKERY, Form())),
        "kazakh": write(
            KAZAKH, Form(section="{}-тарау. {}".format, continuous=True, item=lambda _: "•")
        ),
    }


def documents() -> dict[str, tuple[bytes, Written]]:
    """Return name -> the file and what must be found in it."""
    files = {
        name: (_encoded(one.text, ENCODINGS.get(name, "utf-8")), one)
        for name, one in (lists() | layouts()).items()
    }
    files["word"] = (word.document(BAKERY), write(BAKERY, Form()))
    return files


def _encoded(text: str, encoding: str) -> bytes:
    # A one-byte encoding has fewer list marks.
    if encoding in {"windows-1251", "koi8-r"}:
        text = text.replace("▪", "•" if encoding == "windows-1251" else "-")
    if encoding == "koi8-r":
        text = text.replace("«", '"').replace("»", '"').replace("№", "N")
    return text.encode(encoding)
