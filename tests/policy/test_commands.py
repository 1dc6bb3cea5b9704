from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from neupusti.policy.service import editions
from tests.policy.documents import SMALL, changed, real_document


def run(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(args=["policy", *map(str, words)])


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "policy.txt"
    file.write_text(SMALL)
    return file


def test_check_reads_and_changes_nothing(app: Flask, document: Path) -> None:
    before = run(app, "list").output
    result = run(app, "check", document)
    assert result.exit_code == 0
    assert "title: Политика магазина\n" in result.output
    assert (
        "2 sections, 5 numbered clauses\n  1. Термины — 2: 1.1 to 1.1.1\n" in result.output
    )
    assert "date: 2023-06-05, the text says it was updated: «Обновлено 05" in result.output
    assert "compared with the edition of 2026-11-26: " in result.output
    assert run(app, "list").output == before


def test_import_then_publish_then_list(app: Flask, document: Path) -> None:
    imported = run(app, "import", document, "--kind", "editorial")
    assert imported.exit_code == 0
    assert "flask policy publish 2023-06-05 --lang ru" in imported.output
    assert "2023-06-05  ru  operator     draft" in run(app, "list").output

    published = run(app, "publish", "2023-06-05", "--backdate", "in force on paper")
    assert published.exit_code == 0
    assert "in effect from 2023-06-05 00:00 Almaty time" in published.output
    assert "2023-06-05  ru  operator     published" in run(app, "list").output


def test_options_override_the_text(app: Flask, document: Path) -> None:
    result = run(
        app,
        *("import", document, "--date", "2027-02-03", "--lang", "kk"),
        *(
            "--kind",
            "material",
            "--note",
            "Мерзімдер",
            "--effective-from",
            "2027-03-01T09:30",
        ),
    )
    assert result.exit_code == 0
    assert (
        "in effect from 2027-03-01 09:30"
        in run(app, "publish", "2027-02-03", "--lang", "kk").output
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (changed("2.2 ", "2.7 "), "line 16: clause 2.7 cannot follow 2.1: «Подробности"),
        ("Просто письмо", "there is no numbered section"),
    ],
)
def test_a_wrong_document_is_refused_with_line_numbers(
    app: Flask, tmp_path: Path, text: str, expected: str
) -> None:
    file = tmp_path / "wrong.txt"
    file.write_text(text)
    before = run(app, "list").output
    for command in ("check", "import"):
        result = run(app, command, file)
        assert result.exit_code == 1
        assert expected in result.output
        assert "wrong.txt: nothing was imported." in result.output
    assert run(app, "list").output == before


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("publish", "2001-01-01"), "There is no edition of 2001-01-01 in «ru»"),
        (("publish", "2022-08-04"), "is published already"),
        (("publish", "04.08.2022"), "does not match the format"),
        (("import", "/nowhere.txt"), "does not exist"),
    ],
)
def test_a_wrong_command_gets_a_clear_refusal(
    app: Flask, words: tuple[str, ...], expected: str
) -> None:
    before = run(app, "list").output
    result = run(app, *words)
    assert result.exit_code != 0
    assert expected in result.output
    assert "Traceback" not in result.output
    assert run(app, "list").output == before


def test_a_material_change_needs_a_note(app: Flask, document: Path) -> None:
    result = run(app, "import", document, "--kind", "material")
    assert result.exit_code == 1
    assert "needs a --note for readers" in result.output


def test_the_kind_is_to_be_said_of_another_wording(app: Flask, document: Path) -> None:
    before = run(app, "list").output
    result = run(app, "import", document)
    assert result.exit_code == 1
    assert "differs from this text in more than marks: say with --kind" in result.output
    assert run(app, "list").output == before

    assert run(app, "import", document, "--kind", "editorial").exit_code == 0
    document.write_text(changed("бережёт", "продаёт"))
    assert run(app, "import", document).exit_code == 1
    assert run(app, "import", document, "--kind", "editorial").exit_code == 0


@pytest.mark.parametrize("updated", ["26.11.2026", "01.12.2026"])
def test_the_kind_need_not_be_said_of_other_marks(
    app: Flask, tmp_path: Path, updated: str
) -> None:
    text = (editions.SHIPPED / "2026-11-26.ru.txt").read_text()
    assert "«" in text
    text = text.replace("«", '"').replace("»", '"').replace(" — ", "\N{NO-BREAK SPACE}– ")
    file = tmp_path / "marks.txt"
    file.write_text(text.replace("26.11.2026", updated))

    result = run(app, "import", file, "--date", "2026-12-01")
    assert result.exit_code == 0
    assert "Every text of this edition: editorial, from 2026-12-01 00:00" in result.output
    # Of another language there is nothing to compare it with.
    kazakh = run(app, "import", file, "--date", "2026-12-02", "--lang", "kk")
    assert (kazakh.exit_code, "say with --kind" in kazakh.output) == (1, True)


@pytest.mark.parametrize("reason", ["", "  ", "x", "x" * 201])
def test_publishing_into_the_past_needs_a_reason(
    app: Flask, document: Path, reason: str
) -> None:
    run(app, "import", document, "--kind", "editorial")
    result = run(app, "publish", "2023-06-05", "--backdate", reason)
    assert result.exit_code == 1
    assert "A reason has 5 to 200 characters" in result.output
    assert "2023-06-05  ru  operator     draft" in run(app, "list").output


def test_publishing_twice_is_refused(app: Flask, document: Path) -> None:
    run(app, "import", document, "--kind", "editorial")
    words = ("publish", "2023-06-05", "--backdate", "in force on paper")
    assert run(app, *words).exit_code == 0
    again = run(app, *words)
    assert (again.exit_code, "published already" in again.output) == (1, True)


def test_lint_findings_are_printed_and_stop_nothing(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "slips.txt"
    file.write_text(changed("neupusti.kz", "пеириsti.kz"))
    result = run(app, "import", file, "--kind", "editorial")
    assert result.exit_code == 0
    assert "note: line 3: «пеириsti.kz»: Latin and Cyrillic letters" in result.output


@pytest.mark.clause("9.1")
def test_the_operators_document_is_imported_published_and_read(
    app: Flask, client: FlaskClient
) -> None:
    result = run(app, "import", real_document(), "--kind", "editorial")
    assert result.exit_code == 0
    assert "Imported as a draft: edition 2022-08-04 «ru»" in result.output
    published = run(app, "publish", "2022-08-04", "--backdate", "in force on paper")
    assert published.exit_code == 0
    assert "Already here, unchanged" in run(app, "import", real_document()).output
    page = client.get("/policy/2022-08-04/").text
    assert "Neupustinet" in page
