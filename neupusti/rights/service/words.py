"""What people read of requests: kinds, channels, steps, outcomes and states."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_pgettext
from flask_babel import lazy_gettext as _

from neupusti.core.blocking.models import Result
from neupusti.rights.models import (
    Channel,
    Decision,
    ExportState,
    Outcome,
    RequestKind,
    Step,
)

KINDS: Mapping[str, LazyString] = {
    RequestKind.ACCESS: _("See and download the data"),
    RequestKind.CORRECT: _("Correct the data"),
    RequestKind.BLOCK: _("Block the data"),
    RequestKind.DESTROY: _("Destroy the data"),
}
CHANNELS: Mapping[str, LazyString] = {
    Channel.SITE: _("on the site"),
    Channel.LETTER: _("by post"),
    Channel.PAPER: _("on paper, in person"),
    Channel.PHONE: _("by telephone"),
}
FIELDS: Mapping[str, LazyString] = {
    "family_name": _("family name"),
    "given_name": lazy_pgettext("of the buyer", "given name"),
    "patronymic": _("patronymic"),
    "phone": _("phone"),
}
STEPS: Mapping[str, LazyString] = {
    Step.RECEIVED: _("Received"),
    Step.TAKEN: _("A member of staff is at it"),
    Step.READY: _("The archive is ready"),
    Step.FAILED: _("The archive could not be made; staff answer"),
    Step.TOLD: _("A recipient was told of the right value, or of the destruction"),
    Step.ANSWERED: _("Answered"),
}
OUTCOME_LABELS: Mapping[str, LazyString] = {
    Outcome.GIVEN: _("the data were given"),
    Outcome.CORRECTED: _("the value was corrected"),
    Outcome.PARTLY: _("a part was corrected"),
    Outcome.NOTHING: _("there is nothing of the kind"),
    Outcome.UNFOUNDED: _("what is kept is right"),
    Outcome.IDENTITY: _("refused: it could not be told whose request it is"),
    Outcome.LAW: _("refused: a law forbids it"),
    Outcome.EXCESSIVE: _("refused: the same was asked many times"),
    Outcome.WITHDRAWN: _("the request was taken back"),
    Outcome.DESTROYED: _("the data were destroyed"),
}
BLOCK_RESULTS: Mapping[str, LazyString] = {
    Result.UNFOUNDED: OUTCOME_LABELS[Outcome.UNFOUNDED],
    Result.CORRECTED: OUTCOME_LABELS[Outcome.CORRECTED],
    Result.WITHDRAWN: OUTCOME_LABELS[Outcome.WITHDRAWN],
    Result.DESTROY: OUTCOME_LABELS[Outcome.DESTROYED],
}
DECISIONS: Mapping[str, LazyString] = {
    Decision.RIGHT: _("corrected as you asked"),
    Decision.PARTLY: _("corrected, but to another value than you wrote"),
    Decision.WRONG: _("left as it was"),
}
STATES: Mapping[str, LazyString] = {
    ExportState.WAITING: _("waits its turn"),
    ExportState.RUNNING: _("is being made"),
    ExportState.READY: _("ready"),
    ExportState.INCOMPLETE: _("ready, but something is missing"),
    ExportState.FAILED: _("could not be made"),
    ExportState.EXPIRED: _("destroyed at the end of its term"),
}
