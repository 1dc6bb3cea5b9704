"""How long the access log is kept (3.3, 5.1)."""

from dataclasses import dataclass
from datetime import date

from neupusti.access import calendar
from neupusti.core import clock


@dataclass(frozen=True, slots=True)
class RetentionCutoffs:
    """Days after which addresses are masked, and days after which rows are destroyed."""

    ip_days: int
    days: int

    @property
    def masked_before(self) -> date:
        """The first day whose addresses are still kept."""
        return calendar.after(clock.today(), -self.ip_days)

    @property
    def destroyed_before(self) -> date:
        """The first day whose rows are still kept."""
        return calendar.after(clock.today(), -self.days)
