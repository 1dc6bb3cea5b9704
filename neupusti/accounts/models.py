"""People, how they prove who they are, and where they are signed in."""

from datetime import datetime
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
    Patronymic,
    Phone,
    Purpose,
    Words,
    impersonal,
    personal,
    subject,
)
from neupusti.core.data.database import Base
from neupusti.core.text import collation

CONFIRMED = text("confirmed_at IS NOT NULL")
IN_FORCE = text("lifted_at IS NULL")

Owner = Annotated[
    int,
    mapped_column(
        Integer, ForeignKey("person.id", ondelete="CASCADE"), index=True, info=subject()
    ),
]
"""Whose row it is: it goes with the person."""
OneOwner = Annotated[
    int,
    mapped_column(
        Integer,
        ForeignKey("person.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        info=subject(),
    ),
]
"""The same where a person has one row at most."""
Network = Annotated[
    str,
    mapped_column(
        String(64), info=personal("3.3", Purpose.IDENTIFICATION, Purpose.LOCATION)
    ),
]
"""A keyed hash of the network: it is recognised, and cannot be read (1.1.8)."""


SecretName = Annotated[str, mapped_column(String(16), info=impersonal())]
"""Which secret of the site made it (`core.data.keys`); None: the oldest that is known."""


class PersonKind(StrEnum):
    """How much the site knows of a person (1.1.6)."""

    GUEST = "guest"
    """Ordered without an account; the e-mail is verified."""
    ACCOUNT = "account"


class Person(Base):
    """A person; until `confirmed_at` is set it is only somebody's word (2.4).

    Several may say the same address; one of them can confirm it.
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
        # A number is never given twice: journals and grants know people by it.
        {"sqlite_autoincrement": True},
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
        Text, info=personal("3.2.1", Purpose.IDENTIFICATION, Purpose.PERSONAL_PAGES)
    )
    """Names, address and phone, folded: what the people list looks through."""
    sort: Mapped[str] = mapped_column(
        String(320).with_variant(String(320, collation="C"), "postgresql"),
        index=True,
        info=personal("3.2.1", Purpose.PERSONAL_PAGES),
    )
    """The names as `core.text.collation.stored` writes them."""
    created_at: Mapped[Moment] = mapped_column(index=True)
    confirmed_at: Mapped[Moment | None]
    checked_at: Mapped[Moment | None]
    """When the person last said that the names and the phone are right (4.1.5)."""

    @property
    def full_name(self) -> str:
        """Family name, given name, patronymic, as far as they are known."""
        return " ".join(filter(None, (self.family_name, self.given_name, self.patronymic)))

    def found_by(self) -> None:
        """Bring the columns that lists search and sort by up to date."""
        phone = self.phone or ""
        told = (self.full_name, self.email, phone, phone.removeprefix("+"))
        self.search = collation.folded(" ".join(told))
        self.sort = collation.stored(self.full_name)


@event.listens_for(Person, "before_insert")
@event.listens_for(Person, "before_update")
def _found_by(_mapper: Mapper[Person], _connection: object, person: Person) -> None:
    person.found_by()


class Credential(Base):
    """The password of a person, as Argon2id keeps it; None: it was taken back."""

    __tablename__ = "credential"

    person: Mapped[OneOwner]
    password_hash: Mapped[str | None] = mapped_column(String(200), info=impersonal())
    changed_at: Mapped[Moment]


class SecondFactor(Base):
    """A person's app that makes codes. Its secret is made of `nonce` and the site's own.

    So the database alone, stolen, makes no codes; `service.made` tells how.
    """

    __tablename__ = "second_factor"

    person: Mapped[OneOwner]
    nonce: Mapped[Digest]
    made_with: Mapped[SecretName | None]
    mask: Mapped[Digest | None]
    created_at: Mapped[Moment]
    confirmed_at: Mapped[Moment | None]
    last_step: Mapped[int] = mapped_column(Integer, info=impersonal())
    """The last half minute whose code was used: no code works twice (RFC 6238, 5.2)."""


class RecoveryCode(Base):
    """One of the codes for the day the phone is lost, made of `nonce` in the same way."""

    __tablename__ = "recovery_code"

    id: Mapped[Id]
    person: Mapped[Owner]
    nonce: Mapped[Digest]
    made_with: Mapped[SecretName | None]
    mask: Mapped[Digest | None]
    used_at: Mapped[Moment | None]


class SignIn(Base):
    """One device that is signed in, or half so; the cookie holds a key to this row.

    Ending it is deleting it: from then on the cookie, copied or not, opens nothing.
    """

    __tablename__ = "sign_in"

    id: Mapped[Id]
    person: Mapped[Owner]
    digest: Mapped[Digest] = mapped_column(unique=True)
    remember_digest: Mapped[Digest | None] = mapped_column(unique=True)
    """Of the second key, where the person asked to be remembered."""
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    ends_at: Mapped[Moment] = mapped_column(index=True)
    """At the latest; idleness may end it sooner."""
    completed_at: Mapped[Moment | None]
    """None: the password was right and the code is still asked for."""
    second_factor_at: Mapped[Moment | None]
    proved_at: Mapped[Moment]
    """When the person last proved who they are."""
    device: Mapped[Device]
    network: Mapped[Network]

    @property
    def remembered(self) -> bool:
        """Whether it outlives the browser's window."""
        return self.remember_digest is not None


class KnownDevice(Base):
    """A device and a network a person signed in from: the next time needs no letter."""

    __tablename__ = "known_device"
    __table_args__ = (UniqueConstraint("person", "device", "network"),)

    id: Mapped[Id]
    person: Mapped[Owner]
    device: Mapped[Device]
    network: Mapped[Network]
    first_at: Mapped[Moment]
    last_at: Mapped[Moment] = mapped_column(index=True)

    def seen(self, at: datetime) -> None:
        """Note that it was used again."""
        self.last_at = at


class AccountSuspension(Base):
    """A closed account, from when a member of staff blocked it until one lifted that.

    It shuts the door and leaves the data alone: the blocking of data that clause 6.2.4
    means is another thing.
    """

    __tablename__ = "account_block"
    __table_args__ = (
        Index(
            "uq_account_block_in_force",
            "person",
            unique=True,
            sqlite_where=IN_FORCE,
            postgresql_where=IN_FORCE,
        ),
    )

    id: Mapped[Id]
    person: Mapped[Owner]
    at: Mapped[Moment]
    by: Mapped[ActorNumber | None]
    """The member of staff; None: by a command on the server."""
    reason: Mapped[Words]
    lifted_at: Mapped[Moment | None] = mapped_column(index=True)
    lifted_by: Mapped[ActorNumber | None]
    lifted_reason: Mapped[Words | None]


class EmailChange(Base):
    """One change of a person's address: asked for, then confirmed, then perhaps undone."""

    __tablename__ = "email_change"

    id: Mapped[Id]
    person: Mapped[Owner]
    old: Mapped[Email]
    new: Mapped[Email]
    asked_at: Mapped[Moment] = mapped_column(index=True)
    changed_at: Mapped[Moment | None]
    """When the new address was confirmed; from then on it is the person's."""
    over_at: Mapped[Moment | None]
    """When it was undone, or replaced by another before it was confirmed."""


class Photo(Base):
    """The picture of an account; the file itself lies in the data folder (3.2.6)."""

    __tablename__ = "photo"

    person: Mapped[OneOwner]
    name: Mapped[str] = mapped_column(
        String(32), unique=True, info=personal("3.2.6", Purpose.PERSONAL_PAGES)
    )
    """The random name of the file, which is all that leads to it."""
    bytes: Mapped[int] = mapped_column(Integer, info=impersonal())
    sha256: Mapped[Digest]
    kept_at: Mapped[Moment]
