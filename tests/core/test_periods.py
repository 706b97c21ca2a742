"""The period ledger: no gap, no overlap, nothing of what was taken back; and a day's figures."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import cast

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events import booking, floor
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry, Fact, VisitNow
from queue_service.model.booking import Part
from queue_service.model.ids import SYSTEM, ActorId, CounterKey, OfficeId
from queue_service.model.office import LineRules
from queue_service.model.visit import OPEN, Hand, NeedClass, Visit, VisitState
from queue_service.views.day_report import DayReport, accepted_after, day_report, own_numbers
from queue_service.views.periods import Kind, Ledger, Period, ledger, periods
from tests import make
from tests.make import BERLIN, BIO, NOW, PICK

MINUTE = timedelta(minutes=1)
ONE, TWO = CounterKey("1"), CounterKey("2")
CLERK, OTHER = ActorId(7), ActorId(8)
TODAY = NOW.date()
TALE = list[tuple[Entry, AnyFact]]


class Told:
    """Writes a small journal, act by act."""

    def __init__(self) -> None:
        self.entries: TALE = []
        self.now = NOW
        self.visits: dict[str, Visit] = {}
        self._before: list[tuple[str, Visit]] = []

    def come(self, number: str = "A100", **more: object) -> "Told":
        visit = make.visit(number, arrived=self.now, **more)  # type: ignore[arg-type]  # fields of a Visit
        return self.say(floor.CheckedIn, visit)

    def act(
        self,
        kind: type[Fact],
        state: VisitState,
        after: float = 0,
        number: str = "A100",
        by: ActorId = CLERK,
        **more: object,
    ) -> "Told":
        """`after` so many minutes somebody does something with a visit."""
        self.now += after * MINUTE
        more = {"counter": ONE if state in (VisitState.CALLED, VisitState.SERVING) else None} | more
        visit = msgspec.structs.replace(self.visits[number], state=state, **more)
        return self.say(kind, visit, by)

    def undo(self, after: float = 0, number: str = "A100") -> "Told":
        self.now += after * MINUTE
        undoes = self.entries[-1][0].seq
        return self.say(floor.Undone, self._before[-1][1], CLERK, undoes)

    def say(
        self, kind: type[Fact], visit: Visit, by: ActorId = SYSTEM, undoes: int | None = None
    ) -> "Told":
        before = self.visits.get(visit.number, visit)
        self._before.append((visit.number, before))
        self.visits[visit.number] = visit
        fact = cast(AnyFact, kind(visits=(VisitNow.of(visit, before.seq),)))
        self.entries.append((self.entry(fact, by, undoes), fact))
        return self

    def entry(self, fact: Fact, by: ActorId, undoes: int | None) -> Entry:
        return Entry(
            office=OfficeId(1),
            seq=len(self.entries) + 1,
            recorded=self.now,
            happened=self.now,
            by=by,
            undoes=undoes,
            tag=str(fact.__struct_config__.tag),
            body="{}",
            digest=b"",
            salt=b"",
            link=b"",
        )

    def ledger(self) -> Ledger:
        return ledger(self.entries)

    def report(self, no_shows: int = 0) -> DayReport:
        journeys = self.ledger().journeys()
        return day_report(journeys, TODAY, BERLIN, LineRules(), no_shows)

    def kinds(self) -> list[tuple[str, float | None]]:
        [of] = periods(self.entries).values()
        return [(p.kind.value, (p.end - p.start) / MINUTE if p.end else None) for p in of]


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


def day() -> Told:
    """Three walk-ins, an appointment and an emergency; one is never found."""
    told = Told()
    told.come("A1").come("A2").come("A3", parts=(Part(BIO, 1),))
    told.come("A4", need=NeedClass.BOOKING, due=NOW + 30 * MINUTE)
    told.act(floor.Called, S.CALLED, 10, "A1").act(floor.Finished, S.FINISHED, 8, "A1")
    told.act(floor.Called, S.CALLED, 2, "A2").act(floor.Started, S.SERVING, 1, "A2")
    told.come("A5", need=NeedClass.EMERGENCY)
    told.act(floor.Called, S.CALLED, 4, "A5", by=OTHER, counter=TWO)
    told.act(floor.Finished, S.FINISHED, 6, "A2")
    told.act(floor.Finished, S.FINISHED, 9, "A5", by=OTHER)
    told.act(floor.Called, S.CALLED, 5, "A4")
    told.act(floor.Called, S.CALLED, 25, "A3", counter=TWO)
    told.act(floor.Missed, S.MISSED, 5, "A3")
    return told


def test_a_day_in_figures() -> None:
    report = day().report(no_shows=2)
    assert (report.visits, report.served, report.left, report.in_house) == (5, 3, 1, 1)
    assert (report.no_shows, report.emergencies, report.emergencies_accepted) == (2, 1, 1)
    every = report.figures
    # Waits: A1 10, A2 20, A3 70, A4 15 (from its appointment on), A5 4.
    assert (every.wait_p50, every.wait_p80, every.wait_longest) == (15, 20, 70)
    assert every.in_target_share == 0.8
    assert every.service_minutes == round((8 + 10 + 15) / 3, 1)
    assert {s.service: s.figures.visits for s in report.services} == {PICK: 4, BIO: 1}
    assert [n.need for n in report.needs] == list(NeedClass)
    assert sum(hour.arrivals for hour in report.hours) == 5


def test_figures_of_another_day_are_not_mixed_in() -> None:
    told = day()
    told.now = datetime(2026, 11, 24, 8, tzinfo=BERLIN)
    told.come("B1")
    assert told.report().visits == 5
    other = day_report(told.ledger().journeys(), date(2026, 11, 24), BERLIN, LineRules(), 0)
    assert (other.visits, other.figures.wait_p50) == (1, None)


def test_a_visit_that_only_the_end_of_the_day_ended_tells_no_service_minutes() -> None:
    told = Told().come().act(floor.Called, S.CALLED, 5).act(floor.Started, S.SERVING)
    told.now = datetime(2026, 11, 24, 0, 1, tzinfo=BERLIN)
    told.act(booking.NotComing, S.FINISHED)
    assert told.report().figures.service_minutes is None


def test_somebody_sees_their_own_numbers_and_no_others() -> None:
    journeys = day().ledger().journeys()
    own = own_numbers(journeys, TODAY, BERLIN, OTHER)
    assert (own.served, own.service_minutes, own.emergencies) == (1, 15, 1)
    assert own_numbers(journeys, TODAY, BERLIN, CLERK).served == 2


def test_an_emergency_accepted_too_late_is_not_counted_as_accepted() -> None:
    told = Told().come(need=NeedClass.EMERGENCY).act(floor.Called, S.CALLED, 11)
    report = told.report()
    assert (report.emergencies, report.emergencies_accepted) == (1, 0)


def test_hours_without_arrivals_are_shown_too() -> None:
    told = Told().come("A1")
    told.now += 150 * MINUTE
    told.come("A2")
    # At 08:30 and 11:00.
    assert [hour.arrivals for hour in told.report().hours] == [1, 0, 0, 1]
