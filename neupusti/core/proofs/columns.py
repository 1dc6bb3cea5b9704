"""What several proofs say of a column."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_

E164_LENGTHS = (8, 16)
"""A plus and seven to fifteen digits."""


def no_phone(phone: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return that `phone` is filled and not in E.164."""
    return or_(
        phone.not_like("+_%"),
        func.ltrim(func.substr(phone, 2), "0123456789") != "",
        not_(func.length(phone).between(*E164_LENGTHS)),
    )


def no_key(email: ColumnElement[Any], key: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return that `email` is no address, or `key` not the form in which it is compared."""
    return or_(email.not_like("%_@_%._%"), key != func.lower(email))


def no_network(ip: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return that `ip` is neither an address in its canonical form nor "unknown"."""
    return and_(
        ip != "unknown",
        or_(ip == "", func.ltrim(ip, "0123456789abcdef:.") != ""),
    )
