"""Readers leave while an issue is posted, paused and resumed: nobody waits for anybody."""

import pytest
from flask import Flask
from sqlalchemy import insert, select

from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import IssueDelivery, Subscriber, SubscriberState, Topic
from neupusti.newsletter.service import choices, ending, issues, posting, signup
from neupusti.newsletter.service.signup import Wish
from tests import desk
from tests.newsletter import cast
from tests.orders.test_races import at_once
from tests.people import AIGERIM

READERS, LEAVING = 60, 24
POSTGRESQL = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)


@pytest.mark.clause("4.1.9")
def test_leaving_while_an_issue_is_posted_and_paused(queueing: Flask) -> None:
    readers = [cast.subscriber(f"r{n}@example.kz") for n in range(READERS)]
    tokens = [cast.leaving_token(one) for one in readers[:LEAVING]]
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    db.session.rollback()

    def leave(part: list[str]) -> None:
        for token in part:
            ending.by_link(token, method=ending.ONE_CLICK)

    def post() -> None:
        for _ in range(6):
            posting.run()

    def stop_and_go() -> None:
        for act in (issues.pause, issues.resume) * 3:
            act(number, staff=cast.DANA)

    results = at_once(
        queueing, post, stop_and_go, *(lambda n=n: leave(tokens[n::4]) for n in range(4))
    )
    assert [str(one) for one in results if isinstance(one, Exception)] == []
    db.session.rollback()
    wanted = select(Subscriber.email).filter_by(state=SubscriberState.ENDED.value)
    left = set(db.session.scalars(wanted))
    assert len(left) == LEAVING
    assert left.isdisjoint(db.session.scalars(select(OutboxEmail.recipient)))
    posting.run()
    rows = db.session.scalars(select(IssueDelivery)).all()
    skipped = {row.subscriber for row in rows if row.state == "skipped"}
    assert skipped == set(readers[:LEAVING])


@POSTGRESQL
def test_an_account_subscribes_while_its_address_signs_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both find no row of the address; the account is the later to write one."""
    owner, row = desk.person(AIGERIM), signup.row
    wish = Wish(topics=frozenset({Topic.GOODS}))

    def late(email: str, wish: Wish, language: Language) -> dict[str, object]:
        values = row(email, wish, language)
        with db.engine.begin() as other:
            other.execute(insert(Subscriber), {**values, "version": 1})
        return values

    monkeypatch.setattr(signup, "row", late)
    choices.change_account(owner, wish, {Purpose.NEWS: cast.given()})
    db.session.rollback()
    mine = choices.of_person(owner)
    assert choices.topics_of(mine) == {Topic.GOODS}
    assert len(cast.proofs()) == 1
