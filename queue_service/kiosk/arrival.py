"""May this booking check in now, and from when does its waiting count?

Early people are told when to come, people up to ten minutes late keep their turn, later ones wait
as walk-ins; the office decides all three.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from queue_service.model.booking import Booking, BookingState
from queue_service.model.office import BookingRules
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass


class Admission(msgspec.Struct, frozen=True):
    """How somebody enters the line."""

    need: NeedClass
    due: datetime
    instruction: str
    """Code of the sentence that follows the greeting: wait · wait_early · late_walk_in."""


def admit(
    booking: Booking, now: datetime, *, rules: BookingRules, emergency: bool
) -> Admission | Refusal:
    """Admit a booking at `now`, which is in the office's zone."""
    if booking.state is BookingState.CANCELLED:
        return Refusal(Code.CANCELLED)
    if booking.state is BookingState.NO_SHOW:
        return Refusal(Code.TOO_LATE)
    if booking.state not in (BookingState.BOOKED, BookingState.PENDING):
        return Refusal(Code.UNKNOWN_CODE)
    local = booking.start.astimezone(now.tzinfo)
    if local.date() != now.date():
        return Refusal(Code.OTHER_DAY, {"start": local.isoformat()})
    # Counted and compared as instants: twice a year the wall runs unevenly.
    start = local.astimezone(UTC)
    opens = start - timedelta(minutes=rules.early_minutes)
    if now < opens:
        from_then = opens.astimezone(now.tzinfo).isoformat()
        return Refusal(Code.TOO_EARLY, {"start": local.isoformat(), "check_in_from": from_then})
    if emergency:
        return Admission(NeedClass.EMERGENCY, max(start, now), "wait")
    if now > start + timedelta(minutes=rules.late_minutes):
        return Admission(NeedClass.WALK_IN, now, "late_walk_in")
    if now < start:
        return Admission(NeedClass.BOOKING, start, "wait_early")
    return Admission(NeedClass.BOOKING, start, "wait")
