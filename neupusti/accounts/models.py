"""People, their credentials and their sessions."""

from enum import StrEnum
from typing import Annotated

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from neupusti.core.data.classification import (
    ActorNumber,
    Device,
    Digest,
    Email,
    EmailKey,
    FamilyName,
    GivenName,
    Id,
    Moment,
    Nonce,
    Patronymic,
    PersonalText,
    Phone,
    Purpose,
    SecretFingerprint,
    SecretMask,
    TokenDigest,
    derived,
    impersonal,
    personal,
    secret,
    subject,
)
from neupusti.core.data.database import Base
from neupusti.core.text import collation

CONFIRMED, NOT_LIFTED = text("confirmed_at IS NOT NULL"), text("lifted_at IS NULL")
PersonForeignKey = Annotated[
    int,
    mapped_column(
        Integer, ForeignKey("person.id", ondelete="CASCADE"), index=True, info=subject()
    ),
]
"""The owner of a row, which is deleted with the person."""
PersonPrimaryKey = Annotated[
    int,
    mapped_column(
        Integer,
        ForeignKey("person.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        info=subject(),
    ),
]
"""The owner of a row where a person has at most one."""
Network = Annotated[
    str,
    mapped_column(
        String(64), info=personal("3.3", Purpose.IDENTIFICATION, Purpose.LOCATION)
    ),
]
"""A keyed hash of the network: recognisable, not readable (1.1.8)."""


class PersonKind(StrEnum):
    """How much the site knows of a person (1.1.6)."""

    GUEST = "guest"
    """Ordered without an account; the e-mail is confirmed."""
    ACCOUNT = "account"


class Person(Base):
    """A person; the e-mail is unverified until `confirmed_at` is set (2.4).

    Several unconfirmed people may share an address; only one of them can confirm it.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index(
            "uq_person_email_key_confirmed",
            "email_key",
            unique=True,
            sqlite_where=CONFIRMED,
            postgresql_where=CONFIRMED,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=subject())
    kind: Mapped[str] = mapped_column(String(10), info=impersonal())
    family_name: Mapped[FamilyName]
    given_name: Mapped[GivenName]
    patronymic: Mapped[Patronymic]
    email: Mapped[Email]
    email_key: Mapped[EmailKey] = mapped_column(index=True)
    phone: Mapped[Phone | None]
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    search: Mapped[str] = mapped_column(
        Text, info=derived("3.2.1", Purpose.IDENTIFICATION, Purpose.PERSONAL_PAGES)
    )
    """Names, e-mail and phone, case-folded, for the search of people."""
    sort: Mapped[str] = mapped_column(
        String(320).with_variant(String(320, collation="C"), "postgresql"),
        index=True,
        info=derived("3.2.1", Purpose.PERSONAL_PAGES),
    )
    """The sort key of the names (`core.text.collation.stored`)."""
    created_at: Mapped[Moment] = mapped_column(index=True)
    confirmed_at: Mapped[Moment | None]
    checked_at: Mapped[Moment | None]
    """When the person last confirmed the names and the phone (4.1.5)."""

    @property
    def full_name(self) -> str:
        """Family name, given name and patronymic, without the missing ones."""
        return " ".join(filter(None, (self.family_name, self.given_name, self.patronymic)))

    def update_search_columns(self) -> None:
        """Update the columns that lists search and sort by."""
        phone = self.phone or ""
        parts = (self.full_name, self.email, phone, phone.removeprefix("+"))
        self.search = collation.folded(" ".join(parts))
        self.sort = collation.stored(self.full_name)


@event.listens_for(Person, "before_insert")
@event.listens_for(Person, "before_update")
def _update_search_columns(
    _mapper: Mapper[Person], _connection: object, person: Person
) -> None:
    person.update_search_columns()


class Credential(Base):
    """The Argon2id hash of a person's password; None: the password was revoked."""

    __tablename__ = "credential"

    person: Mapped[PersonPrimaryKey]
    password_hash: Mapped[str | None] = mapped_column(String(200), info=secret())
    changed_at: Mapped[Moment]


class TotpApp:
    """A TOTP app; without the secret of the site it yields no codes (`key_rotation`)."""

    nonce: Mapped[Nonce]
    made_with: Mapped[SecretFingerprint | None]
    mask: Mapped[SecretMask | None]
    created_at: Mapped[Moment]
    confirmed_at: Mapped[Moment | None]
    last_step: Mapped[int] = mapped_column(Integer, info=impersonal())
    """The last 30-second step whose code was used: codes are one-time (RFC 6238, 5.2)."""


class SecondFactor(TotpApp, Base):
    """A person's TOTP app."""

    __tablename__ = "second_factor"

    person: Mapped[PersonPrimaryKey]


class FormerSecondFactor(TotpApp, Base):
    """An app that was removed: back in use if that was not its owner's doing."""

    __tablename__ = "former_second_factor"

    id: Mapped[Id]
    person: Mapped[PersonForeignKey]
    removed_at: Mapped[Moment] = mapped_column(index=True)


class RecoveryCode(Base):
    """A one-time recovery code, derived from `nonce` as `SecondFactor` is."""

    __tablename__ = "recovery_code"

    id: Mapped[Id]
    person: Mapped[PersonForeignKey]
    nonce: Mapped[Nonce]
    made_with: Mapped[SecretFingerprint | None]
    mask: Mapped[SecretMask | None]
    used_at: Mapped[Moment | None]


class SignIn(Base):
    """A session of one device, complete or pending its code; the cookie holds its key.

    Signing out deletes the row, which invalidates every copy of the cookie.
    """

    __tablename__ = "sign_in"

    id: Mapped[Id]
    person: Mapped[PersonForeignKey]
    digest: Mapped[TokenDigest] = mapped_column(unique=True)
    remember_digest: Mapped[TokenDigest | None] = mapped_column(unique=True)
    """The hash of the remember-me key, where there is one."""
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    ends_at: Mapped[Moment] = mapped_column(index=True)
    """The absolute expiry; idleness may end the session sooner."""
    completed_at: Mapped[Moment | None]
    """None: the password was right, the second factor is pending."""
    second_factor_at: Mapped[Moment | None]
    proved_at: Mapped[Moment]
    """When the person last authenticated (step-up)."""
    device: Mapped[Device]
    network: Mapped[Network]

    @property
    def remembered(self) -> bool:
        """Whether the session has a remember-me cookie."""
        return self.remember_digest is not None


class KnownDevice(Base):
    """A device and network a person signed in from: no e-mail about the next time."""

    __tablename__ = "known_device"
    __table_args__ = (UniqueConstraint("person", "device", "network"),)

    id: Mapped[Id]
    person: Mapped[PersonForeignKey]
    device: Mapped[Device]
    network: Mapped[Network]
    first_at: Mapped[Moment]
    last_at: Mapped[Moment] = mapped_column(index=True)


class AccountSuspension(Base):
    """A suspension of an account, in force until `lifted_at` is set.

    It prevents signing in and leaves the data alone: the blocking of data of clause
    6.2.4 is another thing.
    """

    __tablename__ = "account_block"
    __table_args__ = (
        Index(
            "uq_account_block_in_force",
            "person",
            unique=True,
            sqlite_where=NOT_LIFTED,
            postgresql_where=NOT_LIFTED,
        ),
    )

    id: Mapped[Id]
    person: Mapped[PersonForeignKey]
    at: Mapped[Moment]
    by: Mapped[ActorNumber | None]
    """The member of staff; None: a command on the server."""
    reason: Mapped[PersonalText]
    lifted_at: Mapped[Moment | None] = mapped_column(index=True)
    lifted_by: Mapped[ActorNumber | None]
    lifted_reason: Mapped[PersonalText | None]


class EmailChange(Base):
    """A change of a person's e-mail: requested, confirmed, possibly undone."""

    __tablename__ = "email_change"

    id: Mapped[Id]
    person: Mapped[PersonForeignKey]
    old: Mapped[Email]
    new: Mapped[Email]
    asked_at: Mapped[Moment] = mapped_column(index=True)
    changed_at: Mapped[Moment | None]
    """When the new address was confirmed and took effect."""
    over_at: Mapped[Moment | None]
    """When it was undone, or superseded before it was confirmed."""


class Photo(Base):
    """The picture of an account; the file is in the data folder (3.2.6)."""

    __tablename__ = "photo"

    person: Mapped[PersonPrimaryKey]
    name: Mapped[str] = mapped_column(
        String(32), unique=True, info=personal("3.2.6", Purpose.PERSONAL_PAGES)
    )
    """The random name of the file, its only address."""
    bytes: Mapped[int] = mapped_column(Integer, info=impersonal())
    sha256: Mapped[Digest]
    kept_at: Mapped[Moment]
