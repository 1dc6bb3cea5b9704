"""The manifest of core: its own tables and its own route."""

from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.core import own_proofs, rules
from neupusti.core.background import Job, Scope
from neupusti.core.blocking.models import DataBlock, Tombstone
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.file_table import FilePart
from neupusti.core.feature import Feature
from neupusti.core.keeping import Fate, Holding, IndefiniteRetention, Retention, Unheld
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.proofs.models import ProofResult, ProofRun
from neupusti.core.records import journal
from neupusti.core.records.consents import ConsentText, FormConsent
from neupusti.core.records.decisions import DecisionHead
from neupusti.core.records.journal import (
    ActWords,
    ProcessingEvent,
    SecurityEvent,
    StaffAction,
)
from neupusti.core.records.sealed import ChainKey
from neupusti.core.rules import PUBLIC
from neupusti.core.security.grants import StaffGrant
from neupusti.core.security.throttle import ThrottleCount
from neupusti.core.security.tokens import Token

EMAIL_DAYS = 30
"""Counted from when an email was sent, refused or kept."""
SECURITY_DAYS = 365
REASON_DAYS = 3 * 365
"""So that whoever claims later that an act of staff was wrong finds its reason."""
TOKEN_DAYS = 1
"""As long as a limit on e-mails lasts, over which the last link works again."""
THROTTLE_DAYS = 3
PROOF_DAYS = 400
"""So that a year can be looked at as a whole."""

BLOCK_DAYS = 3 * 366
"""As long as the request that a block was opened for."""

TO_SEND = "the sender leaves out what a block does not allow"
TO_WITHDRAW = "a consent can be withdrawn at any time"
TO_PROVE = "a journal of what happens, the block and its check among it"
BY_ITS_ROW = "a file is found by the row that names it, and goes with that row"
TOKENS_UNSEEN = "a link to another address would tell whether it has an account"

FEATURE = Feature(
    name="core",
    clauses=(),
    proofs=own_proofs.ALL,
    access={"assets.serve": PUBLIC},
    essential=frozenset({"assets.serve"}),
    jobs=(
        Job(
            name="journal-head",
            every=timedelta(hours=1),
            run=journal.keep_head,
            scope=Scope.MACHINE,
        ),
    ),
    codes={"staff_grant.permission": rules.LABELS},
    holdings=(
        Holding(model=OutboxEmail, is_sent=True, unblocked=TO_SEND),
        Holding(
            model=FormConsent,
            fate=Fate.EVIDENCE,
            label=_("Your consents and their withdrawals"),
            unblocked=TO_WITHDRAW,
        ),
        Holding(
            model=ProcessingEvent,
            fate=Fate.EVIDENCE,
            label=_("What was done with the Data"),
            unblocked=TO_PROVE,
        ),
        Holding(model=SecurityEvent, unblocked=TO_PROVE),
        Holding(
            model=StaffAction,
            fate=Fate.EVIDENCE,
            label=_("What members of staff saw or changed"),
            unblocked=TO_PROVE,
        ),
        Holding(model=ActWords, unblocked=TO_PROVE),
        Holding(model=Token, unseen=TOKENS_UNSEEN, unblocked="a link confirms a right"),
        Holding(
            model=StaffGrant,
            fate=Fate.EVIDENCE,
            label=_("Permissions on the staff"),
            unblocked=TO_PROVE,
        ),
        Holding(
            model=DataBlock,
            label=_("That the Data were blocked, and why"),
            unblocked="it is the block",
            repeated=True,
        ),
        Holding(
            model=Tombstone,
            fate=Fate.EVIDENCE,
            label=_("That the Data were destroyed"),
            unblocked="a destruction outlives a block",
        ),
    ),
    unheld=(Unheld(model=FilePart, why=BY_ITS_ROW),),
    retention=(
        Retention(
            label=_("The text of an e-mail to you"),
            clause="4.1.7",
            start_label=_("from its sending"),
            model=OutboxEmail,
            starts_at=OutboxEmail.done_at,
            days=EMAIL_DAYS,
        ),
        Retention(
            label=_("A link we sent you in an e-mail"),
            clause="4.1.5",
            start_label=_("from its end"),
            model=Token,
            starts_at=Token.expires_at,
            days=TOKEN_DAYS,
        ),
        Retention(
            label=_("Events of your account, such as sign-ins"),
            clause="3.4",
            start_label=_("from the event"),
            model=SecurityEvent,
            starts_at=SecurityEvent.at,
            days=SECURITY_DAYS,
        ),
        Retention(
            label=_("Why a member of staff saw or changed the Data, in their words"),
            clause="1.1.1",
            start_label=_("from the act"),
            model=ActWords,
            starts_at=ActWords.at,
            days=REASON_DAYS,
        ),
        Retention(
            label=_("That the Data were blocked, and why"),
            clause="6.2.4",
            start_label=_("from the end of the block"),
            model=DataBlock,
            starts_at=DataBlock.lifted_at,
            days=BLOCK_DAYS,
        ),
        Retention(
            label=_("Counts of failed attempts, under an irreversible code"),
            clause="5.4",
            start_label=_("from the last attempt"),
            model=ThrottleCount,
            starts_at=ThrottleCount.touched_at,
            days=THROTTLE_DAYS,
        ),
        Retention(
            label=_("What each proof found; nothing about people"),
            clause="5.1",
            start_label=_("from its run"),
            model=ProofResult,
            starts_at=ProofResult.at,
            days=PROOF_DAYS,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("Proof of your consents and of what was done with the Data"),
            clause="5.1",
            until=_("as long as it may have to be proved"),
            models=(
                *(ProcessingEvent, StaffAction, ChainKey),
                *(FormConsent, ConsentText, StaffGrant, DecisionHead, Tombstone),
            ),
        ),
        IndefiniteRetention(
            label=_("When each job of the site last ran; nothing about people"),
            clause="5.6",
            until=_("until it runs again"),
            models=(JobBeat,),
        ),
        IndefiniteRetention(
            label=_("When it was looked whether the policy holds, and what was found"),
            clause="5.4",
            until=_("as long as it may have to be proved"),
            models=(ProofRun,),
        ),
        IndefiniteRetention(
            label=_("The files of photos and archives"),
            clause="3.2.6",
            until=_("as long as the photo or the archive itself is kept"),
            models=(FilePart,),
        ),
    ),
)
