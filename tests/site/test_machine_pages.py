from flask.testing import FlaskClient


def test_the_process_says_that_it_answers(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok\n"


def test_both_databases_are_ready(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert response.json == {"main": "ok", "access": "ok"}
    assert response.status_code == 200
