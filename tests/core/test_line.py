"""Who is next and why: the emergency floor, shares of targets, and no chance at all."""

import random
from datetime import timedelta
from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.floor import line, steps
from queue_service.model.booking import Part
from queue_service.model.ids import ServiceCode
from queue_service.model.office import Counter, LineRules
from queue_service.model.visit import NeedClass, Visit, VisitState
from tests import make
from tests.make import BIO, HELP, MINUTE, NOW, PICK

RULES = LineRules()
EMERGENCY, BOOKING, WALK_IN = NeedClass.EMERGENCY, NeedClass.BOOKING, NeedClass.WALK_IN


def desk(*skills: ServiceCode, **more: object) -> Counter:
    return msgspec.structs.replace(make.counter("1"), skills=skills, **more)


def waits(minutes: float, need: NeedClass = WALK_IN, number: str = "A100") -> Visit:
    return make.visit(number, need=need, arrived=NOW - minutes * MINUTE)


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    arrived = NOW - draw(st.integers(0, 90)) * MINUTE
    due = arrived + draw(st.integers(0, 30)) * MINUTE
    need = draw(st.sampled_from(NeedClass))
    parts = draw(st.sampled_from([(PICK,), (BIO,), (PICK, BIO), (HELP,)]))
    return make.visit(
        need=need, arrived=arrived, due=due, parts=tuple(Part(service, 1) for service in parts)
    )


lines = st.lists(visits(), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("waiting", "first"),
    [
        # (minutes waited, need) of everybody; the number says who goes first
        ([(59, WALK_IN), (5, EMERGENCY)], 1),
        ([(59, WALK_IN), (4.9, EMERGENCY)], 0),
        ([(19, BOOKING), (58, WALK_IN)], 1),
        ([(20, BOOKING), (58, WALK_IN)], 0),
        ([(5, EMERGENCY), (9, EMERGENCY)], 1),
        ([(200, WALK_IN), (300, BOOKING), (5, EMERGENCY)], 2),
        ([(10, BOOKING), (30, WALK_IN)], 1),
    ],
)
def test_the_table_of_who_goes_first(waiting: list[tuple[float, NeedClass]], first: int) -> None:
    everybody = [waits(minutes, need) for minutes, need in waiting]
    assert line.order(everybody, NOW, RULES)[0] is everybody[first]


@given(lines)
def test_a_pressing_emergency_always_goes_before_everybody_else(everybody: list[Visit]) -> None:
    floor = timedelta(minutes=RULES.emergency_floor_minutes)
    pressing = [v.need is EMERGENCY and NOW - v.arrived >= floor for v in everybody]
    ordered = line.order(everybody, NOW, RULES)
    flags = [pressing[everybody.index(v)] for v in ordered]
    assert flags == sorted(flags, reverse=True)
    ahead = [v.arrived for v, flag in zip(ordered, flags, strict=True) if flag]
    assert ahead == sorted(ahead)


@given(lines)
def test_without_emergencies_the_largest_share_of_the_target_goes_first(
    everybody: list[Visit],
) -> None:
    calm = [v for v in everybody if v.need is not EMERGENCY]
    shares = [(NOW - v.due) / line.target(v.need, RULES) for v in line.order(calm, NOW, RULES)]
    assert shares == sorted(shares, reverse=True)


@given(lines, st.randoms(use_true_random=False))
def test_the_order_depends_on_the_people_and_not_on_how_they_were_read(
    everybody: list[Visit], chance: random.Random
) -> None:
    shuffled = chance.sample(everybody, len(everybody))
    assert line.order(everybody, NOW, RULES) == line.order(shuffled, NOW, RULES)


def test_ties_are_broken_by_arrival_and_then_by_number_of_the_visit() -> None:
    late = make.visit(arrived=NOW - 10 * MINUTE, due=NOW - 5 * MINUTE)
    early = make.visit(arrived=NOW - 11 * MINUTE, due=NOW - 5 * MINUTE)
    twin = msgspec.structs.replace(early, id=make.visit().id)
    for everybody in permutations([late, early, twin]):
        assert line.order(everybody, NOW, RULES) == [early, twin, late]


def test_only_those_who_wait_stand_in_the_line() -> None:
    everybody = [make.visit(state=state) for state in VisitState]
    assert [v.state for v in line.order(everybody, NOW, RULES)] == [VisitState.WAITING]


def test_who_came_before_the_appointment_waits_for_it_behind_those_who_are_due() -> None:
    early = make.visit(need=BOOKING, arrived=NOW - 30 * MINUTE, due=NOW + 10 * MINUTE)
    just = make.visit(need=WALK_IN, arrived=NOW)
    assert line.order([early, just], NOW, RULES) == [just, early]
    assert line.choose([early], desk(PICK), NOW, RULES) is not None


@given(visits(), st.sets(st.sampled_from([PICK, BIO, HELP])))
def test_a_counter_serves_a_visit_only_as_a_whole(visit: Visit, skills: set[ServiceCode]) -> None:
    expected = {part.service for part in visit.parts} <= skills
    assert steps.served_by(visit, desk(*skills)) is expected


@given(lines, st.sets(st.sampled_from([PICK, BIO, HELP])))
def test_a_counter_calls_the_first_whom_it_can_serve(
    everybody: list[Visit], skills: set[ServiceCode]
) -> None:
    able = [
        v
        for v in line.order(everybody, NOW, RULES)
        if all(part.service in skills for part in v.parts)
    ]
    chosen = line.choose(everybody, desk(*skills), NOW, RULES)
    if chosen is None:
        assert able == []
        return
    visit, why = chosen
    assert visit is able[0]
    assert why.ahead_passed == sum(v.arrived < visit.arrived for v in able)
    assert why.waited_minutes == (NOW - visit.arrived) // MINUTE
    assert timedelta(minutes=why.target_minutes) == line.target(visit.need, RULES)
    asked = desk(*skills)
    each = [line.why(v, able, NOW, RULES, asked) for v in able]
    assert line.whys(able, able, NOW, RULES, asked) == each


@pytest.mark.parametrize(
    ("waiting", "code"),
    [
        ([(30, WALK_IN)], "only_one"),
        ([(30, EMERGENCY)], "only_one"),
        ([(30, EMERGENCY), (1, WALK_IN)], "emergency_floor"),
        ([(30, WALK_IN), (1, WALK_IN)], "longest_share_of_target"),
    ],
)
def test_the_reason_names_the_rule_that_decided(
    waiting: list[tuple[float, NeedClass]], code: str
) -> None:
    chosen = line.choose([waits(m, n) for m, n in waiting], desk(PICK), NOW, RULES)
    assert chosen is not None
    assert chosen[1].code == code


@given(lines)
def test_ahead_of_somebody_are_exactly_those_who_would_be_called_before(
    everybody: list[Visit],
) -> None:
    for place, visit in enumerate(line.order(everybody, NOW, RULES)):
        assert line.ahead_of(visit, everybody, NOW, RULES) == place


@given(
    st.integers(0, 200),
    st.floats(1, 60),
    st.integers(0, 20),
    st.floats(0, 120),
)
def test_a_wait_is_a_range_of_five_minutes_steps_that_holds_its_mean(
    ahead: int, minutes: float, counters: int, not_before: float
) -> None:
    found = line.wait_range(ahead, minutes, counters, not_before=not_before)
    mean = max(not_before, ahead * minutes / max(1, counters))
    assert 0 <= found.from_minutes < found.to_minutes
    assert found.from_minutes % 5 == found.to_minutes % 5 == 0
    assert found.from_minutes <= mean <= found.to_minutes


def test_the_wait_grows_with_the_line_and_shrinks_with_the_counters() -> None:
    ranges = [line.wait_range(ahead, 10, 3) for ahead in range(30)]
    assert ranges == sorted(ranges, key=lambda r: (r.from_minutes, r.to_minutes))
    assert line.wait_range(12, 10, 6).to_minutes < line.wait_range(12, 10, 2).to_minutes
