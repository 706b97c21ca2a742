"""A day's figures, from its periods alone."""

from datetime import date, datetime

from queue_service.events import booking, floor
from queue_service.model.booking import Part
from queue_service.model.office import LineRules
from queue_service.model.visit import NeedClass, VisitState
from queue_service.views.day_report import day_report, own_numbers
from tests.make import BERLIN, BIO, NOW, PICK
from tests.tales import CLERK, MINUTE, OTHER, TODAY, TWO, Told

S = VisitState


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
