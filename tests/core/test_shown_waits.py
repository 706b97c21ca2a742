"""What people are shown of a forecast: never a jump without a reason, and it may always fall."""

from datetime import datetime, timedelta
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.entry import Fact, VisitNow
from queue_service.floor.line import Range
from queue_service.model.expecting import Longer
from queue_service.model.ids import VisitId
from queue_service.model.visit import NeedClass
from queue_service.rehearsal.outlook import Door, Outlook, Scene
from queue_service.rehearsal.shown import MOST_JUMP, Shown, in_minutes, shown
from queue_service.rehearsal.wait import Counter, Wait, Waiting, usual
from queue_service.views.waits import Waits
from tests import make

RANGES = st.builds(
    lambda first, more: Range(first * 5, (first + more) * 5),
    st.integers(0, 40),
    st.integers(1, 20),
)
STEPS = st.lists(
    st.tuples(RANGES, st.lists(st.sampled_from(list(Longer)), max_size=2), st.integers(1, 900)),
    min_size=1,
    max_size=30,
)


@given(STEPS)
def test_a_range_never_jumps_up_by_more_than_ten_minutes_without_a_reason(
    steps: list[tuple[Range, list[Longer], int]],
) -> None:
    now: datetime = make.NOW
    before: Shown | None = None
    for fresh, reasons, seconds in steps:
        now += timedelta(seconds=seconds)
        after = shown(before, fresh, reasons, now)
        assert 0 <= after.range.from_minutes <= after.range.to_minutes
        if before is not None:
            jumped = (
                after.range.from_minutes - before.range.from_minutes > MOST_JUMP
                or after.range.to_minutes - before.range.to_minutes > MOST_JUMP
            )
            assert not jumped or (after.reason is not None and after.reason_at == now)
            if fresh.to_minutes <= before.range.to_minutes:
                assert after.range.to_minutes == fresh.to_minutes
        before = after


@given(STEPS)
def test_without_reasons_a_minute_of_steps_adds_no_more_than_ten_minutes_either(
    steps: list[tuple[Range, list[Longer], int]],
) -> None:
    first = shown(None, Range(0, 5), (), make.NOW)
    after, now = first, make.NOW
    for fresh, _, _ in steps:
        now += timedelta(seconds=2)
        after = shown(after, fresh, (), now)
        assert after.range.to_minutes <= first.range.to_minutes + MOST_JUMP
        assert after.reason is None


def test_the_reason_goes_with_the_jump_and_stays_a_quarter_of_an_hour() -> None:
    before = shown(None, Range(10, 20), (), make.NOW)
    now = make.NOW + timedelta(minutes=1)
    jumped = shown(before, Range(30, 45), [Longer.EMERGENCY], now)
    assert (jumped.range, jumped.reason) == (Range(30, 45), Longer.EMERGENCY)
    soon = shown(jumped, Range(30, 45), (), now + timedelta(minutes=14))
    assert soon.reason is Longer.EMERGENCY
    assert shown(soon, Range(30, 45), (), now + timedelta(minutes=15)).reason is None


def test_a_wait_is_shown_in_fives_and_never_where_no_counter_calls() -> None:
    assert in_minutes(Wait(3, 12.4, 21.1)) == Range(10, 25)
    assert in_minutes(Wait(0, 0, 0)) == Range(0, 5)
    assert in_minutes(Wait(3, 12, inf)) is None


A = frozenset({make.PICK})
VISIT, OTHER, THIRD = (VisitId(make.uuid()) for _ in range(3))


def scene(*line: tuple[VisitId, NeedClass], counters: int = 2, since: float = 0.0) -> Scene:
    return Scene(
        tuple(visit for visit, _ in line),
        tuple(Waiting(-5, -5, need, A) for _, need in line),
        tuple(Counter(A, serving=A, since=since) for _ in range(counters)),
        ((A, usual(10)),),
        make.office().line,
        doors=(Door(make.PICK, Waiting(0, 0, NeedClass.WALK_IN, A, probe=True)),),
    )


def told(many: int, p50: float, p80: float) -> Outlook:
    return Outlook((Wait(p50 / 2, p50, p80),) * many, (Wait(p50, p50, p80),), 33.0)


def at(minutes: float) -> datetime:
    return make.NOW + timedelta(minutes=minutes)


def test_a_forecast_is_shown_while_fresh_and_says_nothing_later() -> None:
    waits, alone = Waits(), scene((VISIT, NeedClass.WALK_IN))
    assert waits.shown(VISIT, at(0)) is None
    waits.take(alone, told(1, 12, 21), at(0))
    said = waits.shown(VISIT, at(1.5))
    assert said is not None
    assert said.range == Range(10, 25)
    assert waits.shown(VISIT, at(1.6)) is None
    assert waits.shown(OTHER, at(1)) is None
    assert waits.door(make.PICK, at(1)) == Range(10, 25)
    assert waits.door(make.BIO, at(1)) is None
    assert waits.back_by(VISIT, at(1)) == at(6)
    assert waits.p80(NeedClass.WALK_IN, at(1)) == 21
    assert waits.p80(NeedClass.EMERGENCY, at(1)) is None
    assert waits.p80(NeedClass.WALK_IN, at(2)) is None


def test_what_made_a_wait_longer_is_told_with_it() -> None:
    cases = (
        (scene((VISIT, NeedClass.WALK_IN), (OTHER, NeedClass.EMERGENCY)), Longer.EMERGENCY),
        (scene((VISIT, NeedClass.WALK_IN), (OTHER, NeedClass.BOOKING)), Longer.MORE_FIRST),
        (scene((VISIT, NeedClass.WALK_IN), counters=1), Longer.FEWER_COUNTERS),
        (scene((VISIT, NeedClass.WALK_IN), since=30.0), Longer.SERVED_LONGER),
    )
    for after, why in cases:
        waits = Waits()
        waits.take(scene((VISIT, NeedClass.WALK_IN)), told(1, 5, 9), at(0))
        waits.take(after, told(len(after.visits), 30, 41), at(1))
        said = waits.shown(VISIT, at(1))
        assert said is not None
        assert (said.range, said.reason) == (Range(30, 45), why)


def test_without_a_cause_the_wait_grows_by_ten_minutes_at_most() -> None:
    waits, alone = Waits(), scene((VISIT, NeedClass.WALK_IN))
    waits.take(alone, told(1, 5, 9), at(0))
    waits.take(alone, told(1, 30, 41), at(1))
    said = waits.shown(VISIT, at(1))
    assert said is not None
    assert (said.range, said.reason) == (Range(15, 20), None)
    assert waits.bounded(VISIT, Range(60, 90), at(4)) == Range(15, 20)


def test_the_rough_formula_is_replaced_with_a_word() -> None:
    waits = Waits()
    alone = scene((VISIT, NeedClass.WALK_IN))
    waits.take(alone, told(1, 30, 41), at(0), formula=lambda _: Range(0, 5))
    said = waits.shown(VISIT, at(0))
    assert said is not None
    assert (said.range, said.reason) == (Range(30, 45), Longer.WORKED_OUT)


def test_the_first_forecast_is_the_promise_and_outlives_the_call() -> None:
    waits, alone = Waits(), scene((VISIT, NeedClass.WALK_IN))
    waits.take(alone, told(1, 12, 21), at(0))
    waits.take(scene((VISIT, NeedClass.WALK_IN), (OTHER, NeedClass.WALK_IN)), told(2, 4, 8), at(3))
    promise = waits.promise(VISIT)
    assert promise is not None
    assert (promise.given_at, promise.p50, promise.p80, promise.naive) == (at(0), 12, 21, 33.0)
    waits.take(scene((OTHER, NeedClass.WALK_IN)), told(1, 1, 2), at(4))
    assert waits.promise(VISIT) == promise
    assert waits.promise(THIRD) is None


def test_only_what_moves_the_line_is_noticed() -> None:
    waits = Waits()
    waits.apply(Fact())
    assert waits.moved == 0
    waits.apply(Fact(visits=(VisitNow.of(make.visit(), 0),)))
    assert waits.moved == 1
