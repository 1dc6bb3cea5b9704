import re
from html import unescape
from io import BytesIO, StringIO

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from jinja2 import DictLoader
from sqlalchemy.exc import InterfaceError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from neupusti.core.web import errors
from neupusti.core.web.error_texts import ERROR_TEXTS
from neupusti.core.web.errors import DomainError
from tests.core import failing_views
from tests.people import AIGERIM

STATUSES = (400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503)
TRACES = ("Traceback", ".py", "ValueError", "KeyError", "UndefinedError", AIGERIM.email)


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert found
    return unescape(found[1]).strip()


def test_every_error_status_has_a_text() -> None:
    assert tuple(ERROR_TEXTS) == STATUSES
    titles = {str(wording.title) for wording in ERROR_TEXTS.values()}
    texts = {str(wording.text) for wording in ERROR_TEXTS.values()}
    assert len(titles) == len(texts) == len(STATUSES)


@pytest.mark.parametrize(
    ("prefix", "tag"), [("", "ru-KZ"), ("/kk", "kk-KZ"), ("/en", "en")]
)
@pytest.mark.parametrize("status", STATUSES)
def test_every_error_is_a_full_page_in_the_visitors_language(
    visitor: FlaskClient, status: int, prefix: str, tag: str
) -> None:
    response = visitor.get(f"{prefix}/failing/status/{status}")
    page = response.text
    assert response.status_code == status
    assert response.content_type == "text/html; charset=utf-8"
    assert f'<html lang="{tag}"' in page
    assert f"<title>{heading(page)} — Neupusti</title>" in unescape(page)
    assert str(status) in page
    assert response.headers["X-Request-Id"] in page
    assert f'href="{prefix}/"' in page
    assert f'href="{prefix}/policy/"' in page


@pytest.mark.parametrize(
    ("status", "shown"), [(411, 400), (418, 400), (501, 500), (504, 500)]
)
def test_an_unknown_status_gets_the_text_of_its_class(
    visitor: FlaskClient, status: int, shown: int
) -> None:
    response = visitor.get(f"/en/failing/status/{status}")
    assert response.status_code == status
    assert heading(response.text) == str(ERROR_TEXTS[shown].title)


def test_a_wrong_method_gets_the_allowed_ones(visitor: FlaskClient) -> None:
    response = visitor.delete("/")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("/failing/wait", "7"),
        ("/failing/status/429", str(errors.RETRY_SECONDS)),
        ("/failing/status/503", str(errors.RETRY_SECONDS)),
        ("/failing/database", str(errors.RETRY_SECONDS)),
    ],
)
def test_retry_after_is_sent_once(visitor: FlaskClient, path: str, seconds: str) -> None:
    assert visitor.get(path).headers.getlist("Retry-After") == [seconds]


def test_a_body_over_the_limit_is_too_large(visitor: FlaskClient) -> None:
    response = visitor.post("/kk/failing/form", data={"text": "a" * 65_536})
    assert response.status_code == 413
    assert '<html lang="kk-KZ"' in response.text


@pytest.mark.parametrize(
    ("size", "read"),
    [(65_537, 65_537), (errors.DISCARD_LIMIT, errors.DISCARD_LIMIT), (9 << 20, 0)],
)
def test_a_too_large_body_is_discarded_before_the_response(
    visitor: FlaskClient, size: int, read: int
) -> None:
    body = BytesIO(bytes(size))
    response = visitor.post("/failing/form", input_stream=body)
    assert response.status_code == 413
    assert body.tell() == read


@pytest.mark.parametrize("path", ["/failing/view", "/failing/template"])
def test_an_unhandled_error_shows_a_page_without_details(
    visitor: FlaskClient, path: str
) -> None:
    response = visitor.get(path)
    assert response.status_code == 500
    assert response.headers["X-Request-Id"] in response.text
    assert not any(trace in response.text for trace in TRACES)


def test_an_error_after_the_view_shows_the_page_too(bare: Flask) -> None:
    @bare.after_request
    def after(_response: Response) -> Response:
        raise ValueError(failing_views.MESSAGE)

    response = bare.test_client().get("/en/")
    assert response.status_code == 500
    assert heading(response.text) == str(ERROR_TEXTS[500].title)
    assert not any(trace in response.text for trace in TRACES)


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 500), ("/policy/", 503)])
def test_where_the_error_page_fails_a_static_one_is_sent(
    bare: Flask, path: str, status: int
) -> None:
    bare.jinja_loader = DictLoader({"errors/show.html": "{{ nothing.at.all }}"})
    response = bare.test_client().get(path)
    assert response.status_code == status
    assert response.headers["X-Request-Id"] in response.text
    assert "Content-Security-Policy" in response.headers
    assert not any(trace in response.text for trace in TRACES)


@pytest.mark.parametrize("prefix", ["", "/kk", "/en"])
def test_a_page_that_needs_an_absent_database_says_so_in_words(
    visitor: FlaskClient, prefix: str
) -> None:
    """The bare app has no tables; its error pages need none."""
    response = visitor.get(f"{prefix}/policy/")
    assert response.status_code == 503
    assert heading(response.text)
    assert "edition" not in heading(response.text)


@pytest.mark.parametrize(
    "error",
    [
        InterfaceError(
            "SELECT :email", {"email": AIGERIM.email}, OSError(failing_views.MESSAGE)
        ),
        NoConnectionError("QueuePool limit reached"),
    ],
)
def test_an_unreachable_database_is_a_503(bare: Flask, error: Exception) -> None:
    @bare.get("/reach")
    def view() -> Response:
        raise error

    response = bare.test_client().get("/reach")
    assert response.status_code == 503
    assert AIGERIM.email not in response.text


@pytest.mark.parametrize("status", [403, 404, 422, 429])
def test_a_domain_error_shows_its_own_message_escaped(bare: Flask, status: int) -> None:
    class OwnError(DomainError):
        pass

    OwnError.status = status

    @bare.get("/refused")
    def view() -> Response:
        raise OwnError('<script>alert("1")</script> & co')

    response = bare.test_client().get("/refused")
    assert response.status_code == status
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; co" in response.text
    assert "<script>alert" not in response.text


def test_a_domain_error_is_unprocessable_by_default(
    visitor: FlaskClient,
) -> None:
    assert visitor.get("/failing/domain-error").status_code == 422


def test_a_form_without_its_token_gets_an_error_page(visitor: FlaskClient) -> None:
    response = visitor.post("/en/failing/form", data={"a": "b"})
    assert response.status_code == 400
    assert heading(response.text) == str(ERROR_TEXTS[400].title)


def test_the_log_has_type_and_location_of_an_error_only(
    visitor: FlaskClient, log: StringIO
) -> None:
    response = visitor.get(f"/en/failing/view?email={AIGERIM.email}")
    (line,) = log.getvalue().splitlines()
    assert f"request={response.headers['X-Request-Id']}" in line
    assert "level=error" in line
    assert "event=unhandled endpoint=failing_views.view" in line
    assert re.search(
        r'trace="ValueError .*core/failing_views\.py:\d+:view < KeyError ', line
    )
    for secret in (AIGERIM.email, failing_views.MESSAGE, "/failing/view", "email="):
        assert secret not in line


def test_the_log_has_the_code_of_a_database_error(
    visitor: FlaskClient, log: StringIO
) -> None:
    visitor.get("/policy/")
    visitor.get("/failing/database")
    policy, failing = log.getvalue().splitlines()
    assert "event=database code=SQLITE_ERROR endpoint=policy.show" in policy
    assert "event=database code=- endpoint=failing_views.database" in failing
    assert "SELECT" not in policy + failing
    assert AIGERIM.email not in failing


def test_a_client_error_is_not_logged_as_an_error(
    visitor: FlaskClient, log: StringIO
) -> None:
    for status in (400, 404, 422):
        visitor.get(f"/failing/status/{status}")
    assert log.getvalue() == ""
