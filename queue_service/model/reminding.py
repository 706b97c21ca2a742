"""When people are reminded of their appointment, and in which words."""

from datetime import timedelta
from enum import StrEnum

import msgspec

from queue_service.model.ids import BookingId


class ReminderText(StrEnum):
    """Ways to say it; which of them brings most people is measured, not assumed."""

    PLAIN = "plain"
    """That there is an appointment, and how to cancel it."""
    OTHERS = "others"
    """That somebody else may need the place."""
    MINUTES = "minutes"
    """How long is kept free."""


class Reminders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reminders of an office; defaults are those of the domain handbook, section 7."""

    minutes_before: tuple[int, ...] = (5 * 24 * 60, 24 * 60, 2 * 60)
    """Before the start, the earliest first; at most three, none at all where it is empty."""
    texts: tuple[ReminderText, ...] = tuple(ReminderText)
    """Tried side by side; one alone where its measured effect has decided."""

    @property
    def before(self) -> tuple[timedelta, ...]:
        """As `minutes_before`."""
        return tuple(timedelta(minutes=minutes) for minutes in self.minutes_before)

    def text_for(self, booking: BookingId) -> ReminderText:
        """The text that all reminders of a booking have: by chance, since its number is random."""
        return self.texts[booking.int % len(self.texts)]
