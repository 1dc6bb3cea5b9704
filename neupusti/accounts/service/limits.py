"""Rate limits, with the numbers of PyPI: by account or device first, lenient by network.

Behind a provider's shared address hundreds of people look like one. Strangers can keep
others from signing in for a quarter of an hour at most, and never a browser that is known
(`device_cookies`), a session, or whoever sets a password by a link. Who is sent letters by
strangers gets few of them, and for hours no further one: each holds a link that works.
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.core.security.throttle import RateLimit

MINUTES_5 = timedelta(minutes=5)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
HOURS_6 = timedelta(hours=6)
DAY = timedelta(days=1)

SIGN_IN_ACCOUNT = RateLimit("sign in, account", 10, MINUTES_5, QUARTER)
"""Attempts from browsers that are not known."""
SIGN_IN_DEVICE = RateLimit("sign in, device", 10, MINUTES_5, QUARTER)
SIGN_IN_NETWORK = RateLimit("sign in, network", 10, MINUTES_5, QUARTER)
SIGN_IN_ALL = RateLimit("sign in, everybody", 1000, MINUTES_5, QUARTER)
PASSWORD_SESSION = RateLimit("password, session", 10, MINUTES_5, QUARTER)
CODE_LIMITS = (
    RateLimit("code, minutes", 5, MINUTES_5, QUARTER),
    RateLimit("code, hour", 20, HOUR, HOUR),
    RateLimit("code, day", 50, DAY),
)
CONFIRM_EMAIL = RateLimit("letter to confirm", 3, HOURS_6, HOURS_6)
RESEND_EMAIL = RateLimit("letter to remind", 3, HOURS_6, HOURS_6)
"""Counted apart, so the limit on registrations does not reveal a resent link."""
CHANGE_EMAIL = RateLimit("letter to change", 3, HOURS_6, HOURS_6)
STAFF_EMAIL = RateLimit("letter by staff", 3, HOURS_6, HOURS_6)
RESET_EMAIL = RateLimit("letter to reset", 5, DAY)
RESET_DEVICE = RateLimit("letter to reset, device", 5, DAY)
EMAILS_NETWORK = RateLimit(
    "letters, network",
    300,
    HOUR,
    HOUR,
    _(
        "Somebody has asked for very many e-mails from the network you are in, perhaps not "
        "you: providers share addresses. From %(time)s, Almaty time, e-mails are sent "
        "again; from another network, such as that of your phone, at once."
    ),
)
"""Against a flood only: what protects a recipient are the limits by address.

All e-mails that forms send to an address that was typed count as one flood, but those of
rights.
"""
EVERYBODY = "everybody"
