"""Unsubscribe again, in a restored database, whom the file of decisions names."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core.blocking.blocks import IS_OPEN
from neupusti.core.blocking.models import DataBlock
from neupusti.core.records import consents
from neupusti.core.records.decision_file import DecisionLine
from neupusti.newsletter.models import Subscriber, SubscriberState, Why
from neupusti.newsletter.service import ending, suppression


def unsubscribe(session: Session, lines: Sequence[DecisionLine]) -> int:
    """End subscriptions again; an address without one gets no news all the same."""
    owned = [(line.email_key, line) for line in lines if line.email_key]
    whole = {key: line for key, line in owned if "only" not in line.values}
    known = dict(owned) | whole
    active = Subscriber.state != SubscriberState.ENDED.value
    mine = select(Subscriber).where(Subscriber.email_key.in_(known), active)
    found = session.scalars(mine.with_for_update(key_share=True)).all()
    ends = [one for one in found if one.email_key in whole]
    if session.scalar(select(DataBlock.id).where(IS_OPEN).limit(1)) is None:
        _withdraw(session, ends, whole)
        by_method = defaultdict[str, list[Subscriber]](list)
        for one in ends:
            by_method[whole[one.email_key].values["method"]].append(one)
        for method, those in by_method.items():
            ending.end_all(session, those, method=method)
    else:
        for one in ends:
            ending.end(session, one, method=whole[one.email_key].values["method"])
    suppression.suppress(session, Why.UNSUBSCRIBED, *whole)
    rest = [one for one in found if one.email_key not in whole and one.advertising]
    for one in rest:
        ending.end_advertising(session, one, method=known[one.email_key].values["method"])
    return len(ends) + len(rest)


def _withdraw(
    session: Session, subscribers: Sequence[Subscriber], lines: dict[str, DecisionLine]
) -> None:
    """Withdraw their consents all at once, each with its first date."""
    wanted = {}
    for one in subscribers:
        line = lines[one.email_key]
        for number in (one.news_consent, one.ad_consent):
            if number is not None:
                wanted[number] = consents.Repeated(line.values["method"], line.at)
        one.news_consent = one.ad_consent = None
    consents.withdraw_again(session, wanted)
