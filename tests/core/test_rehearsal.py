"""The day played forward: the floor's own discipline, and honest ranges from it."""

from datetime import timedelta
from math import inf
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.floor.line import choose
from queue_service.model.booking import Part
from queue_service.model.ids import CounterKey, ServiceCode, VisitId
from queue_service.model.office import Counter as Place
from queue_service.model.office import LineRules
from queue_service.model.visit import NeedClass, Visit, VisitState
from queue_service.rehearsal.day import NEVER, Comer, Desk, Line, play
from queue_service.rehearsal.wait import Counter, Expected, Stream, Waiting, forecast, usual
from tests import make

RULES = LineRules()
A, B, C = (ServiceCode(code) for code in "ABC")
SERVICES = st.frozensets(st.sampled_from([A, B, C]), min_size=1, max_size=2)


@st.composite
def comers(draw: st.DrawFn) -> Comer:
    need = draw(st.sampled_from(list(NeedClass)))
    arrives = float(draw(st.integers(-90, 0)))
    early = draw(st.integers(-10, 30)) if need is NeedClass.BOOKING else 0
    return Comer(arrives, arrives + early, need, draw(SERVICES), 10.0)


def visit(number: int, comer: Comer) -> Visit:
    return Visit(
        VisitId(make.uuid()),
        f"A{number:02}",
        VisitState.WAITING,
        comer.need,
        tuple(Part(service, 1) for service in sorted(comer.services)),
        "de",
        make.NOW + timedelta(minutes=comer.arrives),
        make.NOW + timedelta(minutes=comer.due),
        seq=number,
    )


@given(st.lists(comers(), max_size=12), SERVICES)
def test_the_line_picks_whom_the_floor_would_call(
    found: list[Comer], skills: frozenset[str]
) -> None:
    able = frozenset(ServiceCode(skill) for skill in skills)
    counter = Place(CounterKey("1"), {}, tuple(sorted(able)))
    line = Line(RULES)
    for number, comer in enumerate(found):
        line.join(number, comer)
    visits = [visit(number, comer) for number, comer in enumerate(found)]
    while True:
        chosen = choose(visits, counter, make.NOW, RULES)
        taken = line.take(able, 0.0)
        assert taken == (chosen[0].seq if chosen else None)
        if chosen is None:
            break
        visits.remove(chosen[0])


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Comer], list[Desk]]:
    people = []
    for _ in range(draw(st.integers(0, 9))):
        known = draw(comers())
        later = float(draw(st.sampled_from([0, 0, 60, 95])))
        people.append(
            msgspec.structs.replace(
                known,
                arrives=known.arrives + later,
                due=known.due + later,
                minutes=float(draw(st.integers(1, 30))),
            )
        )
    desks = []
    for _ in range(draw(st.integers(1, 3))):
        skills = draw(SERVICES)
        more = draw(st.one_of(st.just(frozenset[ServiceCode]()), SERVICES))
        closes = draw(st.sampled_from([inf, inf, 25.0]))
        desks.append(Desk(skills, float(draw(st.integers(0, 9))), closes, skills | more))
    return people, desks


def by_the_floor(people: list[Comer], desks: list[Desk]) -> list[tuple[float, int]]:
    """The same day with the floor's own choice at every call."""
    called = [NEVER] * len(people)
    visits = [visit(number, person) for number, person in enumerate(people)]
    free = {n: desk.free_at for n, desk in enumerate(desks)}
    while free:
        n = min(free, key=lambda each: (free[each], each))
        now, desk = free[n], desks[n]
        skills, fallback = tuple(sorted(desk.skills)), tuple(sorted(desk.fallback - desk.skills))
        place = Place(CounterKey(str(n)), {}, skills, fallback=fallback)
        here = [v for v in visits if people[v.seq].arrives <= now]
        at = make.NOW + timedelta(minutes=now)
        chosen = choose(here, place, at, RULES) if now < desk.closes else None
        if chosen is not None:
            called[chosen[0].seq] = (now, n)
            free[n] = now + people[chosen[0].seq].minutes
            visits.remove(chosen[0])
            continue
        later = [people[v.seq].arrives for v in visits if people[v.seq].arrives > now]
        if now < desk.closes and later:
            free[n] = min(later)
        else:
            del free[n]
    return called


@given(days())
def test_a_day_goes_as_the_floor_would_go(day: tuple[list[Comer], list[Desk]]) -> None:
    people, desks = day
    assert play(people, desks, RULES) == by_the_floor(people, desks)


def test_a_desk_serves_one_after_the_other_until_it_closes() -> None:
    people = [Comer(n * 1.0, n * 1.0, NeedClass.WALK_IN, frozenset({A}), 10.0) for n in range(4)]
    called = play(people, [Desk(frozenset({A}), 0.0, closes=25.0)], RULES)
    assert called == [(0.0, 0), (10.0, 0), (20.0, 0), NEVER]


def test_a_desk_without_the_skill_calls_nobody_and_the_day_still_ends() -> None:
    person = Comer(0.0, 0.0, NeedClass.WALK_IN, frozenset({A, B}), 10.0)
    assert play([person], [Desk(frozenset({A}), 0.0)], RULES) == [NEVER]


def test_a_late_comer_is_called_when_they_come() -> None:
    person = Comer(30.0, 30.0, NeedClass.BOOKING, frozenset({A}), 10.0)
    assert play([person], [Desk(frozenset({A}), 0.0)], RULES) == [(30.0, 0)]


def test_usual_durations_have_the_mean_they_are_made_for() -> None:
    sample = usual(12.0)
    assert sum(sample) / len(sample) == pytest.approx(12.0, rel=0.03)
    assert min(sample) > 3
    assert sorted(sample) == list(sample)


DURATIONS = {frozenset({A}): usual(10.0), frozenset({B}): usual(20.0)}


def waiting(minutes: float, service: ServiceCode = A) -> Waiting:
    return Waiting(-minutes, -minutes, NeedClass.WALK_IN, frozenset({service}))


def test_ranges_rise_along_the_line_and_the_same_chance_gives_the_same_ones() -> None:
    line = [waiting(30 - n) for n in range(6)]
    counters = [Counter(frozenset({A}), serving=frozenset({A}), since=3.0)]
    first = forecast(line, counters, DURATIONS, RULES, Random(7))
    assert first == forecast(line, counters, DURATIONS, RULES, Random(7))
    middles = [wait.p50 for wait in first]
    assert middles == sorted(middles)
    assert all(w.p10 <= w.p50 <= w.p80 for w in first)
    assert first[-1].p50 == pytest.approx(57, abs=15)


def test_nobody_is_promised_a_call_that_no_counter_can_make() -> None:
    [wait] = forecast([waiting(5, B)], [Counter(frozenset({A}))], DURATIONS, RULES, Random(1))
    assert (wait.p10, wait.p50, wait.p80) == (inf, inf, inf)


def test_emergencies_and_appointments_to_come_make_the_wait_longer() -> None:
    line = [waiting(1.0) for _ in range(5)]
    counters = [Counter(frozenset({A, B}))]
    alone = forecast(line, counters, DURATIONS, RULES, Random(3))
    streams = [Stream(NeedClass.EMERGENCY, frozenset({B}), 0.1, 60.0)]
    expected = [Expected(n * 5.0, frozenset({A}), 0.9) for n in range(6)]
    busier = forecast(
        line, counters, DURATIONS, RULES, Random(3), streams=streams, expected=expected
    )
    assert busier[-1].p50 > alone[-1].p50 + 10


def test_a_counter_falls_back_only_while_nobody_waits_for_its_own_skills() -> None:
    people = [
        Comer(-9.0, -9.0, NeedClass.WALK_IN, frozenset({B}), 10.0),
        Comer(-1.0, -1.0, NeedClass.WALK_IN, frozenset({A}), 10.0),
    ]
    desk = Desk(frozenset({A}), 0.0, fallback=frozenset({B}))
    assert play(people, [desk], RULES) == [(10.0, 0), (0.0, 0)]


def test_who_has_a_stop_left_comes_back_and_takes_a_place_before_later_people() -> None:
    station, counter = Desk(frozenset({B}), 0.0), Desk(frozenset({A}), 0.0)
    first = Comer(-30.0, -30.0, NeedClass.WALK_IN, frozenset({B}), 5.0, ((frozenset({A}), 10.0),))
    second = Comer(1.0, 1.0, NeedClass.WALK_IN, frozenset({A}), 20.0)
    third = Comer(2.0, 2.0, NeedClass.WALK_IN, frozenset({A}), 20.0)
    called = play([first, second, third], [counter, station], RULES)
    assert called == [(0.0, 1), (1.0, 0), (31.0, 0)]


def test_a_counter_that_had_nothing_to_do_serves_who_comes_back() -> None:
    first = Comer(0.0, 0.0, NeedClass.WALK_IN, frozenset({B}), 5.0, ((frozenset({A}), 10.0),))
    last = Comer(0.0, 0.0, NeedClass.WALK_IN, frozenset({B}), 30.0, ((frozenset({A}), 1.0),))
    desks = [Desk(frozenset({A}), 0.0), Desk(frozenset({B}), 1.0)]
    assert play([first, last], desks, RULES) == [(1.0, 1), (6.0, 1)]


def test_a_probe_at_the_door_takes_nobodys_time() -> None:
    line = [waiting(30 - n) for n in range(6)]
    counters = [Counter(frozenset({A}))]
    probe = Waiting(0.0, 0.0, NeedClass.WALK_IN, frozenset({A}), probe=True)
    alone = forecast(line, counters, DURATIONS, RULES, Random(7), paths=400)
    asked = forecast([*line, probe], counters, DURATIONS, RULES, Random(8), paths=400)
    assert asked[5].p50 == pytest.approx(alone[5].p50, rel=0.1)
    assert asked[6].p50 == pytest.approx(60, rel=0.15)


def test_who_is_served_and_comes_back_makes_others_wait() -> None:
    line = [waiting(1.0)]
    busy = Counter(frozenset({B}), serving=frozenset({B}), since=19.0)
    first = Waiting(-60.0, -60.0, NeedClass.WALK_IN, frozenset({A}))
    free = Counter(frozenset({A}), serving=frozenset({A}), since=0.5)
    alone = forecast(line, [free, busy], DURATIONS, RULES, Random(3))
    back = msgspec.structs.replace(busy, then=first)
    shared = forecast(line, [free, back], DURATIONS, RULES, Random(3))
    assert shared[0].p80 > alone[0].p80 + 4
