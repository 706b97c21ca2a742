"""An office in memory whose turns run the real engines: state after, and the journal.

Rows are kept here by the plainest means, apart from `World.take`, so that tests can compare.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from bench.journal import as_read
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import DeskNow
from queue_service.floor.undoing import Last, undo
from queue_service.model.booking import LIVE, Booking, BookingState
from queue_service.model.desk import Desk
from queue_service.model.hall import Hall
from queue_service.model.ids import BookingId, CounterKey, VisitId
from queue_service.model.office import LineRules, OfficeClock
from queue_service.model.refusal import Refusal
from queue_service.model.visit import Visit
from queue_service.model.world import Cell, CellKey, Told, World
from queue_service.slots.claims import cells_named, given_back, taken_by
from queue_service.slots.holds import lapse
from queue_service.slots.release import Lapsing, Rest
from tests.make import NOW

Decide = Callable[[World], Told | Refusal]


class Rehearsed:
    """Cells, bookings and visits of an office; one turn after the other."""

    def __init__(self, cells: dict[CellKey, Cell | None], people: tuple[bytes, ...] = ()) -> None:
        self.now = NOW
        self.cells = dict(cells)
        self.bookings: dict[BookingId, Booking] = {}
        self.visits: dict[VisitId, Visit] = {}
        self.desks: dict[CounterKey, Desk] = {}
        self.people = people
        self.rests: Callable[[], Rest | None] = lambda: None
        """How what lapses rests, with chance of its own each time."""
        self.groups: set[str] = {""}
        self.stamp = "none"
        """Of the layers that cells follow."""
        self.journal: list[tuple[int, AnyFact, datetime]] = []
        self.past = [(dict(self.cells), dict(self.bookings))]
        """Cells and bookings as each entry left them; the first as before any."""

    @property
    def seq(self) -> int:
        return len(self.journal)

    def wait(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    def world(self) -> World:
        """Everything there is, all of it named."""
        live = {
            (b.person_key, b.group): b.id
            for b in self.bookings.values()
            if b.person_key is not None and b.state in LIVE
        }
        everybody = {(p, g): live.get((p, g)) for p in self.people for g in self.groups}
        return World(
            self.now,
            cells=dict(self.cells),
            bookings=self.bookings,
            people=everybody,
            visits=self.visits,
            line=True,
            hall=Hall(desks=self.desks),
            layers=self.stamp,
        )

    def turn(self, *decisions: Decide) -> list[Told | Refusal]:
        """Lapse, then decide each on what its predecessors left."""
        world = self.world()
        over = lapse(world, Lapsing(self.rests()))
        if over is not None:
            self._accept(world, over)
        answers = []
        for decide in decisions:
            told = decide(world)
            if not isinstance(told, Refusal):
                self._accept(world, told)
            answers.append(told)
        return answers

    def act(self, decide: Decide) -> Told | Refusal:
        """A turn of one wish."""
        return self.turn(decide)[0]

    def take_back(self, last: Last, rules: LineRules, clock: OfficeClock) -> Told | Refusal:
        """Undo with what goes back to the cells, as the flow does it."""

        def decide(world: World) -> Told | Refusal:
            told = undo(world, last, rules, clock)
            return told if isinstance(told, Refusal) else given_back(world, told, last.cells)

        return self.act(decide)

    def last_of(self, visit: VisitId) -> Last | None:
        """The entry that wrote a visit last, as one to take back; None for who just came."""
        found = self.to_undo(self.visits[visit].seq)
        return found if found and not found.arrived else None

    def to_undo(self, seq: int) -> Last | None:
        """An entry with what those before it said of everything in it, as the flow reads them."""
        said = {n: (fact, when) for n, fact, when in self.journal}
        if seq not in said:
            return None
        fact, when = said[seq]
        arrived = tuple(now.id for now in fact.visits if now.before == 0)
        visits = tuple(
            next(v for v in said[now.before][0].visits if v.id == now.id)
            for now in fact.visits
            if now.before
        )
        bookings = tuple(
            (now.id, was.state if was else BookingState.ARRIVED)
            for now in fact.bookings
            for was in [self.past[now.before][1].get(now.id)]
        )
        desks = tuple(
            next(d for d in said[now.before][0].desks if d.counter == now.counter)
            if now.before
            else DeskNow.of(Desk(now.counter), 0)
            for now in fact.desks
        )
        tag = str(fact.__struct_config__.tag)
        cells = cells_named(fact) if arrived else ()
        return Last(seq, when, tag, visits, bookings, desks, arrived, cells)

    def _accept(self, world: World, told: Told) -> None:
        before = {b.id: self.bookings[b.id].seq for b in told.bookings if b.id in self.bookings}
        seq = self.seq + 1
        world.take(told, seq)
        for grant in told.grants:
            old = self.cells.get(grant.key) or Cell(0, 0)
            allowed = max(grant.granted, old.taken - grant.capacity, 0)
            self.cells[grant.key] = Cell(grant.capacity, old.taken, allowed)
        for key, delta in told.net.items():
            old = self.cells[key]
            assert old is not None
            self.cells[key] = Cell(old.capacity, old.taken + delta, old.allowed)
        for booking in told.bookings:
            self.bookings[booking.id] = msgspec.structs.replace(booking, seq=seq)
        for visit in told.visits:
            self.visits[visit.id] = msgspec.structs.replace(visit, seq=seq)
        for desk in told.hall.desks:
            self.desks[desk.counter] = msgspec.structs.replace(desk, seq=seq)
        fact = as_read(told)
        for now in fact.bookings:
            assert now.before == before.get(now.id, 0), "an entry names the one before"
        self.journal.append((seq, fact, self.now))
        self.past.append((dict(self.cells), dict(self.bookings)))
        for key in told.net:
            assert world.cell(key) == self.cells[key]

    def recount(self) -> Counter[CellKey]:
        """How many bookings occupy each cell, counted from nothing."""
        return Counter(key for b in self.bookings.values() for key in taken_by(b))
