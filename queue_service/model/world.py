"""The office as a turn sees it: rows read under the lock plus every accepted wish on top.

A look at what `Needs` did not name raises `NotNamedError`: the decision would rest on something
that was never read. Rehearsal and property tests build worlds from plain values.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec

from queue_service.model.booking import DUE, LIVE, Booking, Person, groups_of
from queue_service.model.card import Card
from queue_service.model.hall import Hall, HallNeeds, HallTold
from queue_service.model.ids import BookingId, LimitId, Tick, VisitId
from queue_service.model.layer import Layer
from queue_service.model.office import OfficeClock
from queue_service.model.visit import OPEN, TicketSeries, Visit
from queue_service.model.waitlist import WaitingList, WaitingNeeds, WaitingTold

CellKey = tuple[LimitId, Tick]
PersonGroup = tuple[bytes, str]


class NotNamedError(LookupError):
    """A decision looked at something its needs did not name."""


class Cell(msgspec.Struct, frozen=True, array_like=True):
    """One limit during one period."""

    capacity: int
    taken: int
    allowed: int = 0
    """Granted by staff and left by an edit, together: `taken` may exceed `capacity` so far."""

    @property
    def left(self) -> int:
        """Places still to be had; 0 when over."""
        return max(0, self.capacity - self.taken)


class Needs(msgspec.Struct, frozen=True):
    """Where a decision may look; cells of named bookings are read along."""

    cells: tuple[CellKey, ...] = ()
    bookings: tuple[BookingId, ...] = ()
    people: tuple[PersonGroup, ...] = ()
    emails: tuple[bytes, ...] = ()
    """Keyed addresses whose live bookings are counted."""
    cards: tuple[bytes, ...] = ()
    """Keyed card numbers."""
    visits: tuple[VisitId, ...] = ()
    visits_of: tuple[BookingId, ...] = ()
    line: bool = False
    """All visits waiting or called."""
    series: tuple[date, ...] = ()
    hall: HallNeeds = HallNeeds()
    waiting: WaitingNeeds = WaitingNeeds()
    layers: bool = False
    """The stamp of the office's layers."""


class Noted(msgspec.Struct, frozen=True):
    """An errand to be noted with the entry that asks for it: a crash cannot part them."""

    id: UUID
    kind: str
    params: str
    cursor: str


class Grant(msgspec.Struct, frozen=True):
    """New capacity of a cell, or an allowance by staff."""

    key: CellKey
    capacity: int
    granted: int = 0


class World:
    """What is true inside the turn, decided wish by wish."""

    __slots__ = (
        "_bookings",
        "_cards",
        "_cells",
        "_emails",
        "_layers",
        "_line",
        "_people",
        "_series",
        "_visits",
        "_visits_of",
        "hall",
        "now",
        "waiting",
    )

    def __init__(
        self,
        now: datetime,
        *,
        cells: dict[CellKey, Cell | None] | None = None,
        bookings: Mapping[BookingId, Booking | None] = {},
        people: Mapping[PersonGroup, BookingId | None] = {},
        emails: Mapping[bytes, Collection[BookingId]] = {},
        cards: Mapping[bytes, Card | None] = {},
        visits: Mapping[VisitId, Visit | None] = {},
        visits_of: Mapping[BookingId, VisitId | None] = {},
        line: bool = False,
        series: Mapping[date, TicketSeries | None] = {},
        hall: Hall | None = None,
        layers: str | None = None,
        waiting: WaitingList | None = None,
    ) -> None:
        """Take over what was read; absent rows are named with None.

        `cells` is kept and changed in place: it may be large, and only a few change.
        """
        self.now = now
        self.waiting = waiting or WaitingList()
        self.hall = hall or Hall()
        self._cells = {} if cells is None else cells
        self._bookings = dict(bookings)
        self._people = dict(people)
        self._emails = {key: set(live) for key, live in emails.items()}
        self._cards = dict(cards)
        self._visits = dict(visits)
        self._visits_of = dict(visits_of)
        self._line = line
        self._series = dict(series)
        self._layers = layers

    def cell(self, key: CellKey) -> Cell | None:
        """The cell, or None where the limit has no capacity planned."""
        try:
            return self._cells[key]
        except KeyError:
            raise NotNamedError(key) from None

    def cells(self) -> dict[CellKey, Cell | None]:
        """Every cell that was given, as it is now."""
        return self._cells

    def booking(self, booking: BookingId) -> Booking | None:
        """The booking, or None."""
        try:
            return self._bookings[booking]
        except KeyError:
            raise NotNamedError(booking) from None

    def booking_of(self, person: PersonGroup) -> BookingId | None:
        """The one live booking of that person in that group, or None."""
        try:
            return self._people[person]
        except KeyError:
            raise NotNamedError("person") from None

    def live_of_email(self, email: bytes) -> int:
        """How many live bookings that keyed address has."""
        try:
            return len(self._emails[email])
        except KeyError:
            raise NotNamedError("email") from None

    def card(self, key: bytes) -> Card | None:
        """The card with the present state of its booking, or None."""
        try:
            card = self._cards[key]
        except KeyError:
            raise NotNamedError("card") from None
        booking = self._bookings.get(card.booking) if card and card.booking else None
        if card is None or booking is None:
            return card
        return msgspec.structs.replace(card, booking_state=booking.state)

    def visit(self, visit: VisitId) -> Visit | None:
        """The visit, or None."""
        try:
            return self._visits[visit]
        except KeyError:
            raise NotNamedError(visit) from None

    def visit_of(self, booking: BookingId) -> Visit | None:
        """The visit a booking led to, or None."""
        try:
            visit = self._visits_of[booking]
        except KeyError:
            raise NotNamedError(booking) from None
        return None if visit is None else self._visits[visit]

    def line(self) -> list[Visit]:
        """Everybody in the house, in no order."""
        if not self._line:
            raise NotNamedError("line")
        return [v for v in self._visits.values() if v is not None and v.state in OPEN]

    def series(self, day: date) -> TicketSeries | None:
        """The numbers of that day, or None before the first."""
        try:
            return self._series[day]
        except KeyError:
            raise NotNamedError(day) from None

    def layers(self) -> str:
        """The stamp of the office's layers: another one means that one began or ended since."""
        if self._layers is None:
            raise NotNamedError("layers")
        return self._layers

    def due(self) -> list[Booking]:
        """Bookings in an expiring state whose time is over."""
        return [
            b
            for b in self._bookings.values()
            if b is not None and b.until is not None and b.until <= self.now and b.state in DUE
        ]

    def take(self, told: "Told", seq: int) -> None:
        """Put an accepted wish on top; its rows now say entry `seq` wrote them."""
        for grant in told.grants:
            old = self._cells.get(grant.key)
            taken = old.taken if old else 0
            self._cells[grant.key] = Cell(
                grant.capacity, taken, max(grant.granted, taken - grant.capacity)
            )
        for key, delta in told.net.items():
            old = self._cells[key]
            if old is None:
                raise NotNamedError(key)
            self._cells[key] = Cell(old.capacity, old.taken + delta, old.allowed)
        self.waiting.take(told.waiting, seq)
        for booking in told.bookings:
            self._take_booking(booking, seq)
        self._cards.update((card.key, card) for card in told.cards)
        for visit in told.visits:
            self._visits[visit.id] = msgspec.structs.replace(visit, seq=seq)
            if visit.booking is not None:
                self._visits_of[visit.booking] = visit.id
        if told.series is not None:
            self._series[told.series.day] = told.series
        self.hall.take(told.hall, seq)
        if self._layers is not None and (told.layers or told.ended_layers):
            self._layers = f"{self._layers} {seq}"

    def _take_booking(self, booking: Booking, seq: int) -> None:
        self.waiting.take_booking(booking, self._bookings.get(booking.id))
        self._bookings[booking.id] = msgspec.structs.replace(booking, seq=seq)
        live = self._emails.get(booking.email_key) if booking.email_key else None
        if live is not None and booking.state in LIVE:
            live.add(booking.id)
        elif live is not None:
            live.discard(booking.id)
        if booking.person_key is None:
            return
        for group in groups_of(booking.group):
            person = (booking.person_key, group)
            if booking.state in LIVE:
                self._people[person] = booking.id
            elif self._people.get(person) == booking.id:
                self._people[person] = None


class Told(msgspec.Struct, frozen=True):
    """What an accepted wish changes: the fact, the rows after, the net cells, the answer."""

    fact: msgspec.Struct
    """One of `events`; this package stands below it."""
    bookings: tuple[Booking, ...] = ()
    visits: tuple[Visit, ...] = ()
    people: tuple[Person, ...] = ()
    cards: tuple[Card, ...] = ()
    waiting: WaitingTold = WaitingTold()
    series: TicketSeries | None = None
    hall: HallTold = HallTold()
    net: dict[CellKey, int] = {}
    grants: tuple[Grant, ...] = ()
    public_codes: tuple[str, ...] = ()
    """Codes to enter into the directory; only their hash is stored there."""
    layers: tuple[Layer, ...] = ()
    ended_layers: Mapping[int, datetime | None] = {}
    """Numbers of layers whose validity ends, and when (None = now): no later than before."""
    errands: tuple[Noted, ...] = ()
    clock: OfficeClock | None = None
    undoes: int | None = None
    happened: datetime | None = None
    answer: msgspec.Struct | None = None
