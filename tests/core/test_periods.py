"""The period ledger: no gap, no overlap, nothing of what was taken back."""

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events import floor
from queue_service.events.entry import Fact
from queue_service.model.ids import SYSTEM
from queue_service.model.visit import OPEN, Hand, NeedClass, VisitState
from queue_service.views.day_report import accepted_after
from queue_service.views.periods import Kind, Period, periods
from tests.make import NOW
from tests.tales import CLERK, MINUTE, ONE, OTHER, TWO, Told

S = VisitState
NEXT: dict[VisitState, list[tuple[type[Fact], VisitState]]] = {
    S.WAITING: [
        (floor.Called, S.CALLED),
        (floor.Marked, S.WAITING),
        (floor.HandedOver, S.WAITING),
        (floor.ComesLater, S.WAITING),
    ],
    S.CALLED: [
        (floor.Recalled, S.CALLED),
        (floor.Missed, S.WAITING),
        (floor.Missed, S.MISSED),
        (floor.Started, S.SERVING),
        (floor.Finished, S.FINISHED),
        (floor.Parked, S.PARKED),
        (floor.Forwarded, S.WAITING),
    ],
    S.SERVING: [
        (floor.Finished, S.FINISHED),
        (floor.Finished, S.WAITING),
        (floor.Parked, S.PARKED),
        (floor.Forwarded, S.WAITING),
        (floor.ServiceAdded, S.SERVING),
        (floor.HandedOver, S.WAITING),
    ],
    S.PARKED: [(floor.Resumed, S.WAITING), (floor.Resumed, S.SERVING)],
    S.FINISHED: [],
    S.MISSED: [],
}
STEPS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 30), st.booleans()), min_size=0, max_size=25
)


def lived(steps: list[tuple[int, int, bool]], *, undos: bool) -> Told:
    """A visit that does what `steps` choose; a step may be taken back a moment later."""
    told = Told().come()
    for choice, minutes, taken_back in steps:
        state = told.visits["A100"].state
        if not NEXT[state]:
            break
        kind, after = NEXT[state][choice % len(NEXT[state])]
        hand = Hand(told.now) if kind is floor.HandedOver else None
        if taken_back and not undos:
            told.now += (minutes + 0.1) * MINUTE
            continue
        told.act(kind, after, minutes, hand=hand)
        if taken_back:
            told.undo(0.1)
    return told


@given(STEPS)
def test_periods_never_overlap_and_cover_the_visit_from_arrival_to_end(
    steps: list[tuple[int, int, bool]],
) -> None:
    told = lived(steps, undos=True)
    [of] = periods(told.entries).values()
    assert of[0].start == NOW
    for one, two in pairwise(of):
        assert one.start <= two.start
        assert one.end == two.start
    visit = told.visits["A100"]
    if visit.state in OPEN:
        assert of[-1].end is None
    else:
        assert of[-1].end == told.now or told.entries[-1][0].undoes is not None


@given(STEPS)
def test_what_was_taken_back_leaves_no_trace(steps: list[tuple[int, int, bool]]) -> None:
    [with_undos] = periods(lived(steps, undos=True).entries).values()
    [without] = periods(lived(steps, undos=False).entries).values()
    assert with_undos == without


@given(STEPS)
def test_neighbours_differ_in_kind_or_counter(steps: list[tuple[int, int, bool]]) -> None:
    [of] = periods(lived(steps, undos=True).entries).values()
    assert all((one.kind, one.counter) != (two.kind, two.counter) for one, two in pairwise(of))


def test_an_undo_that_is_not_understood_would_be_seen() -> None:
    told = Told().come().act(floor.Called, S.CALLED, 5).undo(0.1)
    entry, fact = told.entries[-1]
    told.entries[-1] = (msgspec.structs.replace(entry, undoes=None), fact)
    assert [kind for kind, _ in told.kinds()] == ["waiting", "called", "waiting"]


def test_a_visit_is_waited_called_walked_and_served() -> None:
    told = Told().come().act(floor.Called, S.CALLED, 12, by=CLERK)
    told.act(floor.Started, S.SERVING, 1).act(floor.Finished, S.FINISHED, 8)
    assert told.kinds() == [("waiting", 12), ("walking", 1), ("serving", 8)]
    [of] = periods(told.entries).values()
    assert of[0] == Period(Kind.WAITING, NOW, NOW + 12 * MINUTE, None, SYSTEM)
    assert (of[2].counter, of[2].by) == (ONE, CLERK)


def test_a_visit_finished_without_a_start_was_served_since_the_call() -> None:
    told = Told().come().act(floor.Called, S.CALLED, 12).act(floor.Finished, S.FINISHED, 9)
    assert told.kinds() == [("waiting", 12), ("serving", 9)]


def test_a_call_in_vain_is_a_call_and_the_wait_goes_on() -> None:
    told = Told().come().act(floor.Called, S.CALLED, 5).act(floor.Recalled, S.CALLED, 1)
    told.act(floor.Missed, S.WAITING, 1).act(floor.Called, S.CALLED, 10)
    assert told.kinds() == [("waiting", 5), ("called", 2), ("waiting", 10), ("called", None)]


def test_who_says_that_they_are_late_was_called_not_served() -> None:
    told = Told().come().act(floor.Called, S.CALLED, 5).act(floor.ComesLater, S.WAITING, 1)
    assert told.kinds() == [("waiting", 5), ("called", 1), ("waiting", None)]


def test_who_is_handed_over_is_held_until_somebody_accepts() -> None:
    told = Told().come(need=NeedClass.EMERGENCY)
    told.act(floor.HandedOver, S.WAITING, 2, hand=Hand(NOW))
    told.act(floor.HandPassed, S.WAITING, 3, hand=Hand(NOW))
    told.act(floor.HandAccepted, S.CALLED, 1, counter=TWO, by=OTHER)
    told.act(floor.Started, S.SERVING, 1, counter=TWO, by=OTHER)
    assert told.kinds() == [("waiting", 2), ("held", 4), ("walking", 1), ("serving", None)]
    assert accepted_after(told.ledger().journeys()[0]) == 4 * MINUTE


def test_a_parked_visit_is_parked() -> None:
    told = Told().come().act(floor.Called, S.CALLED, 5).act(floor.Started, S.SERVING, 1)
    told.act(floor.Parked, S.PARKED, 4).act(floor.Resumed, S.WAITING, 15)
    assert told.kinds()[2:] == [("serving", 4), ("parked", 15), ("waiting", None)]


def test_the_clock_of_an_offline_kiosk_makes_no_negative_period() -> None:
    told = Told().come().act(floor.Called, S.CALLED, 5)
    entry, fact = told.entries[-1]
    told.entries[-1] = (msgspec.structs.replace(entry, happened=NOW - MINUTE), fact)
    [of] = periods(told.entries).values()
    assert (of[0].start, of[0].end) == (NOW, NOW)
