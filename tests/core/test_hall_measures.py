"""What surge rules measure in the hall: work, waits and emergencies that nobody has taken."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.booking import Part
from queue_service.model.visit import NeedClass, Step, Stop, Visit, VisitState
from queue_service.views import hall_metrics
from tests import make
from tests.make import BIO, HELP, NOW

MINUTE = timedelta(minutes=1)


def test_work_is_what_everybody_waiting_still_needs_for_each_open_counter() -> None:
    office = make.office()
    line = [
        make.visit("A1"),
        make.visit("A2", parts=(Part(BIO, 2),)),
        make.visit("A3", state=VisitState.CALLED),
        make.visit("A4", state=VisitState.PARKED),
    ]
    assert hall_metrics.work_per_counter(line, office, 2) == (10 + 30) / 2
    assert hall_metrics.work_per_counter(line, office, 0) == 40
    assert hall_metrics.work_per_counter([], office, 3) == 0


def test_stops_that_are_done_are_no_work() -> None:
    half = make.visit(
        parts=(Part(BIO, 1),),
        stops=(Stop(BIO, Step.FINGERPRINTS, done=True), Stop(BIO, Step.CASE_WORKER)),
    )
    assert hall_metrics.work_minutes(half, make.office()) == 10


def test_the_oldest_wait_is_that_of_its_class_and_begins_with_the_appointment() -> None:
    line = [
        make.visit("A1", arrived=NOW - 50 * MINUTE),
        make.visit("A2", need=NeedClass.BOOKING, arrived=NOW - 40 * MINUTE, due=NOW - 5 * MINUTE),
        make.visit("A3", arrived=NOW - 90 * MINUTE, state=VisitState.CALLED),
    ]
    assert hall_metrics.oldest_wait(line, NOW, None) == 50
    assert hall_metrics.oldest_wait(line, NOW, NeedClass.BOOKING) == 5
    assert hall_metrics.oldest_wait(line, NOW, NeedClass.EMERGENCY) == 0
    told = [10.0, 20.0, 0.0]
    assert hall_metrics.predicted_p80(line, None, told) == 20
    assert hall_metrics.predicted_p80(line, NeedClass.BOOKING, told) == 20


def test_emergencies_are_unserved_until_a_counter_has_taken_them() -> None:
    line = [
        make.visit("A1", need=NeedClass.EMERGENCY, parts=(Part(HELP, 1),)),
        make.visit("A2", need=NeedClass.EMERGENCY, state=VisitState.SERVING),
        make.visit("A3"),
    ]
    assert hall_metrics.unserved_emergencies(line) == 1


@given(st.lists(st.sampled_from(list(VisitState)), max_size=12), st.integers(0, 5))
def test_only_who_waits_is_measured(states: list[VisitState], counters: int) -> None:
    line: list[Visit] = [make.visit(f"A{n}", state=s) for n, s in enumerate(states)]
    waiting = [v for v in line if v.state is VisitState.WAITING]
    office = make.office()
    both = [hall_metrics.work_per_counter(some, office, counters) for some in (line, waiting)]
    assert both[0] == both[1]
    assert (both[0] > 0) == bool(waiting)
