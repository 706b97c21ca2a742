"""What became of appointments that people were reminded of, by the words of the reminder.

Whoever reads two shares side by side has to see what chance alone does to them, so each comes with
the interval that holds the true one in 95 of 100 cases (Wilson 1927, without correction).
"""

import math

import msgspec

from queue_service.model.reminding import ReminderText

_Z = 1.959964
"""Two-sided 95 % of the normal distribution."""


class Share(msgspec.Struct, frozen=True):
    """A share from 0 to 1 with its 95 % interval."""

    share: float
    low: float
    high: float


class Reminded(msgspec.Struct, frozen=True):
    """Appointments whose reminders had one text; what the office cancelled is not among them."""

    text: ReminderText
    came: int
    missed: int
    """Appointments nobody came to."""
    cancelled: int
    """Given back in time by whoever had them."""

    @property
    def reminded(self) -> int:
        """All of them."""
        return self.came + self.missed + self.cancelled

    @property
    def missed_share(self) -> Share | None:
        """Of all; None where there are none."""
        return share(self.missed, self.reminded)

    @property
    def cancelled_share(self) -> Share | None:
        """Of all; None where there are none."""
        return share(self.cancelled, self.reminded)


def share(some: int, of: int) -> Share | None:
    """`some` of `of` with its interval, rounded to four places; None of nothing."""
    if not of:
        return None
    found, spread = some / of, _Z * _Z / of
    middle = (found + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(found * (1 - found) / of + spread / (4 * of)) / (1 + spread)
    return Share(
        round(found, 4), round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)
    )
