"""A booking from hold to its end, and the person behind it; the only places with contact data."""

from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from queue_service.model.ids import BookingId, LimitId, ServiceCode, Tick


class BookingState(StrEnum):
    """Life of a booking; held, offered, booked, arrived and resting ones occupy their cells."""

    HELD = "held"
    OFFERED = "offered"
    PENDING = "pending"
    """Confirmed by mailed link only; still a hold with an end."""
    BOOKED = "booked"
    ARRIVED = "arrived"
    RESTING = "resting"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    NO_SHOW = "no_show"
    SERVED = "served"


OCCUPYING = frozenset(
    {
        BookingState.HELD,
        BookingState.OFFERED,
        BookingState.PENDING,
        BookingState.BOOKED,
        BookingState.ARRIVED,
        BookingState.RESTING,
        BookingState.NO_SHOW,
        BookingState.SERVED,
    }
)
"""States that take a place in every cell; a served or missed booking keeps the past it used."""

EXPIRING = frozenset({BookingState.HELD, BookingState.OFFERED, BookingState.PENDING})
DUE = EXPIRING | {BookingState.RESTING}
"""States that end by themselves, at `until`; then their cells are given back."""
LIVE = frozenset({BookingState.PENDING, BookingState.BOOKED})
"""States that count for one live booking per person and group."""


class Part(msgspec.Struct, frozen=True, array_like=True):
    """One service of a visit for so many persons."""

    service: ServiceCode
    persons: int


def groups_of(group: str) -> tuple[str, ...]:
    """The groups that a booking's or wish's `group` names, divided by spaces."""
    return tuple(group.split())


def share_group(one: str, other: str) -> bool:
    """Whether two bookings or wishes of a person stand in each other's way."""
    return not set(groups_of(one)).isdisjoint(groups_of(other))


class Booking(msgspec.Struct, frozen=True):
    """A claim on cells with a state; `seq` is the journal entry that wrote it last."""

    id: BookingId
    state: BookingState
    start: datetime
    end: datetime
    parts: tuple[Part, ...]
    limits: tuple[LimitId, ...]
    """Limits counted by overlap: one place in every tick from start to end."""
    language: str
    once: tuple[tuple[LimitId, Tick], ...] = ()
    """Cells of limits counted once a visit: a quota of the half day or the day."""
    seq: int = 0
    """Set by the turn: number of the entry that wrote this row."""
    generation: int = 0
    """Secrets are HMAC(key, booking, generation): raising it makes old links void."""
    code: str | None = None
    group: str = ""
    """The groups of its services (`groups_of`): in each one live booking a person."""
    person_key: bytes | None = None
    until: datetime | None = None
    """When an expiring state ends."""
    held_at: datetime | None = None
    extensions: int = 0
    overbooked: bool = False
    rest_of: BookingId | None = None
    """Of a resting place: who gave it up, and so may take it again; None for a place kept back."""
    email_key: bytes | None = None
    """Keyed hash of the e-mail: one address has only so many live bookings."""
    moved_from: datetime | None = None
    """Start before the last move, for the applicant who had not noticed it."""
    buffer: int = 0
    """Minutes at the end that count in the cells but are no part of the visit."""
    flags: tuple[str, ...] = ()
    """What its answers mean for the papers: keys of the service's flags, nothing else is kept."""
    cards: tuple[bytes, ...] = ()
    """Keyed numbers of the cards it is for, also once somebody else has one; `Card.booking` says
    whose a card is."""

    @property
    def leaves(self) -> datetime:
        """When the visit itself is over."""
        return self.end - timedelta(minutes=self.buffer) if self.buffer else self.end


class Person(msgspec.Struct, frozen=True):
    """Contact data of one booking, alone in its table and deletable."""

    booking: BookingId
    name: str
    email: str = ""
    phone: str = ""
    birth_date: date | None = None
