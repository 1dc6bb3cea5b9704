"""Yesterday's backup is restored: shut until what was decided since is repeated."""

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person, SignIn
from neupusti.accounts.service import consents as account_consents
from neupusti.accounts.service import people
from neupusti.backup.service import replaying
from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.data.keys import FORMER
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.records import decision_file, decisions
from neupusti.core.records.consents import FormConsent
from neupusti.core.records.decisions import Decision, Standing, State, decide
from neupusti.core.registry import registry
from neupusti.core.web.gate import gate
from neupusti.newsletter.models import Subscriber, SubscriberState
from neupusti.newsletter.service import ending, suppression
from tests.accounts.cast import account, emails_to, link, signed_in, submit
from tests.accounts.moves import NEW, request_change, secure_link
from tests.accounts.test_consents import given_consent
from tests.accounts.test_way_back import comes_back, take_over
from tests.backup.yesterday import Yesterday
from tests.newsletter import cast as news
from tests.people import AIGERIM, BOLAT, GUEST
from tests.times import NOON, Clock

pytestmark = pytest.mark.situation(14, of="rights")


def replayed() -> Counter[str]:
    """Carry out what is missing, as the command does."""
    changed = replaying.replay(replaying.missing())
    assert decisions.standing(db.session()).state is State.CURRENT
    assert gate().look() == ""
    return changed


def reread(number: int) -> Subscriber:
    db.session.rollback()
    return db.session.get_one(Subscriber, number, populate_existing=True)


def unsubscribe(number: int) -> None:
    with writing() as session:
        subscriber = session.get_one(Subscriber, number)
        ending.end(session, subscriber, method=ending.BUTTON)


@pytest.mark.manifest(field="replays")
@pytest.mark.clause("6.1.1")
def test_a_withdrawal_since_the_backup_holds_with_its_first_date(
    app: Flask, at: Clock
) -> None:
    who = account(AIGERIM)
    number = given_consent(who)
    before = Yesterday(app)
    at(NOON)
    assert account_consents.withdraw(who.number, number)
    at(NOON + timedelta(days=1))
    assert before.put_back() == "behind by 1"
    ended = select(FormConsent).filter_by(ends=number)
    assert db.session.scalar(ended) is None
    assert replayed()["withdrawn"] == 1
    row = db.session.scalars(ended).one()
    assert (row.at, row.method, row.person) == (NOON, "button pressed", who.number)


def test_a_withdrawal_of_a_lost_consent_changes_nothing(app: Flask) -> None:
    before = Yesterday(app)
    who = account(AIGERIM)
    assert account_consents.withdraw(who.number, given_consent(who))
    before.put_back()
    assert replayed()["withdrawn"] == 0


@pytest.mark.manifest(field="replays")
@pytest.mark.clause("4.1.9")
def test_who_unsubscribed_since_the_backup_gets_no_news(app: Flask) -> None:
    number = news.subscriber(advertising=True)
    other = news.subscriber(BOLAT.email)
    before = Yesterday(app)
    unsubscribe(number)
    assert before.put_back().startswith("behind by")
    assert reread(number).state == SubscriberState.ACTIVE
    replayed()
    assert reread(number).state == SubscriberState.ENDED
    assert suppression.suppressed(db.session(), AIGERIM.email) != {}
    assert reread(other).state == SubscriberState.ACTIVE


@pytest.mark.clause("4.1.10")
def test_who_ended_the_advertising_alone_keeps_the_news(app: Flask) -> None:
    number = news.subscriber(advertising=True)
    before = Yesterday(app)
    with writing() as session:
        subscriber = session.get_one(Subscriber, number)
        ending.end_advertising(session, subscriber, method=ending.BUTTON)
    before.put_back()
    replayed()
    found = reread(number)
    assert (found.state, found.advertising) == (SubscriberState.ACTIVE, False)
    assert found.ad_consent is None


@pytest.mark.manifest(field="replays")
def test_a_former_address_opens_no_session(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    before = Yesterday(app)
    assert request_change(browser).status_code == 303
    assert submit(browser, link(emails_to(NEW)[-1], "/email/confirm/")).status_code == 303
    before.put_back()
    assert replayed()["email-changed"] == 1
    assert people.confirmed(AIGERIM.email) is not None
    assert db.session.scalars(select(SignIn).filter_by(person=who.number)).all() == []


@pytest.mark.manifest(field="replays")
def test_what_a_thief_did_is_undone_again(app: Flask, at: Clock) -> None:
    who = account(AIGERIM)
    take_over(app, who, at)
    before = Yesterday(app)
    at(NOON + timedelta(days=2))
    comes_back(app, who, secure_link("email_changed"))
    before.put_back()
    replayed()
    person = db.session.get_one(Person, who.number, populate_existing=True)
    assert person.email == AIGERIM.email


def test_a_guest_is_found_although_the_file_holds_no_address(app: Flask) -> None:
    number = news.subscriber(GUEST.email)
    first = app.config["SECRET_KEY"]
    before = Yesterday(app)
    unsubscribe(number)
    app.config |= {"SECRET_KEY": "f" * 32, FORMER: (first,)}
    before.put_back()
    replayed()
    assert reread(number).state == SubscriberState.ENDED


def test_a_second_replay_changes_nothing(app: Flask) -> None:
    number = news.subscriber()
    before = Yesterday(app)
    unsubscribe(number)
    before.put_back()
    lines = replaying.missing()
    assert sum(replaying.replay(lines).values()) > 0
    assert sum(replaying.replay(lines).values()) == 0


def test_no_new_person_gets_the_number_of_a_lost_one(app: Flask) -> None:
    before = Yesterday(app)
    lost = account(AIGERIM).number
    with writing() as session:
        values = {"method": "button pressed"}
        decide(session, Decision.WITHDRAWN, person=lost, ref="999", values=values)
    before.put_back()
    replaying.replay([line for line in replaying.missing() if line.person == lost])
    assert account(BOLAT).number > lost


def test_an_email_that_waited_in_the_backup_is_not_sent_twice(app: Flask) -> None:
    who = account(AIGERIM)
    number = given_consent(who)
    account_consents.withdraw(who.number, number)
    waiting = db.session.scalars(select(OutboxEmail)).one()
    waiting.state = OutboxState.QUEUED.value
    db.session.commit()
    assert replaying.stop_mail(waiting.created_at) == 0
    assert replaying.stop_mail(waiting.created_at + timedelta(seconds=1)) == 1
    email = db.session.scalars(select(OutboxEmail)).one()
    assert (email.state, email.reason) == (OutboxState.UNSURE, "restored")


@pytest.mark.manifest(field="jobs")
def test_an_interrupted_decision_is_carried_out_by_the_job(app: Flask, at: Clock) -> None:
    who = account(AIGERIM)
    number = given_consent(who)
    [job] = [one for one in registry().jobs if one.name == "decisions"]
    at(NOON)
    values = {"method": "button pressed"}
    decision_file.append("withdrawn", person=who.number, ref=str(number), values=values)
    job.run()
    assert len(decisions.standing(db.session()).interrupted) == 1
    at(NOON + timedelta(minutes=11))
    job.run()
    assert decisions.standing(db.session()).interrupted == []
    assert db.session.scalar(select(FormConsent).filter_by(ends=number)) is not None


def test_the_job_reads_the_file_only_where_it_may_have_work(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Session] = []
    look = decisions.standing

    def noted(session: Session) -> Standing:
        looks.append(session)
        return look(session)

    monkeypatch.setattr(decisions, "standing", noted)

    def ran() -> int:
        looks.clear()
        replaying.finish_interrupted()
        return len(looks)

    at(NOON)
    assert [ran(), ran()] == [1, 0]
    decision_file.append("withdrawn", ref="1", values={"method": "button pressed"})
    assert [ran(), ran()] == [1, 1]
    at(NOON + timedelta(minutes=11))
    assert [ran(), ran(), ran()] == [1, 1, 0]


def test_a_decision_that_no_feature_knows_stops_the_replay(app: Flask) -> None:
    decision_file.append("from a later version")
    decision_file.append("done", ref="1")
    assert gate().look() == "behind by 1"
    with pytest.raises(replaying.ReplayError, match="from a later version"):
        replaying.replay(replaying.missing())


@pytest.fixture
def tampered(app: Flask) -> None:
    """A file whose second line is not what was written."""
    with writing() as session:
        decide(session, Decision.WITHDRAWN, person=1, ref="1")
    path = decision_file.path()
    path.write_bytes(path.read_bytes().replace(b'"done"', b'"void"'))


@pytest.mark.usefixtures("tampered")
def test_a_file_that_was_tampered_with_is_not_carried_out(app: Flask) -> None:
    assert gate().look() == "tampered with: line 2 of the file"
    with pytest.raises(replaying.ReplayError, match="tampered"):
        replaying.missing()


@pytest.mark.clause("6.2.4")
def test_who_is_blocked_has_unsubscribed_all_the_same(app: Flask) -> None:
    number = news.subscriber(GUEST.email)
    with writing() as session:
        blocks.open_block(session, Whose(email_key=GUEST.email), by=Cause.PERSON)
    before = Yesterday(app)
    unsubscribe(number)
    before.put_back()
    replayed()
    assert reread(number).state == SubscriberState.ENDED
    assert blocks.is_blocked(db.session(), Whose(email_key=GUEST.email))


@pytest.mark.clause("6.2.4")
def test_who_is_blocked_has_withdrawn_all_the_same(app: Flask) -> None:
    who = account(AIGERIM)
    number = given_consent(who)
    news.subscriber(AIGERIM.email, person=who.number)
    with writing() as session:
        blocks.open_block(session, Whose(person=who.number), by=Cause.PERSON)
    before = Yesterday(app)
    assert account_consents.withdraw(who.number, number)
    before.put_back()
    assert replayed()["withdrawn"] > 0
    assert db.session.scalar(select(FormConsent).filter_by(ends=number)) is not None
