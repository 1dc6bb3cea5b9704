"""Rate limits, with the numbers of PyPI: strict by account, lenient by network.

Behind a provider's shared address hundreds of people look like one.
"""

from datetime import timedelta

from neupusti.core.security.throttle import RateLimit

MINUTES_5 = timedelta(minutes=5)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

SIGN_IN_ACCOUNT = RateLimit("sign in, account", 10, MINUTES_5)
SIGN_IN_NETWORK = RateLimit("sign in, network", 10, MINUTES_5)
SIGN_IN_ALL = RateLimit("sign in, everybody", 1000, MINUTES_5)
CODE_LIMITS = (
    RateLimit("code, minutes", 5, MINUTES_5),
    RateLimit("code, hour", 20, HOUR),
    RateLimit("code, day", 50, DAY),
)
CONFIRM_EMAIL = RateLimit("letter to confirm", 3, timedelta(hours=6))
RESEND_EMAIL = RateLimit("letter to remind", 3, timedelta(hours=6))
"""Counted apart, so the limit on registrations does not reveal a resent link."""
RESET_EMAIL = RateLimit("letter to reset", 5, DAY)
EMAILS_NETWORK = RateLimit("letters, network", 20, HOUR)
EVERYBODY = "everybody"
