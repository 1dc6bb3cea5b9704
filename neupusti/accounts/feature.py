"""The manifest of the accounts room."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select

from neupusti.accounts.models import (
    AccountBlock,
    Credential,
    EmailChange,
    KnownDevice,
    Person,
    Photo,
    RecoveryCode,
    SecondFactor,
    SignIn,
)
from neupusti.accounts.service import addresses, avatar, registration
from neupusti.accounts.service import emails as letters
from neupusti.accounts.views import (
    activity,
    cli,
    consents,
    factor,
    login,
    overview,
    passwords,
    registering,
    signing,
)
from neupusti.accounts.views import addresses as emails
from neupusti.accounts.views import avatar as picture
from neupusti.accounts.views import profile as details
from neupusti.accounts.views.blueprint import bp
from neupusti.core.background import Job
from neupusti.core.feature import Feature, Holding, Kept, Page, Place, Retention
from neupusti.core.mail.models import Letter
from neupusti.core.records.consents import ConsentEvidence
from neupusti.core.records.journal import ProcessingEvent, SecurityEvent, StaffAction
from neupusti.core.security.throttle import ThrottleCount
from neupusti.core.security.tokens import Token

VIEWS = (
    *(registering, signing, passwords, factor, overview),
    *(details, picture, emails, consents, activity, cli),
)
"""Importing a module of views is what puts its routes and commands on the blueprint."""

LETTER_DAYS = 30
"""A letter is kept so long after it was sent, refused or put aside."""
SECURITY_DAYS = 365
DEVICE_DAYS = 365
THROTTLE_DAYS = 3

ABOUT_PEOPLE = (
    *(Credential, SecondFactor, RecoveryCode, SignIn, KnownDevice),
    *(EmailChange, AccountBlock),
    *(Letter, Token, SecurityEvent),
    *(ProcessingEvent, StaffAction, ConsentEvidence),
)


def _about(model: type[Any]) -> Callable[[int], Select[Any]]:
    return lambda person: select(model).filter_by(person=person)


FEATURE = Feature(
    name="accounts",
    clauses=(
        *("1.1.3", "2.1", "3.2", "3.2.1", "3.2.2", "3.2.3", "3.2.4", "3.2.6"),
        *("4.1.1", "4.1.5"),
    ),
    blueprint=bp,
    cookies=(login.REMEMBER,),
    letters=letters.ALL,
    jobs=(Job(name="avatars", every=avatar.SWEEP_EVERY, run=avatar.sweep),),
    pages=(
        Page(
            endpoint="accounts.overview",
            label=_("Account"),
            places=frozenset({Place.HEADER}),
            listed=False,
        ),
        *(
            Page(
                endpoint=f"accounts.{name}",
                label=label,
                places=frozenset({Place.ACCOUNT}),
                listed=False,
            )
            for name, label in (
                ("profile", _("Names, phone and picture")),
                ("email", _("E-mail")),
                ("consents", _("My consents")),
                ("password", _("Password")),
                ("two_factor", _("Second step")),
                ("sessions_page", _("Devices and sessions")),
                ("activity", _("Activity")),
            )
        ),
    ),
    # The ground floor declares nothing: what it keeps about people is told here.
    holdings=(
        Holding(model=Person, of=lambda person: select(Person).filter_by(id=person)),
        *(Holding(model=model, of=_about(model)) for model in ABOUT_PEOPLE),
        Holding(model=Photo, of=_about(Photo), file=avatar.file_of),
    ),
    retention=(
        Retention(
            says=_("An account whose e-mail was never confirmed"),
            clause="4.1.5",
            counted=_("from registration"),
            model=Person,
            since=Person.created_at,
            days=registration.LIFE.days,
            only=lambda: Person.confirmed_at.is_(None),
        ),
        Retention(
            says=_("A change of e-mail, with the address before it"),
            clause="3.2.3",
            counted=_("from the request"),
            model=EmailChange,
            since=EmailChange.asked_at,
            days=(addresses.LIFE + addresses.UNDO_LIFE).days,
        ),
        Retention(
            says=_("A block of an account that was lifted"),
            clause="3.4",
            counted=_("from its end"),
            model=AccountBlock,
            since=AccountBlock.lifted_at,
            days=SECURITY_DAYS,
        ),
        Retention(
            says=_("A session: a device where you are signed in"),
            clause="3.4",
            counted=_("from its end"),
            model=SignIn,
            since=SignIn.ends_at,
            days=0,
        ),
        Retention(
            says=_("A device you have signed in from"),
            clause="3.4",
            counted=_("from its last use"),
            model=KnownDevice,
            since=KnownDevice.last_at,
            days=DEVICE_DAYS,
        ),
        Retention(
            says=_("The text of a letter to you"),
            clause="4.1.7",
            counted=_("from its sending"),
            model=Letter,
            since=Letter.done_at,
            days=LETTER_DAYS,
        ),
        Retention(
            says=_("A link we sent you in a letter"),
            clause="4.1.5",
            counted=_("from its end"),
            model=Token,
            since=Token.expires_at,
            days=0,
        ),
        Retention(
            says=_("Events of your account, such as sign-ins"),
            clause="3.4",
            counted=_("from the event"),
            model=SecurityEvent,
            since=SecurityEvent.at,
            days=SECURITY_DAYS,
        ),
        Retention(
            says=_("Counts of failed attempts, under an irreversible code"),
            clause="5.4",
            counted=_("from the last attempt"),
            model=ThrottleCount,
            since=ThrottleCount.touched_at,
            days=THROTTLE_DAYS,
        ),
    ),
    kept=(
        Kept(
            says=_("An account and everything in it"),
            clause="4.1.1",
            until=_("for the life of the account"),
        ),
        Kept(
            says=_("Proof of your consents and of what was done with the Data"),
            clause="5.1",
            until=_("as long as it may have to be proved"),
        ),
    ),
)
