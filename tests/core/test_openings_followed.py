"""The view of what is free, entry by entry: what it shows is what one loaded now shows."""

from datetime import datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.capacity import Planned
from queue_service.model.booking import Booking, BookingState, Part, Person
from queue_service.model.ids import Tick
from queue_service.model.world import CellKey, Grant, Told, World
from queue_service.slots import claims, holds, life
from queue_service.slots.openings import Request
from queue_service.views.openings import Openings
from tests import make
from tests.make import CLOCK, DESKS, HALL, MINUTE
from tests.openings import (
    FIRST,
    REQUESTS,
    RULES,
    TICKS,
    TODAY,
    TOMORROW,
    go_on,
    loaded,
    town,
    wanted_of,
)
from tests.rehearsed import Rehearsed

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
        go_on(rehearsed, what, one, start, pick)


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
        rehearsed.act(lambda w: holds.hold(w, wanted, rules=RULES, zone=make.BERLIN, clock=CLOCK))
        return
    booked = msgspec.structs.replace(wanted, state=BookingState.BOOKED)
    rehearsed.act(
        lambda w: life.book_by_staff(
            w,
            booked,
            person=Person(booked.id, "A"),
            exceed_reason="crowd" if exceed else "",
            rules=RULES,
            zone=make.BERLIN,
        )
    )


def seen(view: Openings, now: datetime) -> list[object]:
    """Everything a reader of the view sees."""
    days = [view.month(parts, TODAY, TOMORROW, now) for parts in REQUESTS]
    nearest = [
        view.alternatives(request, FIRST, now)
        for parts in REQUESTS
        if isinstance(request := view.request(parts), Request)
    ]
    return [*days, *nearest, view.has_due(now)]


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
