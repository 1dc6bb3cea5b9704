"""The labels of terms, and of what is known of each."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.core.deadlines.terms import Act, Certainty, Start

TERMS: dict[str, LazyString] = {
    "RIGHTS_ANSWER": _("An answer to a request about your own Data"),
    "RIGHTS_FIX": _("Correction, blocking, unblocking and destruction on documents"),
    "RIGHTS_ERASE": _("Destruction after a consent was withdrawn"),
    "INCIDENT_BODY": _("A message to the authorised body about a leak"),
    "CLAIM_CONSUMER": _("An answer to a consumer’s claim"),
    "CLAIM_OTHER": _("An answer to any other claim"),
    "RETURN": _("Return or exchange of goods by the buyer"),
    "OPTIN": _("Confirmation of a subscription"),
    "ACCOUNTING": _("Keeping of accounting papers, not less than"),
}
STARTS = {
    Start.RECEIPT: _("the receipt"),
    Start.DISCOVERY: _("the discovery"),
    Start.DELIVERY: _("the delivery"),
    Start.SIGN_UP: _("the sign-up"),
    Start.NEXT_TAX_PERIOD: _("the next tax period"),
}
ACTS = {
    Act.PERSONAL_DATA: _("Law No. 94-V on personal data and their protection"),
    Act.CONSUMERS: _("Law No. 274-IV on the protection of consumer rights"),
    Act.INCIDENTS: _("Law No. 44-VIII"),
    Act.DIGITAL_CODE: _("Digital Code"),
    Act.TAX_CODE: _("Tax Code"),
}
CERTAINTIES = {
    Certainty.READ: _("read in the text of the law"),
    Certainty.PRESS: _("known from the press"),
    Certainty.PROMISE: _("promised by the policy"),
    Certainty.OPEN: _("to be confirmed"),
}
