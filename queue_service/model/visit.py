"""A visit (Vorsprache): somebody who has arrived, waits, is called and served.

A visit is a journey of stops: each service (leg) has its steps, each step its own counters or
stations. One number leads through all of them.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from queue_service.model.booking import Part
from queue_service.model.ids import ActorId, BookingId, CounterKey, ServiceCode, VisitId
from queue_service.model.triage import Need


class VisitState(StrEnum):
    """Where a visit stands."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    """They have come to the counter; the board lets the number go."""
    PARKED = "parked"
    """Sent to fetch something; comes back to where they stood."""
    FINISHED = "finished"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"
    """The number was given by mistake and taken back at once: as if nobody had come."""


OPEN = frozenset({VisitState.WAITING, VisitState.CALLED, VisitState.SERVING, VisitState.PARKED})
"""In the house."""
AT_COUNTER = frozenset({VisitState.CALLED, VisitState.SERVING})
"""A counter is theirs."""


class Step(StrEnum):
    """What is done at one stop; a counter names the steps it serves."""

    COUNTER = "counter"
    FINGERPRINTS = "fingerprints"
    PHOTO = "photo"
    FEE = "fee"
    PAPERS = "papers"
    CASE_WORKER = "case_worker"


class Stop(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of one service of a visit."""

    service: ServiceCode
    step: Step = Step.COUNTER
    done: bool = False


class Aid(StrEnum):
    """What somebody needs; a flag without a reason."""

    VULNERABLE = "vulnerable"
    INTERPRETER = "interpreter"
    WHEELCHAIR = "wheelchair"
    HEARING = "hearing"
    SIGHT = "sight"


ANYBODY = ActorId(0)
"""Handed to whichever case worker is free."""


class Hand(msgspec.Struct, frozen=True, omit_defaults=True):
    """An emergency handed over to a case worker, who accepts or passes; waits since `at`."""

    at: datetime
    to: ActorId = ANYBODY
    passed: tuple[ActorId, ...] = ()
    """Who could not take it."""
    unattended: bool = False
    """No case worker was at a counter who could accept: any that can calls at once."""


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
    stops: tuple[Stop, ...] = ()
    """In order; empty: one counter serves everything (`floor.steps.open_stops`)."""
    only: CounterKey | None = None
    """Only this counter calls: handed over to it, or back to where somebody was parked."""
    hand: Hand | None = None
    aids: tuple[Aid, ...] = ()
    away_until: datetime | None = None
    """Said "ten minutes late": is not called before, and keeps their turn."""
    served_at: datetime | None = None
    parked: str = ""
    """Code of why somebody is parked: papers, photo, payment, other."""
    urgency: Need | None = None
    """Of an emergency: its need class, as triage or staff found it; None while nobody said."""


class TicketSeries(msgspec.Struct, frozen=True):
    """Numbers of one office and day, given out by row under the office's lock."""

    day: date
    letter: str
    start: int
    issued: int = 0


class TicketBlock(msgspec.Struct, frozen=True):
    """Numbers of one day kept for one kiosk, so that it gives tickets without network."""

    id: UUID
    day: date
    device: int
    first: int
    """Place in the day's series."""
    many: int
