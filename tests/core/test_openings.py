"""What is free: against counting by hand, and the view against what the journal says."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.booking import CancelReason
from queue_service.events.capacity import Planned
from queue_service.events.entry import BookingNow
from queue_service.model.booking import EXPIRING, Booking, BookingState, Part, Person
from queue_service.model.ids import BookingId, Tick
from queue_service.model.office import Office, Period
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Cell, CellKey, Grant, Told, World
from queue_service.slots import claims, holds, life
from queue_service.slots import openings as engine
from queue_service.slots.calendar import day_tick, touched
from queue_service.slots.openings import DayState, Request
from queue_service.views.openings import Openings
from tests import make
from tests.make import BERLIN, BIO, BIO_DAY, CLOCK, DESKS, HALL, HELP, MAIL, MINUTE, NOW, PICK
from tests.rehearsed import Rehearsed

OFFICE = make.office()
TODAY, TOMORROW = NOW.date(), NOW.date() + timedelta(days=1)
FIRST = make.at("09:00")
TICKS = 8
ONE_PICK, ONE_BIO = (Part(PICK, 1),), (Part(BIO, 1),)
DAY_CELL = (BIO_DAY, day_tick(TODAY, BERLIN))


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
        ((Part(PICK, 0),), Code.TOO_MANY_PERSONS),
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


grid = msgspec.structs.replace(OFFICE.booking, grid_minutes=5, lead_minutes=0)
SMALL: Office = msgspec.structs.replace(OFFICE, booking=grid)
REQUESTS = (ONE_PICK, ONE_BIO, (Part(PICK, 2),))
RULES = SMALL.booking


def town(capacity: int = 1) -> Rehearsed:
    """Forty minutes of two limits today, and a quota of the day."""
    cells: dict[CellKey, Cell | None] = make.cells(make.each((DESKS, HALL), FIRST, TICKS), capacity)
    return Rehearsed(cells | {DAY_CELL: Cell(2, 0)}, (b"amal", b"ben"))


def loaded(rehearsed: Rehearsed) -> Openings:
    """The view as it starts from rows."""
    view = Openings(SMALL, make.NUMBERS)
    view.load(
        [
            (key[0], key[1], cell.left if cell.capacity else -1)
            for key, cell in rehearsed.cells.items()
            if cell is not None
        ],
        [BookingNow.of(b, b.seq) for b in rehearsed.bookings.values() if b.state in EXPIRING],
        [],
    )
    return view


def wanted_of(view: Openings, parts: tuple[Part, ...], start: object) -> Booking:
    """The booking a flow would hold for these parts."""
    request = view.request(parts)
    assert isinstance(request, Request)
    return msgspec.structs.replace(
        make.booking(start, request.minutes),  # type: ignore[arg-type]  # a datetime
        parts=parts,
        limits=view.limits_of(request),
        once=view.once_of(request, start),  # type: ignore[arg-type]  # a datetime
    )


acts = st.lists(
    st.tuples(
        st.sampled_from(
            ["hold", "hold", "staff", "confirm", "mail", "extend", "cancel", "move", "edit", "wait"]
        ),
        st.integers(0, TICKS - 1),
        st.integers(0, 9),
        st.sampled_from(REQUESTS),
    ),
    max_size=25,
)
Act = tuple[str, int, int, tuple[Part, ...]]


def perform(rehearsed: Rehearsed, view: Openings, act: Act) -> None:
    """One act on the office; `view` only helps to say what a booking needs."""
    what, step, pick, parts = act
    start = FIRST + step * 5 * MINUTE
    known = sorted(rehearsed.bookings)
    one = known[pick % len(known)] if known else None
    if what == "wait":
        rehearsed.wait(pick)
        return
    if what == "edit":
        key = ((DESKS, HALL)[pick % 2], Tick(make.tick(FIRST) + step))
        _edit(rehearsed, key, pick % 3)
        return
    if what in ("hold", "staff"):
        _begin(rehearsed, wanted_of(view, parts, start), staff=what == "staff", exceed=pick > 6)
    elif one is not None:
        _go_on(rehearsed, what, one, start, pick)


def _edit(rehearsed: Rehearsed, key: CellKey, capacity: int) -> None:
    rehearsed.turn()  # what is over has lapsed before the edit looks
    cell = rehearsed.cells[key]
    assert cell is not None
    left = max(0, capacity - cell.taken) if capacity else -1
    rehearsed.act(
        lambda _w: Told(
            Planned(day=TODAY, cells=claims.runs({key: left})), grants=(Grant(key, capacity),)
        )
    )


def _begin(rehearsed: Rehearsed, wanted: Booking, *, staff: bool, exceed: bool) -> None:
    if any(key not in rehearsed.cells for key in claims.taken_by(wanted)):
        return
    if not staff:
        rehearsed.act(lambda w: holds.hold(w, wanted, rules=RULES, clock=CLOCK))
        return
    booked = msgspec.structs.replace(wanted, state=BookingState.BOOKED)
    rehearsed.act(
        lambda w: life.book_by_staff(
            w,
            booked,
            person=Person(booked.id, "A"),
            exceed_reason="crowd" if exceed else "",
            rules=RULES,
        )
    )


def _go_on(rehearsed: Rehearsed, what: str, one: BookingId, start: object, pick: int) -> None:
    old = rehearsed.bookings[one]
    if what == "extend":
        rehearsed.act(lambda w: holds.extend(w, one, rules=RULES, clock=CLOCK))
    elif what == "cancel":
        rehearsed.act(lambda w: life.cancel(w, one, reason=CancelReason.OFFICE, rules=RULES))
    elif what in ("confirm", "mail"):
        service = SMALL.service(MAIL if what == "mail" else PICK)
        assert service is not None
        rehearsed.act(
            lambda w: life.confirm(
                w,
                one,
                person=Person(one, "A", "a@example.org"),
                person_key=None,
                code="2",
                service=service,
                language="de",
                clock=CLOCK,
            )
        )
    else:
        new = msgspec.structs.replace(old, start=start, end=start + (old.end - old.start))  # type: ignore[operator]  # a datetime
        if all(key in rehearsed.cells for key in claims.taken_by(new)):
            rehearsed.act(lambda w: life.move(w, one, start=new.start, once=old.once, rules=RULES))


def seen(view: Openings, now: object) -> list[object]:
    """Everything a reader of the view sees."""
    days = [view.month(parts, TODAY, TOMORROW, now) for parts in REQUESTS]  # type: ignore[arg-type]  # a datetime
    nearest = [
        view.alternatives(request, FIRST, now)  # type: ignore[arg-type]  # a datetime
        for parts in REQUESTS
        if isinstance(request := view.request(parts), Request)
    ]
    return [*days, *nearest, view.has_due(now)]  # type: ignore[arg-type]  # a datetime


@given(acts, st.integers(1, 2))
def test_a_view_that_followed_every_entry_shows_what_one_loaded_now_shows(
    sequence: list[Act], capacity: int
) -> None:
    rehearsed = town(capacity)
    view = loaded(rehearsed)
    followed = 0
    for act in sequence:
        seen(view, rehearsed.now)  # fills every cache, so that a stale one shows
        perform(rehearsed, view, act)
        for _, fact, _ in rehearsed.journal[followed:]:
            view.apply(fact)
        followed = rehearsed.seq
        assert seen(view, rehearsed.now) == seen(loaded(rehearsed), rehearsed.now)


@given(acts, st.integers(1, 2), st.integers(0, 25), st.integers(0, 40))
def test_what_is_called_certainly_full_had_no_room_as_of_the_entry_the_view_has(
    sequence: list[Act], capacity: int, behind: int, later: int
) -> None:
    rehearsed = town(capacity)
    view = loaded(rehearsed)
    for act in sequence:
        perform(rehearsed, view, act)
    reached = max(0, rehearsed.seq - behind)
    for _, fact, _ in rehearsed.journal[:reached]:
        view.apply(fact)
    cells, bookings = rehearsed.past[reached]
    now = rehearsed.now + later * MINUTE
    for parts in REQUESTS:
        request = view.request(parts)
        assert isinstance(request, Request)
        for step in range(TICKS):
            start = FIRST + step * 5 * MINUTE
            needed = dict.fromkeys(view.cells_for(request, start), 1)
            world = World(now, cells=dict.fromkeys(needed) | cells, bookings=bookings)
            over = holds.lapse(world)
            if over is not None:
                world.take(over, 99)
            if view.certainly_full(request, start, now):
                assert claims.fits(world, needed) is not None, "called full, though there is room"


def test_a_place_that_is_certainly_full_is_not_once_a_hold_of_the_office_is_due() -> None:
    rehearsed = town()
    view = loaded(rehearsed)
    request = view.request(ONE_PICK)
    assert isinstance(request, Request)
    wanted = wanted_of(view, ONE_PICK, FIRST)
    rehearsed.act(lambda w: holds.hold(w, wanted, rules=RULES, clock=CLOCK))
    view.apply(rehearsed.journal[-1][1])
    until = rehearsed.bookings[wanted.id].until
    assert until is not None
    assert view.certainly_full(request, FIRST, until - MINUTE)
    assert not view.certainly_full(request, FIRST, until)


def test_an_extended_hold_is_due_only_at_its_new_end() -> None:
    rehearsed = town()
    view = loaded(rehearsed)
    wanted = wanted_of(view, ONE_PICK, FIRST)
    rehearsed.act(lambda w: holds.hold(w, wanted, rules=RULES, clock=CLOCK))
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
    rehearsed.act(lambda w: holds.hold(w, wanted, rules=RULES, clock=CLOCK))
    view.apply(rehearsed.journal[-1][1])

    def first_state() -> DayState:
        return view.month(ONE_PICK, TODAY, TODAY, NOW)[0].starts[0].state

    before = view.stamp(TODAY, TODAY, NOW)
    assert first_state() is DayState.HELD
    _go_on(rehearsed, "confirm", wanted.id, FIRST, 0)
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
    rehearsed.act(lambda w: holds.hold(w, wanted, rules=RULES, clock=CLOCK))
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
