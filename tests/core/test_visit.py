"""What desks do with visits, in any order: nobody is called twice, undo restores what was said."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from queue_service.events.entry import VisitNow
from queue_service.events.floor import Called, CheckedIn
from queue_service.floor import undoing
from queue_service.floor import visit as engine
from queue_service.model.booking import BookingState
from queue_service.model.ids import CounterKey, VisitId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass, Visit, VisitState
from queue_service.model.world import Told, World
from tests import make
from tests.make import CLOCK, MINUTE, NOW
from tests.rehearsed import Rehearsed
from tests.three_desks import COUNTERS, DESKS, OFFICE, RULES, call_next, hall


def shown(visit: Visit) -> VisitNow:
    return VisitNow.of(visit, 0)


class Hall(RuleBasedStateMachine):
    """Three desks and a door."""

    @initialize()
    def begin(self) -> None:
        self.town = Rehearsed({})
        self.count = 0
        self.states: dict[int, dict[VisitId, VisitNow]] = {}
        for _ in range(3):
            self.arrive(NeedClass.WALK_IN, True)

    desk = st.sampled_from(DESKS)

    def _remember(self) -> None:
        self.states[self.town.seq] = {v.id: shown(v) for v in self.town.visits.values()}

    def _at(self, desk: CounterKey) -> Visit | None:
        found = [
            v
            for v in self.town.visits.values()
            if v.state is VisitState.CALLED and v.counter == desk
        ]
        assert len(found) <= 1
        return found[0] if found else None

    @rule(need=st.sampled_from(NeedClass), booked=st.booleans())
    def arrive(self, need: NeedClass, booked: bool) -> None:
        self.count += 1
        booking = make.booking(state=BookingState.ARRIVED) if booked else None
        if booking is not None:
            self.town.bookings[booking.id] = booking
        visit = make.visit(
            f"A{self.count + 99}",
            need=need,
            arrived=self.town.now,
            booking=booking.id if booking else None,
        )
        self.town.act(lambda _w: Told(CheckedIn(visits=(VisitNow.of(visit, 0),)), visits=(visit,)))
        self._remember()

    @rule(desk=desk)
    def next(self, desk: CounterKey) -> None:
        occupied = self._at(desk)
        waiting = [v for v in self.town.visits.values() if v.state is VisitState.WAITING]
        answer = call_next(self.town, desk)
        if occupied is not None:
            assert answer == Refusal(Code.COUNTER_OCCUPIED, {"number": occupied.number})
        elif not waiting:
            assert answer == Refusal(Code.NOBODY_WAITING)
        else:
            assert isinstance(answer, Told)
            called = self._at(desk)
            assert called is not None
            assert called.id in {v.id for v in waiting}
        self._remember()

    @rule(desks=st.permutations(DESKS))
    def all_press_next_in_one_turn(self, desks: list[CounterKey]) -> None:
        waiting = sum(v.state is VisitState.WAITING for v in self.town.visits.values())
        free = [desk for desk in desks if self._at(desk) is None]
        answers = self.town.turn(
            *(lambda w, d=desk: engine.call_next(w, COUNTERS[d], RULES) for desk in free)
        )
        assert sum(isinstance(a, Told) for a in answers) == min(waiting, len(free))
        self._remember()

    @rule(desk=desk, number=st.integers(100, 120))
    def call_a_number(self, desk: CounterKey, number: int) -> None:
        wanted = next((v for v in self.town.visits.values() if v.number == f"A{number}"), None)
        answer = self.town.act(lambda w: engine.call_number(w, desk, f"A{number}", RULES))
        if wanted is None or wanted.state is not VisitState.WAITING:
            assert isinstance(answer, Refusal)
        self._remember()

    @rule(desk=desk, act=st.sampled_from(["recall", "missed", "finish"]))
    def act(self, desk: CounterKey, act: str) -> None:
        there = self._at(desk)
        if there is None:
            return
        decide = {
            "recall": lambda w: engine.recall(w, there.id),
            "missed": lambda w: engine.missed(w, there.id, RULES),
            "finish": lambda w: engine.finish(w, there.id, OFFICE),
        }[act]
        assert isinstance(self.town.act(decide), Told)
        after = self.town.visits[there.id]
        if act == "finish" and there.booking is not None:
            assert self.town.bookings[there.booking].state is BookingState.SERVED
        if act == "missed":
            last = there.calls >= RULES.calls_before_missed
            assert after.state is (VisitState.MISSED if last else VisitState.WAITING)
            assert after.counter is None
        self._remember()

    @precondition(lambda self: self.town.journal)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        visit = data.draw(st.sampled_from(sorted(self.town.visits)))
        last = self.town.last_of(visit)
        if last is None:
            return
        own = self.town.visits[visit].number
        answer = self.town.act(lambda w: undoing.undo(w, last, RULES, CLOCK))
        if isinstance(answer, Told):
            said = self.states[max(seq for seq in self.states if seq < last.seq)][visit]
            assert shown(self.town.visits[visit]) == said
            assert answer.undoes == last.seq
            booked = self.town.visits[visit].booking
            if booked is not None:
                assert self.town.bookings[booked].state is BookingState.ARRIVED
        elif answer.code is Code.COUNTER_OCCUPIED:
            assert answer.data["number"] != own
        else:
            assert answer.code in (Code.NOTHING_TO_UNDO, Code.UNDO_TOO_LATE)
        self._remember()

    @rule(seconds=st.sampled_from([1, 9, 60, 1_200]))
    def wait(self, seconds: int) -> None:
        self.town.wait(seconds / 60)

    @invariant()
    def nobody_is_at_two_desks_and_no_desk_has_two(self) -> None:
        called = [v for v in self.town.visits.values() if v.state is VisitState.CALLED]
        desks = [v.counter for v in called]
        assert None not in desks
        assert len(desks) == len(set(desks))

    @invariant()
    def only_those_who_left_have_an_end(self) -> None:
        for visit in self.town.visits.values():
            left = visit.state in (VisitState.FINISHED, VisitState.MISSED)
            assert (visit.ended_at is not None) is left


TestHall = Hall.TestCase
TestHall.settings = settings(max_examples=settings().max_examples * 2 // 5, stateful_step_count=30)


def test_two_desks_that_press_at_once_get_two_people_and_the_third_nobody() -> None:
    town = hall(make.visit("A1"), make.visit("A2"))
    answers = town.turn(
        *(lambda w, d=desk: engine.call_next(w, COUNTERS[d], RULES) for desk in DESKS)
    )
    numbers = [a.visits[0].number for a in answers if isinstance(a, Told)]
    assert sorted(numbers) == ["A1", "A2"]
    assert answers[2] == Refusal(Code.NOBODY_WAITING)


def test_a_call_says_who_why_and_where() -> None:
    visit = make.visit("A7", arrived=NOW - 12 * MINUTE)
    town = hall(visit)
    told = call_next(town, DESKS[0])
    assert isinstance(told, Told)
    assert isinstance(told.fact, Called)
    assert (told.fact.why.code, told.fact.why.waited_minutes) == ("only_one", 12)
    after = town.visits[visit.id]
    assert (after.counter, after.called_at, after.calls) == (DESKS[0], NOW, 1)


def test_who_does_not_come_waits_behind_a_few_and_is_missed_after_the_last_call() -> None:
    slow = make.visit("A1", arrived=NOW - 50 * MINUTE)
    town = hall(slow, *(make.visit(f"B{n}", arrived=NOW - 40 * MINUTE) for n in range(3)))
    for round_ in range(1, RULES.calls_before_missed + 1):
        assert isinstance(town.act(lambda w: engine.call_number(w, DESKS[0], "A1", RULES)), Told)
        town.act(lambda w: engine.missed(w, slow.id, RULES))
        after = town.visits[slow.id]
        if round_ < RULES.calls_before_missed:
            assert after.state is VisitState.WAITING
            following = engine.line.order(town.visits.values(), town.now, RULES)
            assert following[0].id != slow.id
    assert after.state is VisitState.MISSED


def test_missing_a_call_never_lets_somebody_wait_from_earlier_than_before() -> None:
    fresh = make.visit("A1", arrived=NOW)
    town = hall(fresh)
    call_next(town, DESKS[0])
    town.act(lambda w: engine.missed(w, fresh.id, RULES))
    assert town.visits[fresh.id].due == NOW


@pytest.mark.parametrize("act", ["recall", "missed", "finish"])
def test_an_act_on_somebody_who_is_not_called_is_refused(act: str) -> None:
    for state in (VisitState.WAITING, VisitState.FINISHED, VisitState.MISSED):
        visit = make.visit("A1", state=state)
        world = World(NOW, visits={visit.id: visit}, line=True)
        acts = {
            "recall": lambda w=world, v=visit: engine.recall(w, v.id),
            "missed": lambda w=world, v=visit: engine.missed(w, v.id, RULES),
            "finish": lambda w=world, v=visit: engine.finish(w, v.id, OFFICE),
        }
        assert acts[act]() == Refusal(Code.NOT_AT_THIS_COUNTER, {"number": "A1"})
