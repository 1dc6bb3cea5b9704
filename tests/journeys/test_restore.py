"""Yesterday's backup under the real server: shut, repeated, open again."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from threading import Event
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from neupusti.config.settings import Settings
from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail
from neupusti.newsletter.models import Subscriber, SubscriberState
from tests.backup.yesterday import lose
from tests.lending import opened
from tests.newsletter import cast as news
from tests.people import AIGERIM, GUEST
from tests.served import Served, served

SECONDS, PAUSE = 30, 0.1
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def ask(site: Served, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
    body = urlencode(form).encode() if form else None
    try:
        # Our own server, at the address that the test gave it.
        with urllib.request.urlopen(site.url + path, body, SECONDS) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def awaited(condition: Callable[[], bool]) -> bool:
    """Return whether it comes true within half a minute."""
    for _ in range(int(SECONDS / PAUSE)):
        if condition():
            return True
        Event().wait(PAUSE)
    return False


def states(settings: Settings) -> dict[str, str]:
    with opened(settings):
        rows = db.session.execute(select(Subscriber.email, Subscriber.state))
        return {row.email: row.state for row in rows}


def emails(settings: Settings) -> int:
    with opened(settings):
        return db.session.scalar(select(func.count()).select_from(OutboxEmail)) or 0


@pytest.mark.slow
@pytest.mark.clause("6.1.1")
@pytest.mark.situation(14, of="rights")
def test_yesterdays_backup_serves_nobody_until_all_is_repeated(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with opened(settings):
        leaving, _staying = news.subscriber(), news.subscriber(GUEST.email)
        token = news.leaving_token(leaving)
    folder = tmp_path_factory.mktemp("backups")
    with served(settings) as site:
        told = site.flask("backup", "make", "--to", str(folder))
        assert "to be kept until" in told
        assert ask(site, f"/newsletter/unsubscribe/{token}", ONE_CLICK)[0] < 400
    assert states(settings)[AIGERIM.email] == SubscriberState.ENDED
    with opened(settings) as app:
        lose(app)
    [file] = folder.glob("neupusti-*")
    restore(settings, file)
    assert states(settings)[AIGERIM.email] == SubscriberState.ACTIVE
    before = emails(settings)
    with served(settings) as site:
        for path in ("/", "/kk/", "/en/account/login", "/basket", "/admin/"):
            assert ask(site, path)[0] == 503, path
        assert ask(site, "/policy/")[0] == ask(site, "/healthz")[0] == 200
        status, ready = ask(site, "/readyz")
        assert (status, json.loads(ready)["decisions"][:10]) == (503, "behind by ")
        assert emails(settings) == before
        assert "the site opens" in site.flask("decisions", "replay")
        assert awaited(lambda: all(ask(site, "/")[0] == 200 for _ in range(8)))
        assert ask(site, "/readyz")[0] == 200
    assert states(settings) == {
        AIGERIM.email: SubscriberState.ENDED,
        GUEST.email: SubscriberState.ACTIVE,
    }


def restore(settings: Settings, file: Path) -> None:
    with opened(settings) as app:
        done = app.test_cli_runner().invoke(args=["backup", "restore", str(file)])
        assert done.exit_code == 0, done.output
