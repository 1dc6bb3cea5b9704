"""The manifest of accounts."""

from flask_babel import lazy_gettext as _

from neupusti.accounts import proofs
from neupusti.accounts.models import (
    AccountSuspension,
    Credential,
    EmailChange,
    FormerSecondFactor,
    KnownDevice,
    Person,
    PersonKind,
    Photo,
    RecoveryCode,
    SecondFactor,
    SignIn,
)
from neupusti.accounts.service import (
    addresses,
    avatar,
    events,
    registration,
    replays,
)
from neupusti.accounts.service import emails as account_emails
from neupusti.accounts.service.device_cookies import DeviceCookie
from neupusti.accounts.views import (
    activity,
    authentication,
    cli,
    consents,
    login,
    overview,
    passwords,
    second_factor,
    securing,
    stale,
)
from neupusti.accounts.views import addresses as address_views
from neupusti.accounts.views import avatar as avatar_views
from neupusti.accounts.views import profile as profile_views
from neupusti.accounts.views import registration as registration_views
from neupusti.accounts.views.blueprint import DEVICE, DEVICE_DAYS, bp
from neupusti.core.background import Job
from neupusti.core.feature import Feature, Page, Place, Together
from neupusti.core.keeping import Holding, IndefiniteRetention, Retention
from neupusti.core.records.decisions import Decision
from neupusti.core.rules import MFA_PENDING, OWNER, PUBLIC, STEP_UP

VIEWS = (
    *(registration_views, authentication, passwords, second_factor, securing, overview),
    *(profile_views, avatar_views, address_views, consents, activity, cli, stale),
)
"""Importing a view module registers its routes and commands on the blueprint."""

SECURITY_DAYS = 365

LIFETIME_MODELS = (Person, Credential, SecondFactor, RecoveryCode)
"""Kept for the life of the account."""
TERMED_MODELS = (
    *(SignIn, KnownDevice, EmailChange, AccountSuspension, FormerSecondFactor),
    DeviceCookie,
)
TO_SIGN_IN = "who is blocked can sign in"

FEATURE = Feature(
    name="accounts",
    clauses=(
        *("1.1.3", "2.1", "3.2", "3.2.1", "3.2.2", "3.2.3", "3.2.4", "3.2.6"),
        *("4.1.1", "4.1.5"),
    ),
    blueprint=bp,
    proofs=proofs.ALL,
    replays={
        Decision.WITHDRAWN: Together(replays.withdrawals),
        Decision.EMAIL_CHANGED: replays.address,
        Decision.SECURED: replays.securing_of,
    },
    access={
        "accounts.activity": OWNER,
        "accounts.ask_reset": PUBLIC,
        "accounts.avatar": OWNER,
        "accounts.change_avatar": OWNER,
        "accounts.change_password": PUBLIC,
        "accounts.change_profile": OWNER,
        "accounts.confirm": PUBLIC,
        "accounts.confirm_email": OWNER,
        "accounts.confirm_factor": STEP_UP,
        "accounts.consent_again": OWNER,
        "accounts.consents": OWNER,
        "accounts.email": OWNER,
        "accounts.end_sessions": OWNER,
        "accounts.login": PUBLIC,
        "accounts.logout": PUBLIC,
        "accounts.new_codes": STEP_UP,
        "accounts.new_email": OWNER,
        "accounts.overview": OWNER,
        "accounts.password": MFA_PENDING,
        "accounts.picture": STEP_UP,
        "accounts.profile": OWNER,
        "accounts.reauthenticate": MFA_PENDING,
        "accounts.recovery_codes": STEP_UP,
        "accounts.register": PUBLIC,
        "accounts.registered": PUBLIC,
        "accounts.reset": PUBLIC,
        "accounts.reset_sent": PUBLIC,
        "accounts.secure": PUBLIC,
        "accounts.sessions_page": OWNER,
        "accounts.confirm_account": PUBLIC,
        "accounts.sign_in": PUBLIC,
        "accounts.still_right": OWNER,
        "accounts.switch_off": STEP_UP,
        "accounts.two_factor": STEP_UP,
        "accounts.undo": PUBLIC,
        "accounts.withdraw": OWNER,
    },
    cookies=(login.REMEMBER, DEVICE),
    emails=account_emails.ALL,
    jobs=(
        # To it a hidden row is a file of nobody.
        Job(name="avatars", every=avatar.SWEEP_EVERY, run=avatar.sweep, checks=True),
    ),
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
                ("profile", _("Names, phone and photo")),
                ("email", _("E-mail")),
                ("consents", _("My consents")),
                ("password", _("Password")),
                ("two_factor", _("Two-step verification")),
                ("sessions_page", _("Devices and sessions")),
                ("activity", _("Activity")),
            )
        ),
    ),
    codes={
        "consent_evidence.form": consents.FORMS,
        "person.kind": {PersonKind.ACCOUNT: _("account"), PersonKind.GUEST: _("guest")},
        "security_event.kind": events.LABELS,
    },
    holdings=(
        Holding(model=Person, order=0, label=_("Names, phone and e-mail of your account")),
        Holding(model=Photo, order=0, label=_("Your photo"), file=avatar.FOLDER),
        Holding(
            model=Credential,
            label=_("When your password was changed"),
            unblocked=TO_SIGN_IN,
        ),
        Holding(model=SecondFactor, label=_("Your app for codes"), unblocked=TO_SIGN_IN),
        Holding(model=RecoveryCode, label=_("Your recovery codes"), unblocked=TO_SIGN_IN),
        *(Holding(model=model, unblocked=TO_SIGN_IN) for model in TERMED_MODELS),
    ),
    retention=(
        Retention(
            label=_("An account whose e-mail was never confirmed, with its e-mails"),
            clause="4.1.5",
            start_label=_("from registration"),
            model=Person,
            starts_at=Person.created_at,
            days=registration.LIFE.days,
            only={"confirmed_at": None},
            along=registration.GO_ALONG,
        ),
        Retention(
            label=_("A change of e-mail, with the address before it"),
            clause="3.2.3",
            start_label=_("from the request"),
            model=EmailChange,
            starts_at=EmailChange.asked_at,
            days=(addresses.LIFE + account_emails.SECURE_LIFE).days,
        ),
        Retention(
            label=_("An app for codes that was removed"),
            clause="3.4",
            start_label=_("from its removal"),
            model=FormerSecondFactor,
            starts_at=FormerSecondFactor.removed_at,
            days=account_emails.SECURE_LIFE.days,
        ),
        Retention(
            label=_("A block of an account that was lifted"),
            clause="3.4",
            start_label=_("from its end"),
            model=AccountSuspension,
            starts_at=AccountSuspension.lifted_at,
            days=SECURITY_DAYS,
        ),
        Retention(
            label=_("A session: a device on which you are signed in"),
            clause="3.4",
            start_label=_("from its end"),
            model=SignIn,
            starts_at=SignIn.ends_at,
            days=0,
        ),
        Retention(
            label=_("A device you have signed in on"),
            clause="3.4",
            start_label=_("from its last use"),
            model=KnownDevice,
            starts_at=KnownDevice.last_at,
            days=DEVICE_DAYS,
        ),
        Retention(
            label=_("A browser you have signed in with, by its cookie"),
            clause="3.4",
            start_label=_("from its last use"),
            model=DeviceCookie,
            starts_at=DeviceCookie.used_at,
            days=DEVICE_DAYS,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("An account and everything in it"),
            clause="4.1.1",
            until=_("for the life of the account"),
            models=(*LIFETIME_MODELS, Photo),
        ),
    ),
)
