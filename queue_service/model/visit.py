"""A visit (Vorsprache): somebody who has arrived, waits, is called and served."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from queue_service.model.booking import Part
from queue_service.model.ids import BookingId, CounterKey, VisitId


class VisitState(StrEnum):
    """Where a visit stands."""

    WAITING = "waiting"
    CALLED = "called"
    FINISHED = "finished"
    MISSED = "missed"


class NeedClass(StrEnum):
    """Classes of the line, the most pressing first."""

    EMERGENCY = "emergency"
    BOOKING = "booking"
    WALK_IN = "walk_in"


class Visit(msgspec.Struct, frozen=True):
    """One person or family in the house under one number."""

    id: VisitId
    number: str
    state: VisitState
    need: NeedClass
    parts: tuple[Part, ...]
    language: str
    arrived: datetime
    due: datetime
    """From when waiting counts: the appointment for bookings, else the arrival."""
    seq: int = 0
    """Set by the turn: number of the entry that wrote this row."""
    booking: BookingId | None = None
    counter: CounterKey | None = None
    called_at: datetime | None = None
    calls: int = 0
    """How often called in a row without coming."""
    ended_at: datetime | None = None
    ticket_hash: bytes = b""
    """SHA-256 of the ticket's code; the code itself is derived, never stored."""
    flags: tuple[str, ...] = ()
    """Of its booking: what the answers mean for the papers."""


class TicketSeries(msgspec.Struct, frozen=True):
    """Numbers of one office and day, given out by row under the office's lock."""

    day: date
    letter: str
    start: int
    issued: int = 0
