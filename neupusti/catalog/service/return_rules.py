"""What the law says about returning goods that have no fault.

Consumer law of 4 May 2010 № 274-IV, article 30: 14 calendar days, and the exceptions.
"""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.catalog.models import ReturnRule

DAYS = 14
"""From the delivery: article 14 counts from there, and it is the later day."""
EXCEPTIONS = {
    ReturnRule.UNDERWEAR: _("underwear"),
    ReturnRule.HOSIERY: _("socks, stockings and tights"),
    ReturnRule.CUT: _("goods cut to measure, such as fabric and cable"),
    ReturnRule.PLANT: _("plants, seeds and bulbs"),
    ReturnRule.MEDICINE: _("medicines and medical devices"),
    ReturnRule.PHONE: _("mobile phones"),
    ReturnRule.HYGIENE: _("things of personal hygiene"),
    ReturnRule.COSMETICS: _("cosmetics and perfume"),
    ReturnRule.FOOD: _("food"),
}


def words(rule: ReturnRule) -> LazyString:
    """Return what `rule` means to the buyer, with its reason."""
    if rule is ReturnRule.LAW:
        return _(
            "You can exchange or return it within 14 days of delivery if it is unused "
            "(Consumer law, article 30). A lost receipt does not matter."
        )
    return _(
        "If it has no fault, it cannot be exchanged or returned. That is an exception of "
        "article 30 of the Consumer law: %(goods)s. A faulty one can always be returned.",
        goods=EXCEPTIONS[rule],
    )
