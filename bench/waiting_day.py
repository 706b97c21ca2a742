"""One day of an office in memory, on the production engines: book, cancel, wait, answer.

Cells, claims, rests, views and decisions are the service's own; only the database is missing.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from uuid import UUID

import msgspec

from bench.journal import as_read
from queue_service.events.booking import BookedByStaff, CancelReason
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import BookingNow
from queue_service.flows.waitlist import grounds
from queue_service.flows.waitlist.grounds import Listed
from queue_service.followed import Followed
from queue_service.model.booking import LIVE, OCCUPYING, Booking, BookingState, Part, Person
from queue_service.model.ids import AuthorityId, BookingId, LimitId, OfficeId, WishId
from queue_service.model.office import Office, OfficeClock, OfficeKey
from queue_service.model.refusal import Refusal
from queue_service.model.waiting import (
    Offer,
    Waiting,
    Wish,
    WishState,
)
from queue_service.model.waitlist import WaitingList
from queue_service.model.world import Cell, CellKey, Told, World
from queue_service.slots import capacity, claims, holds, life, restoring, waiting
from queue_service.slots.claims import taken_by
from queue_service.slots.openings import DayState
from queue_service.slots.release import Lapsing, rest
from queue_service.store.offices import Load, OfficeRow


class Day:
    """An office on one day, and everybody who books or waits."""

    def __init__(self, office: Office, day: date, chance: random.Random) -> None:
        """Everything is free."""
        self.office, self.day, self.chance = office, day, chance
        numbers = {limit.key: LimitId(n) for n, limit in enumerate(office.limits, 1)}
        key = OfficeKey(AuthorityId(1), OfficeId(1), office.slug, numbers)
        begin = datetime.combine(day, time(), office.tz)
        clock = OfficeClock(begin, begin, 0.0)
        self.followed = Followed(OfficeRow(key, 0, clock), office)
        self.cells: dict[CellKey, Cell | None] = {
            (numbers[key], tick): Cell(places, 0)
            for key, cells in capacity.cells(office, office.limits, day, frozenset()).items()
            for tick, places in cells.items()
        }
        left = [(limit, tick, cell.capacity) for (limit, tick), cell in self.cells.items() if cell]
        self.followed.loaded(Load(0, left, [], [], []))
        self.bookings: dict[BookingId, Booking] = {}
        self.wishes: dict[WishId, Wish] = {}
        self.made: dict[BookingId, Offer] = {}
        self.brought: list[Booking] = []
        """Appointments that offers became."""
        self.journal: list[tuple[int, AnyFact, datetime]] = []
        self._people = 0

    def set_clock(self, at: datetime) -> None:
        """It is then."""
        self.followed.clock = OfficeClock(at, at, 0.0)

    def id(self) -> UUID:
        """A number of the seed's making."""
        return UUID(int=self.chance.getrandbits(128), version=4)

    def act(
        self, decide: Callable[[World], Told | Refusal], cells: Iterable[CellKey] = ()
    ) -> Told | Refusal:
        """A turn of one wish; `cells` may be looked at though none is planned there."""
        told = decide(self._world(cells=cells))
        if isinstance(told, Told):
            self._accept(told)
        return told

    def _world(self, new: Wish | None = None, cells: Iterable[CellKey] = ()) -> World:
        people = {
            (b.person_key, b.group): b.id
            for b in self.bookings.values()
            if b.person_key and b.state in LIVE
        }
        known = (*self.wishes.values(), *((new,) if new else ()))
        every = {(w.person_key, w.group): None for w in known}
        return World(
            self.followed.now(),
            cells={**dict.fromkeys(cells), **self.cells},
            bookings=self.bookings,
            people={**every, **people},
            waiting=WaitingList(
                named=self.wishes,
                of={w.person_key: [] for w in known},
                everybody=self.on_list(),
            ),
        )

    def _accept(self, told: Told) -> None:
        seq = len(self.journal) + 1
        for cell, delta in told.net.items():
            old = self.cells[cell]
            if old is None or old.taken + delta > old.capacity:
                raise RuntimeError(f"cell {cell} would be over")
            self.cells[cell] = Cell(old.capacity, old.taken + delta)
        for booking in told.bookings:
            self.bookings[booking.id] = msgspec.structs.replace(booking, seq=seq)
        for wish in told.waiting.wishes:
            self.wishes[wish.id] = msgspec.structs.replace(wish, seq=seq, number=wish.number or seq)
        self.made.update({offer.booking: offer for offer in told.waiting.offers})
        fact = as_read(told)
        self.journal.append((seq, fact, self.followed.now()))
        self.followed.openings.apply(fact)
        self.followed.seq = seq

    def book_everything(self) -> None:
        """Random people take random free starts until there is none."""
        codes = [s.code for s in self.office.services if s.bookable and not s.not_needed]
        while codes:
            code = self.chance.choice(codes)
            parts = (Part(code, self.chance.choice((1, 1, 1, 2))),)
            free = list(self._free(parts)) or list(self._free((Part(code, 1),)))
            if not free:
                codes.remove(code)
                continue
            start = self.chance.choice(free)
            if not list(self._free(parts)):
                parts = (Part(code, 1),)
            self._book(parts, start)

    def _free(self, parts: tuple[Part, ...]) -> Iterator[datetime]:
        for each in self.followed.openings.month(parts, self.day, self.day, self.followed.now()):
            yield from (s.start for s in each.starts if s.state is DayState.FREE)

    def _book(self, parts: tuple[Part, ...], start: datetime) -> None:
        place = grounds.place_at(self.followed, parts, start)
        service = self.office.service(parts[0].service)
        if place is None or service is None:
            raise RuntimeError(f"{parts} cannot start at {start}")
        booking = Booking(
            BookingId(self.id()),
            BookingState.BOOKED,
            place.start,
            place.end,
            parts,
            place.limits,
            "de",
            place.once,
            group=service.group,
            person_key=self.person(),
            code=self.id().hex[:8],
        )
        change = claims.net((), (booking,))
        fact = BookedByStaff(
            bookings=(BookingNow.of(booking, 0),), cells=claims.left_after(self._world(), change)
        )
        self._accept(Told(fact, bookings=(booking,), net=change))

    def person(self) -> bytes:
        """Somebody new."""
        self._people += 1
        return self._people.to_bytes(16, "big")

    def booked(self) -> list[Booking]:
        """Everybody who is expected."""
        return [b for b in self.bookings.values() if b.state is BookingState.BOOKED]

    def live(self, booking: Booking) -> bool:
        """Whether it still stands where it stood."""
        now = self.bookings[booking.id]
        return now.state is BookingState.BOOKED and now.start == booking.start

    def cancel(self, booking: Booking) -> None:
        """Somebody presses the link in the reminder."""
        self.act(
            lambda world: life.cancel(
                world,
                booking.id,
                reason=CancelReason.APPLICANT,
                rules=self.office.booking,
                rest=rest(self.office, self.chance.randbytes(32)),
            )
        )

    def no_show(self, booking: Booking) -> bool:
        """Nobody came; whether it is noted."""
        rules, zone = self.office.booking, self.office.tz
        told = self.act(lambda world: restoring.no_show(world, booking.id, rules=rules, zone=zone))
        return isinstance(told, Told)

    def lapse(self) -> None:
        """What is over gives its cells back."""
        how = Lapsing(rest(self.office, self.chance.randbytes(32)))
        told = holds.lapse(self._world(), how)
        if told is not None:
            self._accept(told)

    def open_wishes(self) -> list[Wish]:
        """Everybody on the list."""
        return [w for w in self.wishes.values() if w.state is WishState.OPEN]

    def wait_for(self, place: Booking) -> int:
        """How many on the list come for something that fits into `place`."""
        fit = 0
        for wish in self.open_wishes():
            wanted = grounds.place_at(self.followed, wish.parts, place.start)
            fit += bool(
                wanted and wanted.end <= place.end and set(wanted.limits) <= set(place.limits)
            )
        return fit

    def on_list(self) -> list[Waiting]:
        """The same, with what decides about them."""
        asked = {b.person_key for b in self.bookings.values() if b.state is BookingState.OFFERED}
        lapsed: dict[WishId, int] = {}
        for offer in self.made.values():
            if self.bookings[offer.booking].state is BookingState.LAPSED:
                lapsed[offer.wish] = lapsed.get(offer.wish, 0) + 1
        return [
            Waiting(w, w.person_key in asked, lapsed.get(w.id, 0), self._live_of(w))
            for w in self.open_wishes()
        ]

    def _live_of(self, wish: Wish) -> Booking | None:
        booking = self.bookings.get(wish.booking) if wish.booking else None
        return booking if booking is not None and booking.state in LIVE else None

    def join(self, wish: Wish) -> None:
        """Somebody joins the list; who may not, stays away."""
        told = waiting.join(self._world(wish), wish, None)
        if isinstance(told, Told):
            self._accept(told)

    def outstanding(self) -> list[Booking]:
        """Offers without an answer."""
        return [b for b in self.bookings.values() if b.state is BookingState.OFFERED]

    def _listed(self) -> Listed:
        resting = [
            b
            for b in self.bookings.values()
            if b.state is BookingState.RESTING and b.rest_of and b.start > self.followed.now()
        ]
        return Listed(self.on_list(), resting, len(self.journal))

    def offer(self) -> None:
        """What the leader does each second."""
        on_list = self._listed()
        places = grounds.all_wanted(self.followed, on_list)
        where = grounds.narrowed(self.followed, on_list, places, self.cells)
        if where is not None:
            self.act(lambda world: waiting.offer(world, where), where.cells)

    def answer(self, offered: Booking, *, yes: bool) -> Booking | None:
        """Somebody answers; the later appointment that they gave up for it, if any."""
        made = self.made[offered.id]
        wish = self.wishes[made.wish]
        later = self._live_of(wish)
        freed = later if yes else offered
        none = grounds.nothing(self.followed)
        where = grounds.given_back(self.followed, self._listed(), freed) if freed else none
        if yes:
            told = self.act(
                lambda world: waiting.accept(
                    world, made, person=Person(offered.id, "A"), email_key=None, grounds=where
                ),
                where.cells,
            )
            if isinstance(told, Told):
                self.brought.append(self.bookings[later.id if later else offered.id])
                return later
            return None
        self.act(lambda world: waiting.decline(world, made, where), where.cells)
        return None

    def taken(self) -> dict[CellKey, int]:
        """How many bookings occupy each cell, counted from nothing."""
        counted: dict[CellKey, int] = {}
        for booking in self.bookings.values():
            if booking.state in OCCUPYING:
                for cell in taken_by(booking):
                    counted[cell] = counted.get(cell, 0) + 1
        return counted
