"""A residence card (eAT) on its way from the order to its owner, known by a keyed hash alone."""

from datetime import date
from enum import StrEnum

import msgspec

from queue_service.model.booking import BookingState
from queue_service.model.ids import BookingId


class CardState(StrEnum):
    """Where a card stands (domain handbook, 4)."""

    ORDERED = "ordered"
    PRODUCED = "produced"
    DELIVERED = "delivered"
    RE_ORDERED = "re_ordered"
    RECORDED = "recorded"
    READY = "ready"
    OFFERED = "offered"
    BOOKED = "booked"
    IN_SAFE = "in_safe"
    HANDED_OUT = "handed_out"
    POSTED = "posted"
    DIRECT_SHIPPED = "direct_shipped"


class Card(msgspec.Struct, frozen=True):
    """One card; `booking` is the last claim on it, valid as long as that booking lives."""

    key: bytes
    state: CardState
    """As the office recorded it; `standing` adds what its booking makes of it."""
    since: date
    lapses: int = 0
    """Offers that ran out."""
    booking: BookingId | None = None
    booking_state: BookingState | None = None
    """Of that booking, as read or decided in this turn; not stored here."""


class Why(StrEnum):
    """Why a row of a list was not taken."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NO_COLUMNS = "no_columns"
    TOO_MANY = "too_many"
    TOO_MANY_DOUBTS = "too_many_doubts"
    TOO_SHORT = "too_short"
    SERIAL = "serial"
    STATE = "state"
    DATE = "date"
    NOT_YET = "not_yet"
    """A day that is still to come."""
    BOOKED = "booked"
    NO_WAY = "no_way"
    NOT_SETTLED = "not_settled"


class Doubt(msgspec.Struct, frozen=True):
    """A row that was not taken, and why; it never repeats the number of a card."""

    line: int
    why: Why
    said: str = ""
    """What stood there, or may stand there."""
