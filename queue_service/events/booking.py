"""What can happen to bookings."""

from enum import StrEnum

from queue_service.events.entry import Fact
from queue_service.model.booking import BookingState


class Held(Fact, frozen=True, tag="held"):
    """Places are free for one person until `until`."""

    receipt: str = ""
    """First 8 bytes of the idempotency receipt, hex: memory never refuses a known key."""


class Extended(Fact, frozen=True, tag="extended"):
    """A hold lasts longer."""


class Booked(Fact, frozen=True, tag="booked"):
    """A hold became binding, or waits for the mailed link (state pending)."""


class BookedByStaff(Fact, frozen=True, tag="booked_by_staff"):
    """Staff booked directly; `reason` is set where capacity was exceeded."""

    reason: str = ""


class Why(StrEnum):
    """Why the office itself moved or cancelled appointments; letters say it in words."""

    STAFF_MISSING = "staff_missing"
    CLOSED = "closed"
    TECHNICAL = "technical"
    TITLE_EXTENDED = "title_extended"
    """The law extended the titles of a whole group: nobody of it needs an appointment."""


class Moved(Fact, frozen=True, tag="moved"):
    """Bookings took other cells and gave their own back, in one claim."""

    why: Why | None = None
    """Set where the office moved them."""


class CancelReason(StrEnum):
    """Why a booking ended before the visit."""

    APPLICANT = "applicant"
    OFFICE = "office"
    RELEASED = "released"
    """A hold given back before its end."""


class Cancelled(Fact, frozen=True, tag="cancelled"):
    """A booking or hold ended; its cells are free again."""

    reason: CancelReason = CancelReason.APPLICANT
    why: Why | None = None
    """Set where the office cancelled for a whole group."""


class RestoreReason(StrEnum):
    """Why staff book again what had ended."""

    OFFICE_ERROR = "office_error"
    CANCELLED_BY_MISTAKE = "cancelled_by_mistake"
    CAME_LATE = "came_late"
    ILLNESS = "illness"
    HARDSHIP = "hardship"


class ExceedReason(StrEnum):
    """Why staff give more places than there are."""

    HARDSHIP = "hardship"
    TRAVEL = "travel"
    COURT_DATE = "court_date"
    TITLE_EXPIRES = "title_expires"
    OFFICE_ERROR = "office_error"
    CROWD = "crowd"


class SwapReason(StrEnum):
    """Why staff let two people trade their times."""

    AGREED = "agreed"
    """Both asked for it."""
    ILLNESS = "illness"
    TRAVEL = "travel"
    OFFICE_ERROR = "office_error"


class Swapped(Fact, frozen=True, tag="swapped"):
    """Two bookings traded their times in one claim; neither was ever without a place."""

    reason: SwapReason = SwapReason.AGREED


class Restored(Fact, frozen=True, tag="restored"):
    """Staff booked again what had ended; `was` is the state before."""

    was: BookingState = BookingState.CANCELLED
    reason: RestoreReason = RestoreReason.OFFICE_ERROR


class NoShow(Fact, frozen=True, tag="no_show"):
    """Staff marked that nobody came to a booking."""


class Lapsed(Fact, frozen=True, tag="lapsed"):
    """Holds whose time was over gave their cells back."""

    safe: int = 0
    """Residence cards that went into the safe, as the third offer for them ran out."""


class NotComing(Fact, frozen=True, tag="not_coming"):
    """A day is over: bookings to which nobody came, visits nobody ended."""
