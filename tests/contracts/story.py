"""One story of the site, played over HTTP and commands: it leaves a row of every kind.

The clock, the secret and the random bytes are fixed, so what it leaves has known values.
`test_formats.py` plays it and compares them; `keep.py` played it once to make the folder
that `test_kept_folder.py` opens.
"""

import re
from dataclasses import dataclass, field

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import photos
from tests.accounts.cast import submit
from tests.accounts.test_avatar import send
from tests.contracts.deterministic import NOW, Dice, newest_link, number_of, printed
from tests.people import AIGERIM, BOLAT, DANA, GUEST, YERLAN, Person

PASSWORD = "тихий чай у окна"
WHY = "Спросила по телефону о заказе"
OWN = {"Sec-Fetch-Site": "same-origin"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
)
KEY = re.compile(r"<code>([A-Z2-7 ]{39})</code>")
CODE = re.compile(r"<code>([0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4})</code>")


@dataclass
class StoryResult:
    """What the story leaves outside the databases: clients, cookies and codes."""

    browsers: dict[str, FlaskClient] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    """The `Set-Cookie` values as they came, by whose and which."""
    totp: dict[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    """The recovery codes of Айгерим."""


@dataclass
class Story:
    """The acts of the story, in their order."""

    app: Flask
    dice: Dice
    result: StoryResult = field(default_factory=StoryResult)

    def play(self) -> StoryResult:
        """Play all of it."""
        self.visitors()
        self.buyer()
        self.mover()
        self.staff()
        self.waiting()
        self.failures()
        return self.result

    def visitors(self) -> None:
        """One refuses, one agrees to all, one takes it back, one erases everything."""
        for byte, name, acts in (
            (1, "refusal", ["reject"]),
            (2, "grant", ["accept"]),
            (3, "withdrawal", ["accept", "withdraw"]),
            (5, "erasure", ["erase"]),
        ):
            browser = self._browser(name)
            for turn, act in enumerate(acts):
                self.dice.show(byte + turn)
                answer = choose(browser, act)
            self._keep(name, "consent", answer)
        self.result.cookies["hop of erasure"] = answer.location.rpartition("/")[2]
        self.dice.show(6)
        browser = self.result.browsers["grant"]
        self._keep("grant", "visitor", browser.get("/"))
        look = browser.post("/theme/", data={"theme": "dark"}, headers=OWN)
        self._keep("grant", "theme", look)

    def buyer(self) -> None:
        """Айгерим registers, signs in to stay, sets an app up, sends a picture."""
        self._account(AIGERIM, 10, newsletter="y")
        browser = self._browser("buyer")
        answer = self._sign_in(browser, AIGERIM, 12, remember="y")
        self._keep("buyer", "session", answer)
        self._keep("buyer", "remember_token", answer)
        self._factor("buyer", browser, 13)
        page = browser.get("/account/two-factor/codes").text
        self.result.codes = tuple(CODE.findall(page))
        self.dice.show(14)
        assert send(browser, photos.encoded(photos.drawn(), "JPEG")).status_code == 303
        self.dice.show(15)
        submit(browser, "/account/consents", {"consent": "2"})

    def mover(self) -> None:
        """Болат makes the guest's address his own, and is then in on a new device."""
        self._account(BOLAT, 20)
        browser = self._browser("mover")
        self._sign_in(browser, BOLAT, 22)
        self.dice.show(23)
        fields = {"email": GUEST.email, "current": PASSWORD}
        assert submit(browser, "/account/email", fields).status_code == 303
        self.dice.show(24)
        submit(browser, newest_link("accounts.email_confirm"))
        phone = self._browser("phone", SAFARI)
        self._sign_in(phone, GUEST, 25)

    def staff(self) -> None:
        """Дана is invited on the server, looks people up, and blocks Ерлан."""
        self._account(YERLAN, 30)
        self.dice.show(32)
        names = ("statistics", "orders", "content", "privacy", "staff")
        boxes = [word for name in names for word in ("--permission", name)]
        printed(self.app, "staff", "add", DANA.email, "--given-name", DANA.name, *boxes)
        self.dice.show(33)
        invitation = newest_link("staff.invitation")
        answer = submit(self._browser("invited"), invitation, {"password": PASSWORD})
        assert answer.status_code == 303, answer.text
        browser = self._browser("staff")
        self._sign_in(browser, DANA, 34)
        self._factor("staff", browser, 35)
        self.dice.show(36)
        people, yerlan = "/admin/people", number_of(YERLAN)
        submit(browser, f"{people}/", {"q": AIGERIM.name, "reason": WHY})
        submit(browser, f"{people}/{number_of(AIGERIM)}", {"reason": WHY})
        blocked = submit(browser, f"{people}/{yerlan}/blocks", {"reason": WHY})
        assert blocked.status_code == 303, blocked.text
        submit(browser, "/admin/journal/export", {"reason": WHY}, page="/admin/journal/")

    def waiting(self) -> None:
        """Leave a link of every kind unused, and one that is asked for once more."""
        self.dice.show(40)
        fields = {"email": BOLAT.email, "current": PASSWORD}
        submit(self.result.browsers["buyer"], "/account/email", fields)
        self.dice.show(41)
        submit(
            self._browser("forgetful"), "/account/password/reset", {"email": GUEST.email}
        )
        self.dice.show(42)
        self._register(BOLAT, given_name=GUEST.name)
        # The right password of an address that is not confirmed: the link comes again.
        self._sign_in(self._browser("unconfirmed"), BOLAT, 43, status=422)

    def failures(self) -> None:
        """Leave a count of every limit: a wrong password, and a wrong code."""
        fields = {"email": YERLAN.email, "password": "не тот пароль вовсе"}
        submit(self._browser("stranger"), "/account/login", fields)
        half = self._browser("half")
        self._sign_in(half, AIGERIM, 44)
        assert submit(half, "/account/login", {"code": "000000"}).status_code == 422

    def _browser(self, name: str, agent: str = FIREFOX) -> FlaskClient:
        browser = self.app.test_client()
        browser.environ_base["HTTP_USER_AGENT"] = agent
        self.result.browsers[name] = browser
        return browser

    def _keep(self, whose: str, name: str, answer: TestResponse) -> None:
        for line in answer.headers.getlist("Set-Cookie"):
            if line.startswith(f"{name}="):
                self.result.cookies[f"{name} of {whose}"] = line.partition(";")[0][
                    len(name) + 1 :
                ]

    def _register(self, who: Person, **fields: str) -> None:
        said = {
            "family_name": "Пример",
            "given_name": who.name,
            "email": who.email,
            "phone": who.phone,
            "password": PASSWORD,
            "consent": "y",
        }
        browser = self._browser("registering")
        answer = submit(browser, "/account/register", {**said, **fields})
        assert answer.status_code == 303, answer.text

    def _account(self, who: Person, byte: int, **fields: str) -> None:
        self.dice.show(byte)
        self._register(who, **fields)
        self.dice.show(byte + 1)
        answer = submit(self._browser("confirming"), newest_link("accounts.confirm"))
        assert answer.location == "/account/login?done=confirmed", answer.text

    def _sign_in(
        self,
        browser: FlaskClient,
        who: Person,
        byte: int,
        *,
        status: int = 303,
        **fields: str,
    ) -> TestResponse:
        self.dice.show(byte)
        said = {"email": who.email, "password": PASSWORD, **fields}
        answer = submit(browser, "/account/login", said)
        assert answer.status_code == status, answer.text
        return answer

    def _factor(self, name: str, browser: FlaskClient, byte: int) -> None:
        """Set an app up by the key that the page shows."""
        self.dice.show(byte)
        path = "/account/two-factor"
        found = KEY.search(browser.get(path).text)
        assert found is not None
        self.result.totp[name] = found[1].replace(" ", "")
        code = pyotp.TOTP(self.result.totp[name]).at(NOW)
        answer = submit(browser, path, {"code": code})
        assert answer.status_code == 303, answer.text


def choose(browser: FlaskClient, act: str) -> TestResponse:
    """Press a button of the banner in a browser."""
    answer = browser.post("/cookies/", data={"choice": act}, headers=OWN)
    assert answer.status_code == 303, answer.text
    return answer
