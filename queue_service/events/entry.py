"""A journal entry and its hash chain; what facts have in common.

A fact carries the public state *after* the change of every subject it touched and what is left in
every touched cell, so views replace and never re-derive. Ids, intervals, numbers, counters,
classes and reason codes only: no contact datum, no code or key, no free text.
"""

import hashlib
from datetime import UTC, datetime

import msgspec

from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.desk import Desk, DeskState
from queue_service.model.ids import (
    SYSTEM,
    ActorId,
    BookingId,
    CounterKey,
    LimitId,
    OfficeId,
    Tick,
    VisitId,
)
from queue_service.model.triage import Need
from queue_service.model.visit import Aid, Hand, NeedClass, Stop, Visit, VisitState


class CellsNow(msgspec.Struct, frozen=True, array_like=True):
    """What is left in a run of cells of one limit, one number a period from `first` on."""

    limit: LimitId
    first: Tick
    step: int
    """Ticks from one cell of the run to the next."""
    left: tuple[int, ...]


class BookingNow(msgspec.Struct, frozen=True, omit_defaults=True):
    """Public state of a booking after the entry."""

    id: BookingId
    state: BookingState
    start: datetime
    end: datetime
    parts: tuple[Part, ...]
    limits: tuple[LimitId, ...]
    language: str
    before: int = 0
    """Number of the entry that wrote it before; 0 = none."""
    generation: int = 0
    until: datetime | None = None
    flags: tuple[str, ...] = ()

    @classmethod
    def of(cls, after: Booking, before: int) -> "BookingNow":
        """The public part of `after`, written last by entry `before`."""
        return cls(
            after.id,
            after.state,
            after.start,
            after.end,
            after.parts,
            after.limits,
            after.language,
            before,
            after.generation,
            after.until,
            after.flags,
        )


class VisitNow(msgspec.Struct, frozen=True, omit_defaults=True):
    """Public state of a visit after the entry."""

    id: VisitId
    number: str
    state: VisitState
    need: NeedClass
    parts: tuple[Part, ...]
    language: str
    arrived: datetime
    due: datetime
    before: int = 0
    booking: BookingId | None = None
    counter: CounterKey | None = None
    called_at: datetime | None = None
    calls: int = 0
    ended_at: datetime | None = None
    flags: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()
    only: CounterKey | None = None
    hand: Hand | None = None
    aids: tuple[Aid, ...] = ()
    away_until: datetime | None = None
    served_at: datetime | None = None
    parked: str = ""
    urgency: Need | None = None

    @classmethod
    def of(cls, after: Visit, before: int) -> "VisitNow":
        """The public part of `after`, written last by entry `before`."""
        return cls(
            after.id,
            after.number,
            after.state,
            after.need,
            after.parts,
            after.language,
            after.arrived,
            after.due,
            before,
            after.booking,
            after.counter,
            after.called_at,
            after.calls,
            after.ended_at,
            after.flags,
            after.stops,
            after.only,
            after.hand,
            after.aids,
            after.away_until,
            after.served_at,
            after.parked,
            after.urgency,
        )


class DeskNow(msgspec.Struct, frozen=True, omit_defaults=True):
    """State of a counter after the entry."""

    counter: CounterKey
    state: DeskState
    since: datetime | None = None
    by: ActorId = SYSTEM
    before: int = 0

    @classmethod
    def of(cls, after: Desk, before: int) -> "DeskNow":
        """`after`, written last by entry `before`."""
        return cls(after.counter, after.state, after.since, after.by, before)


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="tag"):
    """What every chapter's facts share; released facts only gain defaulted fields."""

    bookings: tuple[BookingNow, ...] = ()
    visits: tuple[VisitNow, ...] = ()
    cells: tuple[CellsNow, ...] = ()
    desks: tuple[DeskNow, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal as stored; `body` is the fact's JSON, hashed as stored."""

    office: OfficeId
    seq: int
    recorded: datetime
    happened: datetime
    by: ActorId
    undoes: int | None
    tag: str
    body: str | None
    """None once struck by law; `digest` still lets the chain verify."""
    digest: bytes
    """SHA-256(salt ‖ body)."""
    salt: bytes | None
    link: bytes


def digest(salt: bytes, body: str) -> bytes:
    """SHA-256(salt ‖ body): the salt keeps a struck body from being guessed."""
    return hashlib.sha256(salt + body.encode()).digest()


def link(previous: bytes, entry: Entry) -> bytes:
    """The chain's next link over the previous link, all header fields and the body's digest."""
    # As UTC: that is how the store gives them back, whatever zone they came in.
    recorded = entry.recorded.astimezone(UTC).isoformat()
    same = entry.happened is entry.recorded
    header = "|".join(
        (
            str(entry.office),
            str(entry.seq),
            recorded,
            recorded if same else entry.happened.astimezone(UTC).isoformat(),
            str(entry.by),
            "" if entry.undoes is None else str(entry.undoes),
            entry.tag,
        )
    )
    return hashlib.sha256(previous + header.encode() + entry.digest).digest()


def broken_at(previous: bytes, entries: list[Entry]) -> int | None:
    """Number of the first entry whose link or body does not verify; None when all do."""
    for entry in entries:
        if entry.body is not None and digest(entry.salt or b"", entry.body) != entry.digest:
            return entry.seq
        if link(previous, entry) != entry.link:
            return entry.seq
        previous = entry.link
    return None
