"""The waiting list (Warteliste): wishes for a place, offers of one, and the published rules.

A wish holds no contact datum: those stand in a table of their own, like those of bookings. An
offer is a booking in state offered; whether it is still open is that booking's state alone.
"""

from datetime import date, datetime, time
from enum import StrEnum

import msgspec

from queue_service.model.booking import Booking, Part, Person
from queue_service.model.ids import BookingId, Tick, WishId


class WishState(StrEnum):
    """Life of a wish; only open ones are on the list."""

    OPEN = "open"
    PLACED = "placed"
    """An offer was accepted, or the person found a place otherwise."""
    LEFT = "left"
    OVER = "over"
    """Its days are gone, its later appointment is, or its offers stayed without an answer."""


class WishClass(StrEnum):
    """First by class, in this order, then by the time of joining: the published order."""

    WITHOUT = "without"
    """People who have no appointment."""
    EARLIER = "earlier"
    """People who have one and would like to come sooner; theirs goes to the next."""


class Reach(StrEnum):
    """How somebody hears of an offer."""

    EMAIL = "email"
    PAGE = "page"
    """They look at the page of their wish."""


class Passed(StrEnum):
    """Why somebody with a better rank was not offered a place."""

    HAS_OFFER = "has_offer"
    NOT_WANTED = "not_wanted"
    TOO_SOON = "too_soon"
    """Not enough notice for what they come for."""
    ASKED_BEFORE = "asked_before"
    NOT_EARLIER = "not_earlier"
    NO_ROOM = "no_room"
    """What they want does not fit there: it is longer, or takes from a limit that is full."""


class Acceptable(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Days and local times of day that suit; no weekdays means any, 0 = Monday."""

    first: date
    last: date
    weekdays: tuple[int, ...] = ()
    opens: time = time()
    """The earliest start."""
    closes: time = time.max
    """The latest start."""

    def holds(self, start: datetime) -> bool:
        """Whether a start, in the office's zone, suits."""
        return self.on(start.date()) and self.opens <= start.time() <= self.closes

    def on(self, day: date) -> bool:
        """Whether the day suits at all."""
        return self.first <= day <= self.last and (
            not self.weekdays or day.weekday() in self.weekdays
        )


class Wish(msgspec.Struct, frozen=True):
    """A place wanted; `seq` is the journal entry that wrote it last."""

    id: WishId
    state: WishState
    order: WishClass
    parts: tuple[Part, ...]
    windows: tuple[Acceptable, ...]
    until: datetime
    """Reachable until then; nothing is offered afterwards."""
    reach: Reach
    language: str
    group: str
    person_key: bytes
    code: str
    number: int = 0
    """Number of the entry by which it joined: who is before whom. Set by the turn."""
    seq: int = 0
    generation: int = 0
    booking: BookingId | None = None
    """The later appointment that it would bring forward."""
    kin: WishId | None = None
    """The same person's first open wish, so that the journal shows one offer a person."""
    offered: BookingId | None = None
    """Its latest offer."""
    asked: tuple[Tick, ...] = ()
    """Starts that were offered to it: none is offered twice."""
    cards: tuple[bytes, ...] = ()
    """Residence cards that the booking will be bound to, as keyed hashes."""
    here: datetime | None = None
    """In the house until then, as a guide or the kiosk said: no notice, accepted at once."""


class WishPerson(msgspec.Struct, frozen=True):
    """Contact data of one wish, alone in its table and deletable."""

    wish: WishId
    name: str
    email: str = ""
    phone: str = ""
    birth_date: date | None = None

    def of(self, booking: BookingId) -> Person:
        """The same person, behind the appointment that the wish became."""
        return Person(booking, self.name, self.email, self.phone, self.birth_date)


class Offer(msgspec.Struct, frozen=True):
    """To whom a booking in state offered was offered, and how they answered."""

    booking: BookingId
    wish: WishId
    rank: int
    made: datetime
    until: datetime
    answer: str = ""
    """accepted · declined · empty: none yet, or none in time."""


class Waiting(msgspec.Struct, frozen=True):
    """An open wish with what decides about it."""

    wish: Wish
    outstanding: bool = False
    """Whether the person has an offer to answer."""
    lapsed: int = 0
    """Offers that it let lapse."""
    live: Booking | None = None
    """The appointment that the person has in this group."""


class Fill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Until how long before the start places of a service are still offered."""

    service: str
    minutes: int


class WaitingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The waiting list of an office; defaults are those of the domain handbook, R8."""

    open: bool = False
    """Whether people may join; offers to those on it go on."""
    share_percent: int = 20
    """Of the time to the appointment, as long an offer may be answered: within the two below."""
    least_minutes: int = 5
    most_minutes: int = 24 * 60
    fill_minutes: int = 60
    fill: tuple[Fill, ...] = ()
    """For services that need less or more notice."""
    lapses_most: int = 2
    """So many offers without an answer end a wish: the dead would hold up the living."""
