"""Measure the consent layer: the cookie middleware, the banner, the first paint.

The middleware is measured with and without it in one run, in turns. The quickest round
of each counts: other work on the machine only ever makes a round slower.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import brotli
import flask_migrate
from flask import Flask
from playwright.sync_api import Route, sync_playwright

from bench.pages import ROOT, Figure, free_port, outcome, started
from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.consent.views.extension import extension
from neupusti.consent.views.middleware import CookieMiddleware
from neupusti.core.data.database import db

CALLS, ROUNDS = 1000, 60
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", "20000"),
    ("Content-Encoding", "br"),
    ("Vary", "Accept-Encoding"),
    ("Cache-Control", "private, no-cache"),
]
OWN = {"Sec-Fetch-Site": "same-origin"}
QUIET = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"]
MARKED = '<p elementtiming="banner">'
"""Makes Chromium report when the first paragraph of the banner was painted."""
PAINT = """() => new Promise(done => {
    let shift = 0, first, banner;
    const watch = (type, take) => new PerformanceObserver(
        list => list.getEntries().forEach(take)).observe({type, buffered: true});
    watch("layout-shift", entry => { shift += entry.value; });
    watch("paint", ({name, startTime}) => { if (/content/.test(name)) first = startTime; });
    watch("element", entry => { banner = entry.renderTime; });
    setTimeout(() => done({shift, late: banner - first}), 500);
})"""
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(secret_key="0" * 32, instance=Path(folder)))
        with app.app_context():
            flask_migrate.upgrade()
        figures = [*middleware(app), *banner(app)]
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()
        figures += paint(folder)
    return outcome(figures)


def middleware(app: Flask) -> list[Figure]:
    """Return what the middleware adds to a request, by kind of visitor."""
    client = app.test_client()
    client.post("/cookies/", data={"choice": "accept"}, headers=OWN)
    kept = client.get_cookie("consent")
    if kept is None:
        raise RuntimeError("the choice was not saved")
    with app.app_context():
        here = extension()
    middleware_ = CookieMiddleware(
        bare, here.cookie_policy, here.tally, strict=lambda: False
    )
    undeclared = "; ".join(f"junk{number}={number}" for number in range(200))
    visitors = {
        "no cookie": {},
        "a choice and a theme": {"HTTP_COOKIE": f"consent={kept.value}; theme=dark"},
        "a forged choice": {"HTTP_COOKIE": f"consent={kept.value[:-4]}AAAA; theme=dark"},
        "200 undeclared cookies": {"HTTP_COOKIE": undeclared},
        "Sec-GPC": {"HTTP_SEC_GPC": "1"},
    }
    return [
        Figure(f"cookie middleware, {name}", added(middleware_, environ), "µs", most=10)
        for name, environ in visitors.items()
    ]


def bare(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:  # noqa: ARG001
    """Respond like a cached page."""
    start("200 OK", list(HEADERS))
    return [b""]


def added(middleware_: CookieMiddleware, visitor: dict[str, str]) -> float:
    """Return the microseconds that the middleware adds to a request."""
    apps: tuple[Application, Application] = (bare, middleware_)
    costs = [[timed(app, visitor) for app in apps] for _ in range(ROUNDS)]
    without, through = (min(column) for column in zip(*costs, strict=True))
    return float(through - without)


def timed(app: Application, visitor: dict[str, str]) -> float:
    """Return the processor time of one request in microseconds."""
    begun = time.thread_time()
    for _ in range(CALLS):
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/policy/", "HTTP_HOST": "x"}
        app(environ | visitor, ignore)
    return (time.thread_time() - begun) / CALLS * 1e6


def ignore(*_: object) -> None:
    """Ignore the status and the headers."""


def banner(app: Flask) -> list[Figure]:
    """Return the size of the banner in each language, and after a choice."""
    rules = [
        line for line in (ROOT / "static" / "site.css").read_text().splitlines()
        if ".cookies" in line
    ]  # fmt: skip
    figures = []
    for prefix, language in (("", "Russian"), ("/kk", "Kazakh"), ("/en", "English")):
        body = question(app.test_client().get(f"{prefix}/").text)
        weight = len(brotli.compress("\n".join([body, *rules]).encode(), quality=11))
        figures.append(Figure(f"banner and its style, {language}", weight, "B", most=1024))
    decided = app.test_client()
    decided.post("/cookies/", data={"choice": "reject"}, headers=OWN)
    after = len(question(decided.get("/").text))
    return [*figures, Figure("banner after the choice", after, "B", most=0)]


def question(page: str) -> str:
    """Extract the markup of the banner from a page."""
    begins = page.find('<section class="cookies"')
    return "" if begins < 0 else page[begins : page.index("</section>", begins) + 10]


def paint(folder: str) -> list[Figure]:
    """Return Chromium's layout shifts and the delay of the banner on a first visit."""
    executable = shutil.which("chromium")
    if executable is None:
        print("first paint skipped: chromium is not on this machine")
        return []
    port = free_port()
    command = [sys.executable, "-m", "flask", "site", "serve", "--port", str(port)]
    environment = {**os.environ, "NEUPUSTI_INSTANCE": folder}
    figures = []
    with started(command, environment, port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        for width in (320, 1280):
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.route("**/policy/", marked)
            page.goto(f"http://127.0.0.1:{port}/policy/")
            seen = page.evaluate(PAINT)
            late = f"banner after the first paint, {width} px"
            figures += [
                Figure(f"layout shift, {width} px", seen["shift"], "", most=0),
                Figure(late, seen["late"], "ms", most=0),
            ]
        browser.close()
    return figures


def marked(route: Route) -> None:
    """Mark the first paragraph of the banner in the response."""
    answer = route.fetch()
    before, banner, after = answer.text().partition('<section class="cookies"')
    route.fulfill(response=answer, body=before + banner + after.replace("<p>", MARKED, 1))


if __name__ == "__main__":
    sys.exit(main())
