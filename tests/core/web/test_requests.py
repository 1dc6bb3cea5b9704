import re

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.web.edge import MAX_QUERY_PARTS


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/\xff", ""),
        ("/\xed\xa0\x80", ""),
        ("/a\x00b", ""),
        ("/a\rb", ""),
        ("/a\nb", ""),
        ("/a\x1bb", ""),
        ("/a\x7f", ""),
        ("/policy/\x08/", ""),
        ("/", "a=%FF"),
        ("/", "%C0%AF=1"),
        ("/", "a=%00"),
        ("/", "a=\xff"),
    ],
)
@pytest.mark.parametrize(
    ("prefix", "tag"), [("", "ru-KZ"), ("/kk", "kk-KZ"), ("/en", "en")]
)
def test_malformed_bytes_are_rejected_before_any_view(
    visitor: FlaskClient, path: str, query: str, prefix: str, tag: str
) -> None:
    environ = {"PATH_INFO": prefix + path, "QUERY_STRING": query}
    response = visitor.get("/", environ_overrides=environ)
    assert response.status_code == 400
    assert f'<html lang="{tag}"' in response.text


@pytest.mark.parametrize(
    "query", ["q=%D2%9B%D0%B0%D0%B7", "q=a%0Ab", "q=%", "q=%zz", "&&=&"]
)
def test_unusual_valid_queries_pass(visitor: FlaskClient, query: str) -> None:
    assert (
        visitor.get("/cookies/", environ_overrides={"QUERY_STRING": query}).status_code
        == 200
    )


@given(path=st.binary(max_size=30), query=st.binary(max_size=30))
def test_no_address_causes_a_server_error(
    visitor: FlaskClient, path: bytes, query: bytes
) -> None:
    environ = {
        "PATH_INFO": "/" + path.decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
    }
    response = visitor.get("/", environ_overrides=environ)
    # 503: the page reads a database, and there is none.
    assert response.status_code in {200, 308, 400, 404, 503}


@pytest.mark.parametrize(
    "path",
    [
        *(
            "//evil.example",
            "//evil.example/",
            "///evil.example/",
            "//evil.example//policy",
        ),
        *("/kk//evil.example/", "//evil.example/privacy", "/\\evil.example/", "/kk"),
        *(
            "//policy",
            "/policy//history",
            "//privacy",
            "/en//privacy",
            "/policy;//evil.example",
        ),
        *(
            "/.//evil.example/",
            "/..//evil.example/",
            "https://evil.example/policy",
            "/@evil",
        ),
    ],
)
def test_no_path_ever_redirects_off_the_site(visitor: FlaskClient, path: str) -> None:
    response = visitor.get("/", environ_overrides={"PATH_INFO": path})
    own = r"(?:http://localhost)?/(?![/\\]).*"
    assert re.fullmatch(own, response.headers.get("Location", "/"))
    if not response.location:
        assert response.status_code == 404


@pytest.mark.parametrize("size", [2_000, 100_000])
def test_very_long_addresses_are_only_not_found(visitor: FlaskClient, size: int) -> None:
    assert visitor.get("/" + "a" * size).status_code == 404
    assert visitor.get("/policy/" + "9" * size + "/").status_code in {404, 503}
    assert visitor.get("/cookies/?" + "a" * size).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("a&" * MAX_QUERY_PARTS, 200),
        ("a&" * (MAX_QUERY_PARTS + 1), 400),
        ("%41" * MAX_QUERY_PARTS, 200),
        ("%41" * MAX_QUERY_PARTS + "&", 400),
    ],
)
def test_a_query_of_too_many_parts_is_not_parsed(
    visitor: FlaskClient, query: str, status: int
) -> None:
    assert visitor.get("/cookies/", query_string=query).status_code == status
