"""What is free: what a request needs, what is full, and which days and starts are shown."""

from datetime import date, timedelta

import msgspec
import pytest

from queue_service.model.booking import Part
from queue_service.model.ids import Tick
from queue_service.model.office import Period
from queue_service.model.refusal import Code, Refusal
from queue_service.slots import holds
from queue_service.slots import openings as engine
from queue_service.slots.calendar import day_tick, touched
from queue_service.slots.openings import DayState, Request
from queue_service.views.openings import Openings
from tests import make
from tests.make import BERLIN, BIO, CLOCK, DESKS, HALL, HELP, MINUTE, NOW, PICK
from tests.openings import (
    FIRST,
    OFFICE,
    ONE_PICK,
    RULES,
    SMALL,
    TODAY,
    TOMORROW,
    go_on,
    loaded,
    town,
    wanted_of,
)


@pytest.mark.parametrize(
    ("parts", "minutes", "limits", "once"),
    [
        ((Part(PICK, 1),), 10, ("desks", "hall"), ()),
        ((Part(PICK, 3),), 20, ("desks", "hall"), ()),
        ((Part(BIO, 1),), 20, ("desks", "hall"), (("bio-day", Period.DAY),)),
        ((Part(PICK, 1), Part(BIO, 2)), 40, ("desks", "hall"), (("bio-day", Period.DAY),)),
    ],
)
def test_a_request_needs_the_minutes_of_all_and_every_limit_that_names_one(
    parts: tuple[Part, ...], minutes: int, limits: tuple[str, ...], once: tuple[object, ...]
) -> None:
    assert engine.request(OFFICE, parts) == Request(parts, minutes, limits, once)  # type: ignore[arg-type]  # pairs


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((), Code.INVALID),
        ((Part("NONE", 1),), Code.UNKNOWN_SERVICE),  # type: ignore[arg-type]  # no such code
        ((Part(PICK, 0),), Code.INVALID),
        ((Part(PICK, 9),), Code.TOO_MANY_PERSONS),
        ((Part(HELP, 1),), Code.NO_APPOINTMENT_NEEDED),
        ((Part(PICK, 1), Part(HELP, 1)), Code.NO_APPOINTMENT_NEEDED),
    ],
)
def test_what_cannot_be_booked_says_why(parts: tuple[Part, ...], code: Code) -> None:
    refusal = engine.request(OFFICE, parts)
    assert isinstance(refusal, Refusal)
    assert refusal.code is code


def test_a_service_that_needs_no_appointment_is_not_booked() -> None:
    service = msgspec.structs.replace(OFFICE.services[0], not_needed={"de": "Einfach kommen"})
    office = msgspec.structs.replace(OFFICE, services=(service, *OFFICE.services[1:]))
    assert engine.request(office, ONE_PICK) == Refusal(
        Code.NO_APPOINTMENT_NEEDED, {"service": PICK}
    )


def test_a_place_that_is_certainly_full_is_not_once_a_hold_of_the_office_is_due() -> None:
    rehearsed = town()
    view = loaded(rehearsed)
    request = view.request(ONE_PICK)
    assert isinstance(request, Request)
    wanted = wanted_of(view, ONE_PICK, FIRST)
    rehearsed.act(lambda w: holds.hold(w, wanted, rules=RULES, zone=make.BERLIN, clock=CLOCK))
    view.apply(rehearsed.journal[-1][1])
    until = rehearsed.bookings[wanted.id].until
    assert until is not None
    assert view.certainly_full(request, FIRST, until - MINUTE)
    assert not view.certainly_full(request, FIRST, until)


def test_an_extended_hold_is_due_only_at_its_new_end() -> None:
    rehearsed = town()
    view = loaded(rehearsed)
    wanted = wanted_of(view, ONE_PICK, FIRST)
    rehearsed.act(lambda w: holds.hold(w, wanted, rules=RULES, zone=make.BERLIN, clock=CLOCK))
    first_end = rehearsed.bookings[wanted.id].until
    rehearsed.act(lambda w: holds.extend(w, wanted.id, rules=RULES, clock=CLOCK))
    for _, fact, _ in rehearsed.journal:
        view.apply(fact)
    until = rehearsed.bookings[wanted.id].until
    assert first_end is not None
    assert until is not None
    assert not view.has_due(first_end)
    assert view.has_due(until)


def test_what_was_held_is_shown_as_taken_once_it_is_booked() -> None:
    rehearsed = town()
    view = loaded(rehearsed)
    wanted = wanted_of(view, ONE_PICK, FIRST)
    rehearsed.act(lambda w: holds.hold(w, wanted, rules=RULES, zone=make.BERLIN, clock=CLOCK))
    view.apply(rehearsed.journal[-1][1])

    def first_state() -> DayState:
        return view.month(ONE_PICK, TODAY, TODAY, NOW)[0].starts[0].state

    before = view.stamp(TODAY, TODAY, NOW)
    assert first_state() is DayState.HELD
    go_on(rehearsed, "confirm", wanted.id, FIRST, 0)
    view.apply(rehearsed.journal[-1][1])
    assert first_state() is DayState.TAKEN
    assert view.stamp(TODAY, TODAY, NOW) != before


def test_a_start_that_is_past_is_no_alternative_even_if_nothing_else_happened() -> None:
    view = loaded(town())
    request = view.request(ONE_PICK)
    assert isinstance(request, Request)
    early = view.alternatives(request, FIRST, NOW)
    assert early[0].start == FIRST
    later = view.alternatives(request, FIRST, FIRST + 11 * MINUTE)
    assert all(s.start >= FIRST + 11 * MINUTE for s in later)
    assert len(later) == 3


def test_the_stamp_changes_with_the_entry_the_clock_and_the_view_and_not_else() -> None:
    rehearsed = town()
    view = loaded(rehearsed)
    stamp = view.stamp(TODAY, TOMORROW, NOW)
    assert view.stamp(TODAY, TOMORROW, NOW) == stamp
    assert view.stamp(TODAY, TOMORROW, NOW + 5 * MINUTE) != stamp
    assert loaded(rehearsed).stamp(TODAY, TOMORROW, NOW) != stamp
    wanted = wanted_of(view, ONE_PICK, FIRST)
    rehearsed.act(lambda w: holds.hold(w, wanted, rules=RULES, zone=make.BERLIN, clock=CLOCK))
    view.apply(rehearsed.journal[-1][1])
    assert view.stamp(TODAY, TOMORROW, NOW) != stamp
    assert view.stamp(TOMORROW, TOMORROW, NOW) == view.stamp(TOMORROW, TOMORROW, NOW)


def test_days_outside_the_window_say_so() -> None:
    view = loaded(town())
    last = TODAY + timedelta(days=RULES.window_days)
    yesterday = TODAY - timedelta(days=1)
    days = view.month(ONE_PICK, yesterday, last + timedelta(days=1), NOW)
    assert [days[0].state, days[1].state, days[2].state, days[-1].state] == [
        DayState.CLOSED,
        DayState.FREE,
        DayState.CLOSED,
        DayState.NOT_YET,
    ]


def test_starts_lie_on_the_grid_of_the_wall_clock() -> None:
    ten = msgspec.structs.replace(SMALL, booking=msgspec.structs.replace(RULES, grid_minutes=20))
    view = Openings(ten, make.NUMBERS)
    rehearsed = town()
    view.load([(k[0], k[1], 1) for k in rehearsed.cells], (), ())
    [day] = view.month(ONE_PICK, TODAY, TODAY, NOW)
    assert [s.start for s in day.starts] == [FIRST, FIRST + 20 * MINUTE]
    assert view.starts_here(FIRST)
    assert not view.starts_here(FIRST + 5 * MINUTE)
    assert not view.starts_here(FIRST + timedelta(seconds=1))


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2027, 3, 28)])
def test_every_tick_of_a_day_of_the_clock_change_is_offered_once(day: date) -> None:
    begin = day_tick(day, BERLIN)
    end = day_tick(day + timedelta(days=1), BERLIN)
    view = Openings(SMALL, make.NUMBERS)
    view.load([(n, Tick(t), 1) for n in (DESKS, HALL) for t in range(begin, end)], (), ())
    midnight = touched(Period.TICK, make.at(f"{day} 00:00"), make.at(f"{day} 00:05"), BERLIN)
    now = make.at(f"{day} 00:00")
    [found] = view.month(ONE_PICK, day, day, now)
    ticks = [make.tick(s.start) for s in found.starts]
    assert ticks == list(range(midnight[0], end - 1))
    assert len(ticks) in (275, 299)
