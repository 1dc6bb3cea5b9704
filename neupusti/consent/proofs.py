"""Proofs about choices of cookies."""

from datetime import timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, select

from neupusti.consent.models import (
    ChoiceSource,
    ConsentDeclarations,
    ConsentRecord,
    ConsentWording,
    UndeclaredCookie,
)
from neupusti.consent.service.records import CHAIN, HEAD
from neupusti.core import clock
from neupusti.core.proofs import chains, texts, triggers
from neupusti.core.proofs.proof import EARLIER, AnyProof, Proof
from neupusti.core.records.chain import START

REFUSING = (ChoiceSource.SIGNAL.value, ChoiceSource.WITHDRAWAL.value)
DAY = timedelta(days=1)
TEXTS = select(ConsentWording.text, ConsentWording.sha256).union_all(
    select(ConsentDeclarations.canonical, ConsentDeclarations.sha256)
)

ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("1.1.7", "3.3.3"),
        name="no-undeclared-cookie",
        says=_("For a day nothing has tried to set a cookie that is not in the table."),
        rows=UndeclaredCookie,
        wrong=lambda rows: rows.c.last_at > clock.now() - DAY,
        forged={"last_at": lambda: clock.now() - timedelta(hours=1)},  # no mutation: any
        right={"last_at": EARLIER},
    ),
    Proof(
        clauses=("2.2", "3.3.3"),
        name="refusals-grant-nothing",
        says=_("No refusal or withdrawal was taken for a “yes” to a category of cookies."),
        rows=ConsentRecord,
        wrong=lambda rows: and_(rows.c.source.in_(REFUSING), rows.c.granted != ""),
        forged={"source": ChoiceSource.SIGNAL.value, "granted": "statistics"},
        right={"source": ChoiceSource.PAGE.value, "granted": "statistics"},
    ),
    chains.sound_check(
        CHAIN,
        lambda row: CHAIN.link(START, row),
        clauses=("3.3.3",),
        name="choices-unchanged",
        says=_("No choice about cookies was changed, added or taken out afterwards."),
    ),
    chains.head_check(
        HEAD,
        ConsentRecord,
        clauses=("3.3.3",),
        name="choices-not-cut",
        says=_(
            "The list of choices about cookies goes on from where it stood an hour ago."
        ),
    ),
    triggers.kept_check(
        ("consent_declarations", "consent_wording", "consent_record"),
        clauses=("3.3.3",),
        name="choices-kept",
        says=_("The database itself refuses to change a choice about cookies."),
    ),
    texts.stored_check(
        TEXTS,
        clauses=("3.3.3",),
        name="questions-unchanged",
        says=_("What visitors were asked about cookies is kept letter by letter."),
    ),
)
