"""Relief of a full hall: help that was called and tickets that are stopped, each with an end.

What surge rules (or a manager) lay as layers of the subject ``relief``; they add up.
"""

from datetime import datetime
from enum import StrEnum

import msgspec


class Help(StrEnum):
    """Who is called."""

    COUNTERS = "counters"
    """Counters that are not open now, to be opened."""
    GUIDES = "guides"


class CalledIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many are wanted in the hall from `since` until `until`."""

    what: Help
    many: int
    since: datetime
    until: datetime


class TicketStop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nobody draws a number without appointment; emergencies and appointments always do."""

    since: datetime
    until: datetime


class Relief(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that relieves the hall now or soon."""

    called: tuple[CalledIn, ...] = ()
    stops: tuple[TicketStop, ...] = ()

    def many(self, what: Help, at: datetime) -> int:
        """How many are wanted at `at`, or called for later."""
        return sum(each.many for each in self.called if each.what is what and at < each.until)

    def stopped_until(self, at: datetime) -> datetime | None:
        """Until when no number is drawn without appointment; None when numbers are drawn."""
        ends = [stop.until for stop in self.stops if stop.since <= at < stop.until]
        return max(ends, default=None)
