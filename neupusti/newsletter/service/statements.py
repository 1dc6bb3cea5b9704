"""The consents of the newsletter: news (4.1.9), and advertising by itself (4.1.10)."""

from flask_babel import lazy_gettext as _

from neupusti.core.data.classification import Purpose
from neupusti.core.forms.consent import Statement
from neupusti.policy.service.citing import cited

WITHDRAWAL = _("with one press, by the link in every e-mail of it")
NEWS = Statement(
    opening=_("I agree that my e-mail is used to send me the news I chose."),
    purpose=Purpose.NEWS,
    purposes=(cited(_("to send me the newsletter"), Purpose.NEWS),),
    data=(_("e-mail"), _("language and topics of the newsletter")),
    term=_("until I withdraw it"),
    how_to_withdraw=WITHDRAWAL,
)
ADVERTISING = Statement(
    opening=_("I also agree to get advertising of this shop by e-mail."),
    purpose=Purpose.ADVERTISING,
    purposes=(cited(_("to send me advertising, marked as such"), Purpose.ADVERTISING),),
    data=(_("e-mail"), _("language and topics of the newsletter")),
    term=_("until I withdraw it"),
    how_to_withdraw=WITHDRAWAL,
)
