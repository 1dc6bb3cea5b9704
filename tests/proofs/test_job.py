from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from neupusti.core import background, clock
from neupusti.core.background import GRACE
from neupusti.core.data import beats
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.proofs import results, whole
from neupusti.core.proofs.models import HEAD, ProofResult, ProofRun
from neupusti.core.proofs.proof import State
from neupusti.core.records.head import BrokenChainError
from neupusti.core.registry import Registry, registry
from neupusti.core.rules import Permission
from neupusti.core.web.errors import TooManyError
from neupusti.proofs.service import proving
from neupusti.retention.models import RetentionRun
from tests import desk
from tests.conftest import SQLITE
from tests.core.proofs.examples import CHECK
from tests.people import AIGERIM, DANA, YERLAN

EVENING = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
"""22:00 in Almaty."""
NIGHT = datetime(2026, 11, 22, 22, 10, tzinfo=UTC)
"""03:10 in Almaty."""
At = Callable[[datetime], None]


@pytest.fixture
def evening(app: Flask, at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site of one proof, which it has proved in the evening."""
    with_proofs(monkeypatch, CHECK)
    at(EVENING)
    proving.run_due()


def runs() -> list[ProofRun]:
    db.session.rollback()
    return list(db.session.scalars(select(ProofRun).order_by(ProofRun.id)))


def test_the_first_start_proves_everything(app: Flask) -> None:
    proving.run_due()
    (run,) = runs()
    assert run.whole
    assert run.revision == whole.revision()
    count = db.session.scalar(select(func.count()).select_from(ProofResult))
    assert count == len(registry().proofs)


def test_it_says_of_which_edition_it_was(app: Flask, evening: None) -> None:
    (run,) = runs()
    assert str(run.edition) == "2026-11-01"
    assert len(str(run.edition_sha256)) == 64


def test_nothing_is_due_before_the_night(app: Flask, evening: None, at: At) -> None:
    at(NIGHT - timedelta(seconds=1))
    proving.run_due()
    assert len(runs()) == 1


def test_everything_is_due_at_ten_past_three_once(
    app: Flask, evening: None, at: At
) -> None:
    for minutes in (0, 1, 60):
        at(NIGHT + timedelta(minutes=minutes))
        proving.run_due()
    assert [run.whole for run in runs()] == [True, True]


def test_other_code_proves_everything(
    app: Flask, evening: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "revision", lambda: "f" * 64)
    proving.run_due()
    assert [run.revision for run in runs()][1:] == ["f" * 64]


def with_proofs(monkeypatch: pytest.MonkeyPatch, *proofs: object) -> None:
    """Let the site have these proofs only."""
    monkeypatch.setattr(Registry, "proofs", property(lambda _self: proofs))


def test_a_sweep_proves_what_it_carries_out(
    app: Flask, evening: None, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(EVENING + timedelta(minutes=1))
    with writing() as session:
        session.add(RetentionRun(at=clock.now(), counts="{}", complete=True))
    swept = replace(CHECK, name="swept", clauses=("5.6",))
    with_proofs(monkeypatch, CHECK, swept)
    at(EVENING + timedelta(minutes=2))
    for _ in range(2):
        proving.run_due()
    assert [(run.whole, run.holds) for run in runs()][1:] == [(False, 1)]


def test_a_rare_proof_waits_for_its_time(
    app: Flask, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_proofs(monkeypatch, CHECK, replace(CHECK, name="rare", every=timedelta(days=30)))
    for day in (0, 1, 29, 30):
        at(NIGHT + timedelta(days=day))
        results.invalidate()
        proving.run_due()
    assert [run.holds for run in runs()] == [2, 1, 1, 2]


def test_staff_ask_once_in_ten_minutes(app: Flask, evening: None, at: At) -> None:
    dana = desk.member(DANA, Permission.PRIVACY)
    at(EVENING + timedelta(minutes=1))
    proving.ask(dana)
    with pytest.raises(TooManyError):
        proving.ask(dana)
    at(EVENING + timedelta(minutes=2))
    for _ in range(2):
        proving.run_due()
    assert [run.whole for run in runs()] == [True, True]
    assert [act.staff for act in desk.staff_actions("proofs.asked")] == [dana]


def emails() -> list[str]:
    db.session.rollback()
    kind = OutboxEmail.kind == proving.BROKEN.name
    return list(
        db.session.scalars(select(OutboxEmail.recipient).where(kind).order_by("id"))
    )


def test_keepers_of_personal_data_hear_of_what_breaks_once(
    app: Flask, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.member(DANA, Permission.PRIVACY)
    desk.member(YERLAN, Permission.ORDERS)
    desk.person(AIGERIM)
    items = [2]
    with_proofs(monkeypatch, replace(CHECK, items=lambda _looking: items))
    heard = []
    for night, found in enumerate(([2], [3], [3], [2], [3])):
        items = found
        at(NIGHT + timedelta(days=night))
        results.invalidate()
        proving.run_due()
        heard.append(len(emails()))
    assert heard == [0, 1, 1, 1, 2]
    assert {*emails()} == {DANA.email}


@pytest.mark.parametrize("secrecy", [True, False])
def test_a_breach_of_secrecy_is_told_as_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch, *, secrecy: bool
) -> None:
    desk.member(DANA, Permission.PRIVACY)
    broken = replace(CHECK, items=lambda _looking: [3], secrecy=secrecy)
    with_proofs(monkeypatch, CHECK, broken)
    proving.run_due()
    (body,) = db.session.scalars(
        select(OutboxEmail.text).where(OutboxEmail.kind == proving.BROKEN.name)
    )
    assert ("одного рабочего дня" in body) is secrecy


def test_what_breaks_is_not_stored_without_its_email(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored without it, it would be known, and nobody would hear of it."""
    desk.member(DANA, Permission.PRIVACY)
    with_proofs(monkeypatch, replace(CHECK, items=lambda _looking: [3]))
    with monkeypatch.context() as failing:
        failing.setattr(proving, "BROKEN", None)
        with pytest.raises(AttributeError):
            proving.run_due()
    assert runs() == []
    proving.run_due()
    assert emails() == [DANA.email]


def test_a_changed_record_stops_a_run_before_its_work(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    with_proofs(monkeypatch, replace(CHECK, items=lambda _looking: looked))
    HEAD.keep(7, "f" * 64)
    monkeypatch.setattr(whole, "run", looked.extend)
    with pytest.raises(BrokenChainError):
        proving.run_due()
    assert looked == []


def test_who_asks_during_a_run_gets_another(
    app: Flask, evening: None, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    dana = desk.member(DANA, Permission.PRIVACY)
    moments = iter(range(1, 9))

    def look(_looking: object) -> list[int]:
        at(EVENING + timedelta(minutes=next(moments)))
        if not desk.staff_actions("proofs.asked"):
            proving.ask(dana)
        at(EVENING + timedelta(minutes=next(moments)))
        return [2]

    with_proofs(monkeypatch, replace(CHECK, items=look))
    monkeypatch.setattr(whole, "revision", lambda: "f" * 64)
    for _ in range(3):
        proving.run_due()
    assert [run.whole for run in runs()] == [True, True, True]


def test_the_board_counts_what_calls_for_a_human(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_proofs(
        monkeypatch,
        CHECK,
        replace(CHECK, name="broken", items=lambda _: [3]),
        replace(CHECK, name="blind", wrong=lambda _: False),
        replace(CHECK, name="failing", items=lambda _: [1 // 0]),
        replace(CHECK, name="empty", items=lambda _: []),
    )
    assert proving.alarms() == 0
    proving.run_due()
    assert proving.alarms() == 3
    standings = results.known().standings
    assert standings["empty"].state is State.NOTHING
    assert standings["failing"].error == "ZeroDivisionError"


@pytest.mark.manifest(field="duties")
def test_the_board_leads_to_the_proofs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with_proofs(monkeypatch, replace(CHECK, items=lambda _: [3]))
    proving.run_due()
    open_items = {duty.endpoint: duty.open() for duty in registry().duties}
    assert open_items["proofs.board"] == 1


@SQLITE
@pytest.mark.manifest(field="jobs")
def test_the_jobs_run_and_try_the_proofs(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "STARTED", monotonic() - GRACE.total_seconds())
    jobs = {job.name: job for job in registry().jobs}
    jobs["proofs-self-test"].run()
    assert runs() == []
    jobs["proofs"].run()
    assert len(runs()) == 1


@SQLITE
def test_a_process_that_has_just_started_leaves_the_other_jobs_their_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "STARTED", monotonic())
    with writing() as session:
        session.execute(delete(JobBeat).where(JobBeat.name == "retention"))
    jobs = {job.name: job for job in registry().jobs}
    jobs["proofs"].run()
    assert runs() == []
    proving.ask(desk.member(DANA, Permission.PRIVACY))
    jobs["proofs"].run()
    assert len(runs()) == 1


@SQLITE
def test_it_proves_as_soon_as_each_other_job_has_run(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that failed has run too: the board names it, and nothing waits for it."""
    monkeypatch.setattr(proving, "STARTED", monotonic())
    with writing() as session:
        session.execute(delete(JobBeat))
    jobs = {job.name: job for job in registry().jobs}
    for job in background.jobs():
        jobs["proofs"].run()
        assert runs() == []
        beats.record(job.name, ok=False, milliseconds=1)
    jobs["proofs"].run()
    assert len(runs()) == 1


def test_a_proof_that_cannot_fail_fails_the_weekly_job(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_proofs(monkeypatch, CHECK)
    proving.test_proofs()
    with_proofs(monkeypatch, replace(CHECK, wrong=lambda _number: False))
    with pytest.raises(proving.UntrustedProofsError, match="even"):
        proving.test_proofs()
