"""Whatever a desk or guide did, undo within its seconds restores line, board, phone and counters.

Acts are drawn at random on a small office with stations, fallbacks and case workers; after each
one that was done, everything but the journal must be as before once it is undone.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from display.board import Board, Opening
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import BookingNow, VisitNow
from queue_service.events.floor import CheckedIn
from queue_service.floor import desks, handing, journey, steps, undoing
from queue_service.floor import visit as engine
from queue_service.model.booking import BookingState, Part
from queue_service.model.desk import Desk, DeskState
from queue_service.model.ids import ActorId, CounterKey, LimitId, Tick
from queue_service.model.office import LineRules
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import ANYBODY, AT_COUNTER, Aid, NeedClass, Step, Visit, VisitState
from queue_service.model.world import Cell, CellKey, Told, World
from queue_service.slots import claims
from queue_service.views import desks as duty
from queue_service.views.line import Line
from tests import make
from tests.make import BIO, CLOCK, HELP, MINUTE, NOW, PICK
from tests.rehearsed import Rehearsed

RULES = LineRules()
A, B, C, D = (CounterKey(key) for key in "1234")
OFFICE = msgspec.structs.replace(
    make.office(),
    services=tuple(
        msgspec.structs.replace(s, steps=(Step.PHOTO, Step.COUNTER)) if s.code == BIO else s
        for s in make.office().services
        if s.code in (PICK, BIO, HELP)
    ),
    counters=(
        make.counter(A, PICK, BIO),
        make.counter(B, PICK, fallback=(BIO,)),
        make.counter(C, PICK, BIO, HELP, steps=(Step.COUNTER, Step.CASE_WORKER)),
        make.counter(D, BIO, steps=(Step.PHOTO, Step.FEE)),
    ),
)
COUNTERS = {counter.key: counter for counter in OFFICE.counters}
CLERK, BOSS = ActorId(7), ActorId(8)
QUOTA: CellKey = (LimitId(9), Tick(100))
Decide = Callable[[World], Told | Refusal]
Drawn = tuple[str, int, int, int]


class Town(Rehearsed):
    """Six people of every kind, and the views as a follower keeps them."""

    def __init__(self) -> None:
        super().__init__({QUOTA: Cell(99, 0)})
        self.expected = make.booking(state=BookingState.BOOKED)
        for bookings in (self.bookings, self.past[0][1]):
            bookings[self.expected.id] = self.expected
        self.duty: dict[CounterKey, Desk] = {}
        self.line = Line(OFFICE, self.duty)
        self.board = Board()
        self.fed = 0
        kinds = ((PICK,), (BIO,), (PICK, BIO), (HELP,), (PICK,), (BIO, HELP))
        needs = (*NeedClass, *NeedClass)
        for n, (services, need) in enumerate(zip(kinds, needs, strict=True)):
            self._arrive(f"A{100 + n}", tuple(Part(s, 1) for s in services), need, n)

    def come(self, world: World, *, with_appointment: bool) -> Told | Refusal:
        """Whom a guide lets in: for a place of the quota, or with the appointment of today."""
        expected = world.booking(self.expected.id)
        assert expected is not None
        if with_appointment and expected.state is not BookingState.BOOKED:
            return Refusal(Code.TOO_LATE)
        came = msgspec.structs.replace(expected, state=BookingState.ARRIVED)
        bookings, net = ((came,), {}) if with_appointment else ((), {QUOTA: 1})
        visit = make.visit(f"A{200 + len(self.visits)}", arrived=self.now, parts=(Part(BIO, 1),))
        if with_appointment:
            visit = msgspec.structs.replace(visit, booking=expected.id)
        fact = CheckedIn(
            visits=(VisitNow.of(visit, 0),),
            bookings=tuple(BookingNow.of(b, expected.seq) for b in bookings),
            cells=claims.left_after(world, net),
        )
        return Told(fact, visits=(visit,), bookings=bookings, net=net)

    def _arrive(self, number: str, parts: tuple[Part, ...], need: NeedClass, n: int) -> None:
        booked = make.booking(state=BookingState.ARRIVED) if need is NeedClass.BOOKING else None
        visit = make.visit(
            number,
            need=need,
            arrived=NOW - n * 4 * MINUTE,
            parts=parts,
            stops=steps.plan(OFFICE, parts),
            booking=booked.id if booked else None,
        )
        bookings = (booked,) if booked else ()
        came = tuple(BookingNow.of(b, 0) for b in bookings)
        fact = CheckedIn(visits=(VisitNow.of(visit, 0),), bookings=came)
        self.act(lambda _w: Told(fact, visits=(visit,), bookings=bookings))

    def act(self, decide: Decide) -> Told | Refusal:
        told = super().act(decide)
        for seq, fact, when in self.journal[self.fed :]:
            self._feed(seq, fact, when)
        self.fed = self.seq
        return told

    def _feed(self, seq: int, fact: AnyFact, when: datetime) -> None:
        duty.apply(self.duty, fact, seq)
        self.line.apply(fact, seq, when)
        self.board = self.board.apply(seq, fact)

    def undo(self, last: undoing.Last) -> Told | Refusal:
        return self.take_back(last, RULES, CLOCK)

    def number(self, n: int) -> Visit:
        return sorted(self.visits.values(), key=lambda v: v.number)[n % len(self.visits)]

    def shown(self) -> dict[str, object]:
        """Everything that anybody sees, apart from numbers of entries."""
        # A number that was taken back stays used; nobody waits under it.
        here = {v.id: v for v in self.visits.values() if v.state is not VisitState.WITHDRAWN}
        known = [self.line.visit(v) for v in here]
        return {
            "rows": {v.id: msgspec.structs.replace(v, seq=0) for v in here.values()},
            "quota": self.cells[QUOTA],
            "viewed": [v and msgspec.structs.replace(v, seq=0) for v in known],
            "bookings": {b.id: b.state for b in self.bookings.values()},
            "desks": {key: self._desk(key) for key in COUNTERS},
            "order": [v.id for v in self.line.waiting(self.now)],
            "for counters": {
                key: [v.id for v in self.line.for_counter(c, self.now)]
                for key, c in COUNTERS.items()
            },
            "parked": [v.id for v in self.line.parked()],
            "handed": [v.id for v in self.line.handed()],
            "why": {
                v.id: self.line.why(v.id) for v in self.visits.values() if v.state in AT_COUNTER
            },
            "waits": [self.line.wait(v, self.now) for v in self.line.waiting(self.now)],
            "board": self.board.public(OFFICE, self.now, 1.0, Opening(open=True)).rows,
        }

    def _desk(self, key: CounterKey) -> tuple[object, ...]:
        said, seen = self.desks.get(key) or Desk(key), self.duty.get(key) or Desk(key)
        assert (said.state, said.since, said.by) == (seen.state, seen.since, seen.by)
        return said.state, said.since, said.by


def decided(town: Town, drawn: Drawn) -> Decide:
    """The act that four drawn numbers stand for."""
    what, n, k, m = drawn
    visit, counter = town.number(n), OFFICE.counters[k % 4]
    by = (CLERK, BOSS)[m % 2]
    step = tuple(Step)[m % len(Step)]
    to = (None, A, B, C, D)[k % 5]
    state = tuple(DeskState)[m % 4]
    aids = ((), (Aid.VULNERABLE,), None)[m % 3]
    need = (None, NeedClass.EMERGENCY, NeedClass.WALK_IN)[k % 3]
    service = OFFICE.services[m % len(OFFICE.services)]
    acts: dict[str, Decide] = {
        "next": lambda w: engine.call_next(w, counter, RULES, by),
        "call": lambda w: engine.call_number(w, counter.key, visit.number, RULES),
        "serve": lambda w: engine.serve_now(w, counter.key, visit.number, RULES, visit.id),
        "start": lambda w: engine.start(w, visit.id),
        "recall": lambda w: engine.recall(w, visit.id),
        "missed": lambda w: engine.missed(w, visit.id, RULES),
        "finish": lambda w: engine.finish(w, visit.id, OFFICE),
        "park": lambda w: journey.park(w, visit.id, journey.REASONS[m % 4]),
        "resume": lambda w: journey.resume(w, visit.id),
        "forward": lambda w: journey.forward(
            w, visit.id, OFFICE, to=to, step=step if m % 2 else None
        ),
        "add": lambda w: journey.add_service(w, visit.id, OFFICE, service, 1 + k % 2),
        "mark": lambda w: journey.mark(w, visit.id, aids=aids, need=need, language="en"),
        "hand": lambda w: handing.hand_over(w, visit.id, (ANYBODY, CLERK, BOSS)[k % 3]),
        "accept": lambda w: handing.accept(w, visit.id, counter.key, RULES, by),
        "pass": lambda w: handing.pass_on(w, visit.id, by),
        "desk": lambda w: desks.change(w, counter, state, by),
        "come": lambda w: town.come(w, with_appointment=bool(m % 2)),
        "later": lambda w: engine.come_later(w, visit.id, town.now + 10 * MINUTE),
    }
    return acts[what]


OFTEN = ("next", "next", "next", "start", "finish", "missed", "park", "forward", "hand", "accept")
KINDS = (
    *OFTEN,
    "call",
    "serve",
    "recall",
    "resume",
    "add",
    "mark",
    "pass",
    "desk",
    "come",
    "later",
)
ACTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 5), st.integers(0, 19), st.integers(0, 11)),
    min_size=5,
    max_size=20,
)


def at_most_one_each(town: Town) -> None:
    there = [v.counter for v in town.visits.values() if v.state in AT_COUNTER]
    assert None not in there
    assert len(there) == len(set(there))


@settings(max_examples=settings().max_examples * 3 // 5)
@given(ACTS)
def test_an_act_and_its_undo_leave_everything_as_it_was(acts: list[Drawn]) -> None:
    town = Town()
    for drawn in acts:
        decide = decided(town, drawn)
        before = town.shown()
        told = town.act(decide)
        if isinstance(told, Refusal):
            continue
        at_most_one_each(town)
        last = town.to_undo(town.seq)
        assert last is not None
        if drawn[0] == "later":
            assert isinstance(town.undo(last), Refusal)
            continue
        town.now += timedelta(seconds=RULES.undo_seconds)
        undone = town.undo(last)
        assert isinstance(undone, Told), undone
        assert undone.undoes == last.seq
        town.now -= timedelta(seconds=RULES.undo_seconds)
        assert town.shown() == before
        assert isinstance(town.act(decide), Told)
        town.wait(1)


@settings(max_examples=settings().max_examples * 3 // 5)
@given(ACTS)
@example([*[("next", 0, 0, 0)] * 3, ("call", 5, 2, 0), ("forward", 5, 0, 9)])  # a fee of no till
@example([*[("next", 0, 0, 0)] * 3, ("call", 5, 2, 0), ("forward", 5, 1, 1)])
def test_every_journey_is_legal_and_nobody_is_stranded(acts: list[Drawn]) -> None:
    town = Town()
    for drawn in acts:
        town.act(decided(town, drawn))
        at_most_one_each(town)
        town.wait(2)
    for key in COUNTERS:
        town.act(lambda w, k=key: _freed(w, k))
        town.act(
            lambda w, k=key: desks.change(w, COUNTERS[k], DeskState.OPEN, ActorId(50 + int(k)))
        )
    for visit in town.line.parked():
        town.act(lambda w, v=visit: journey.resume(w, v.id))
    town.wait(30)
    for _ in range(30):
        if not town.line.waiting(town.now):
            break
        town.wait(1)
        for key, counter in COUNTERS.items():
            town.act(lambda w, c=counter: engine.call_next(w, c, RULES, CLERK))
            town.act(lambda w, k=key: _freed(w, k))
    left = [v for v in town.visits.values() if v.state is VisitState.WAITING]
    assert left == []
    for visit in town.visits.values():
        if visit.state is VisitState.FINISHED:
            assert all(stop.done for stop in visit.stops)


def _freed(world: World, key: CounterKey) -> Told | Refusal:
    there = engine.at_counter(world, key)
    return engine.finish(world, there.id, OFFICE) if there else Refusal(Code.NOBODY_WAITING)


def test_a_number_given_without_network_is_not_taken_back_when_it_is_told_at_last() -> None:
    town = Town()
    town.act(lambda w: town.come(w, with_appointment=False))
    last = town.to_undo(town.seq)
    assert last is not None
    visit = last.arrived[0]
    town.visits[visit] = msgspec.structs.replace(town.visits[visit], arrived=NOW - 30 * MINUTE)
    assert town.undo(last) == Refusal(Code.UNDO_TOO_LATE, {"seconds": RULES.undo_seconds})


def test_an_undo_gives_nobody_a_counter_that_has_closed_since() -> None:
    town = Town()
    town.act(lambda w: engine.call_next(w, COUNTERS[A], RULES))
    there = engine.at_counter(town.world(), A)
    assert there is not None
    town.act(lambda w: engine.finish(w, there.id, OFFICE))
    last = town.to_undo(town.seq)
    assert last is not None
    town.act(lambda w: desks.change(w, COUNTERS[A], DeskState.CLOSED, CLERK))
    assert town.undo(last) == Refusal(Code.DESK_NOT_OPEN, {"counter": A})
