"""Prove the policy when it is due, keep what was found, e-mail staff what is broken.

Due is every proof at night, after a start of other code and when a member of staff asked;
after a sweep those of the clauses that it carries out.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from time import monotonic, perf_counter

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from neupusti.core import background, clock
from neupusti.core.clock import ALMATY
from neupusti.core.data import beats
from neupusti.core.data.database import db, writing
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.proofs import results, self_test, whole
from neupusti.core.proofs.models import HEAD, RUNS, ProofResult, ProofRun
from neupusti.core.proofs.proof import AnyProof, State
from neupusti.core.proofs.running import Result
from neupusti.core.proofs.shown import Shown
from neupusti.core.proofs.whole import About
from neupusti.core.records.head import BrokenChainError
from neupusti.core.records.journal import StaffAction, StaffActionType, log_staff_action
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateLimit
from neupusti.core.text.languages import Language
from neupusti.policy.service.edition_store import NotFoundError, current_store
from neupusti.retention.models import RetentionRun
from neupusti.staff import queries

EVERY = timedelta(minutes=1)
STARTED = monotonic()
"""When this process began."""
NIGHTLY = time(3, 10, tzinfo=ALMATY)
SWEPT = {"5.1", "5.6"}
"""The clauses that a sweep carries out."""
SLACK = timedelta(hours=1)
"""How much earlier than its period a rare proof may be looked at again."""
BROKEN = EmailType(name="proofs.broken", label=_("A proof of the policy has failed"))
ASKED = StaffActionType("proofs.asked", _("Asked for the proofs to be run"))
ACCEPTED = StaffActionType("proofs.accepted", _("Accepted the record of proofs as it is"))
BUTTON = RateLimit("proofs", 1, timedelta(minutes=10), timedelta(minutes=10))


def due() -> tuple[tuple[AnyProof, ...], bool]:
    """Return the proofs to run now, and whether they are a whole run."""
    proofs = registry().proofs
    last = db.session.scalars(
        select(ProofRun).where(ProofRun.whole).order_by(ProofRun.id.desc()).limit(1)
    ).first()
    if last is None or last.revision != whole.revision() or _is_asked():
        return proofs, True
    if last.at < _last_night():
        return tuple(filter(_is_due_tonight, proofs)), True
    looked_at = _moment(db.session.scalar(select(func.max(ProofRun.at))))
    if looked_at < _moment(db.session.scalar(select(func.max(RetentionRun.at)))):
        return tuple(one for one in proofs if SWEPT & {*one.clauses}), False
    return (), False


def work() -> None:
    """Run the job, but after a start let the other jobs run first.

    Until each has, the traces of the stop before would look like a breach. One that never
    does is waited for no longer than it may be late; who asks does not wait at all.
    """
    is_over = monotonic() - STARTED >= background.GRACE.total_seconds()
    if is_over or background.have_run() or _is_asked():
        run_due()


def run_due() -> None:
    """Look at what is due. Raise BrokenChainError where no run could be stored."""
    proofs, is_whole = due()
    problem = HEAD.problem(db.session(), ProofRun) if proofs else None
    db.session.rollback()
    if problem is not None:
        raise BrokenChainError(problem)
    if proofs:
        began = clock.now()
        keep(whole.run(proofs), began, is_whole=is_whole)


def keep(found: list[Result], began: datetime, *, is_whole: bool) -> ProofRun:
    """Store what a run found, and e-mail the keepers of personal data what is newly broken.

    Raise BrokenChainError where earlier runs were changed.
    """
    broken = [one.proof for one in found if one.state is State.BROKEN]

    def tell(session: Session, run: ProofRun) -> None:
        known = _broken_before(session, run) if broken else ()
        if new := [proof for proof in broken if proof.name not in known]:
            _tell(session, run, new)

    run = whole.keep(found, about(is_whole=is_whole), began=began, tell=tell)
    results.invalidate()
    return run


def about(*, is_whole: bool) -> About:
    """Return what a run of this moment is about."""
    store = current_store()
    try:
        text = store.text(store.in_force(), Language.RU)
    except NotFoundError:
        return About(whole=is_whole, edition=None, edition_sha256=None)
    return About(whole=is_whole, edition=text.date, edition_sha256=text.sha256)


def ask(staff: int) -> None:
    """Ask for a whole run, which the job begins within a minute. Raise TooManyError."""
    throttle.take((BUTTON, "everybody"))
    with writing() as session:
        log_staff_action(session, staff=staff, action=ASKED)


def accept_head(reason: str) -> str | None:
    """Let the record of runs go on from its newest one; return what had been wrong.

    For a database that was restored and lacks newer runs. None: nothing is wrong. Raise
    BrokenChainError where a run that is there was changed.
    """
    with writing() as session:
        RUNS.lock(session)
        number, chain = RUNS.newest(session)
        problem = HEAD.problem(session, ProofRun)
        if problem is None:
            return None
        for run, sound in RUNS.rows(session):
            if not sound:
                raise BrokenChainError(f"run {run.id} is not what was chained")
        log_staff_action(
            session, staff=None, action=ACCEPTED, what=f"{number} {chain}", reason=reason
        )
    HEAD.keep(number, chain)
    return problem


def alarms() -> int:
    """Count the proofs that are broken or cannot tell."""
    standings = results.known().standings
    return sum(Shown(one, standings.get(one.name)).alarming for one in registry().proofs)


def _broken_before(session: Session, run: ProofRun) -> set[str]:
    """Return the names of the proofs that were broken when they were last looked at.

    Of the runs before, whose chain is locked: of two machines that ran them one tells.
    """
    last = select(func.max(ProofResult.id)).where(ProofResult.run < run.id)
    broken = select(ProofResult.name).where(
        ProofResult.id.in_(last.group_by(ProofResult.name)),
        ProofResult.state == State.BROKEN.value,
    )
    return set(session.scalars(broken))


def _tell(session: Session, run: ProofRun, proofs: Sequence[AnyProof]) -> None:
    for keeper in session.scalars(queries.holders(Permission.PRIVACY)).all():
        enqueue(
            session,
            BROKEN,
            Recipient(
                email=keeper.email, language=Language(keeper.language), person=keeper.id
            ),
            key=f"{BROKEN.name}:{run.id}:{keeper.id}",
            values={"proofs": proofs, "at": run.at},
        )


def _is_due_tonight(proof: AnyProof) -> bool:
    """Return whether a proof that is looked at less than daily is due again."""
    standing = results.known().standings.get(proof.name)
    rare = proof.every > timedelta(days=1)
    return not rare or standing is None or clock.now() - standing.at >= proof.every - SLACK


def _is_asked() -> bool:
    """Return whether staff asked since the last whole run began."""
    asked = select(func.max(StaffAction.at)).where(StaffAction.action == ASKED.code)
    began = select(func.max(ProofRun.at)).where(ProofRun.whole)
    return _moment(db.session.scalar(began)) < _moment(db.session.scalar(asked))


def _last_night() -> datetime:
    """Return the last time it was 03:10 in Almaty."""
    tonight = datetime.combine(clock.today(), NIGHTLY)
    return tonight if tonight <= clock.now() else tonight - timedelta(days=1)


def _moment(found: datetime | None) -> datetime:
    """Return a moment from the database, or one before all others."""
    return found or datetime.min.replace(tzinfo=UTC)


def try_proofs(proofs: Sequence[AnyProof], *, is_whole: bool) -> list[str]:
    """Return what is wrong with `proofs`; a try of all of them counts as one of the job."""
    began = perf_counter()
    faults = self_test.faults(proofs)
    if is_whole:
        took = round((perf_counter() - began) * 1000)
        beats.record(results.SELF_TEST, ok=not faults, milliseconds=took)
        results.invalidate()
    return faults


class UntrustedProofsError(RuntimeError):
    """Some proofs cannot fail, or say "holds" of nothing."""


def test_proofs() -> None:
    """Run the weekly job: try whether each proof can fail. Raise UntrustedProofsError."""
    if faults := self_test.faults(registry().proofs):
        raise UntrustedProofsError("; ".join(faults))
