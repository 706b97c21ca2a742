"""Words of the staff's pages about appointments: states and reason codes."""

from queue_service.events.booking import ExceedReason, RestoreReason, SwapReason
from queue_service.language import Catalogue, mark
from queue_service.model.booking import BookingState

STATES = {
    BookingState.HELD: mark("being booked"),
    BookingState.OFFERED: mark("offered"),
    BookingState.PENDING: mark("waits for the confirmation by e-mail"),
    BookingState.BOOKED: mark("booked"),
    BookingState.ARRIVED: mark("has arrived"),
    BookingState.RESTING: mark("given back"),
    BookingState.CANCELLED: mark("cancelled"),
    BookingState.LAPSED: mark("not confirmed in time"),
    BookingState.NO_SHOW: mark("did not come"),
    BookingState.SERVED: mark("served"),
}
_RESTORE = {
    RestoreReason.OFFICE_ERROR: mark("Mistake of the office"),
    RestoreReason.CANCELLED_BY_MISTAKE: mark("Cancelled by mistake"),
    RestoreReason.CAME_LATE: mark("Came late, is served all the same"),
    RestoreReason.ILLNESS: mark("Illness"),
    RestoreReason.HARDSHIP: mark("Hardship"),
}
_SWAP = {
    SwapReason.AGREED: mark("Both asked for it"),
    SwapReason.ILLNESS: mark("Illness"),
    SwapReason.TRAVEL: mark("Travel that cannot be put off"),
    SwapReason.OFFICE_ERROR: mark("Mistake of the office"),
}
_EXCEED = {
    ExceedReason.HARDSHIP: mark("Hardship"),
    ExceedReason.TRAVEL: mark("Travel that cannot be put off"),
    ExceedReason.COURT_DATE: mark("Date at court or another authority"),
    ExceedReason.TITLE_EXPIRES: mark("Residence title expires"),
    ExceedReason.OFFICE_ERROR: mark("Mistake of the office"),
    ExceedReason.CROWD: mark("Crowd at the counter"),
}

Choices = list[tuple[str, str]]
"""Value and label, in order."""


def restore_reasons(t: Catalogue) -> Choices:
    """Why something is booked again."""
    return [(reason.value, t(label)) for reason, label in _RESTORE.items()]


def swap_reasons(t: Catalogue) -> Choices:
    """Why two people trade their times."""
    return [(reason.value, t(label)) for reason, label in _SWAP.items()]


def exceed_reasons(t: Catalogue) -> Choices:
    """Why more places are given than there are."""
    return [(reason.value, t(label)) for reason, label in _EXCEED.items()]
