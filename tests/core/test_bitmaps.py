"""Bitmaps of a day say what looking at every cell says, loaded or followed, on any day."""

from datetime import date, datetime, time, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_service.events.booking import Cancelled, Held
from queue_service.events.capacity import Planned
from queue_service.events.entry import BookingNow, CellsNow
from queue_service.model.booking import BookingState, Part
from queue_service.model.ids import LimitId, ServiceCode, Tick
from queue_service.model.office import Limit, Period, Window
from queue_service.model.world import CellKey
from queue_service.slots import bitmaps
from queue_service.slots.calendar import day_tick, half_day_ticks, later
from queue_service.slots.openings import Request, Start
from queue_service.views.openings import Openings
from tests import make, naive
from tests.make import BERLIN, BIO, BIO_DAY, DESKS, HALL, PICK

bits = st.integers(0, 2**20 - 1)


def is_set(number: int, at: int) -> bool:
    return bool(number >> at & 1)


@given(bits, st.integers(1, 30))
def test_runs_are_found_by_shifting(number: int, length: int) -> None:
    whole, some = bitmaps.whole_runs(number, length), bitmaps.any_in_run(number, length)
    for at in range(40):
        run = [is_set(number, n) for n in range(at, at + length)]
        assert is_set(whole, at) == all(run)
        assert is_set(some, at) == any(run)
    assert list(bitmaps.positions(number)) == [n for n in range(20) if is_set(number, n)]


@given(bits, st.integers(-5, 30), st.integers(1, 4))
def test_the_positions_around_are_the_nearest_on_each_side(
    number: int, index: int, many: int
) -> None:
    positions = [n for n in range(20) if is_set(number, n)]
    below = sorted((n for n in positions if n < index), reverse=True)[:many]
    above = [n for n in positions if n >= index][:many]
    assert bitmaps.around(number, index, many) == below + above


@given(
    st.lists(st.lists(st.integers(-1, 9), min_size=12, max_size=12), min_size=1, max_size=3),
    st.integers(1, 12),
)
def test_the_least_in_a_run_is_that_of_all_rests(rests: list[list[int]], length: int) -> None:
    found = bitmaps.least_in_runs(rests, length)
    assert found == [
        min(rest[n] for rest in rests for n in range(at, at + length))
        for at in range(12 - length + 1)
    ]


HALF = LimitId(9)
NUMBERS = make.NUMBERS | {"half": HALF}
FAMILY = ServiceCode("FAM")
DAYS = (date(2026, 11, 23), date(2026, 10, 25), date(2027, 3, 28))
"""A plain day and both clock changes."""
PARTS = (
    (Part(PICK, 1),),
    (Part(PICK, 3),),
    (Part(BIO, 1),),
    (Part(PICK, 2), Part(BIO, 1)),
)
RUNS = {"desks": DESKS, "hall": HALL}


def office(grid: int, lead: int) -> Openings:
    """A view of the small office with a quota of the half day beside that of the day."""
    made = make.office()
    half = Limit("half", {"de": "Halbtag"}, 5, (BIO,), Period.HALF_DAY)
    rules = msgspec.structs.replace(made.booking, grid_minutes=grid, lead_minutes=lead)
    made = msgspec.structs.replace(made, limits=(*made.limits, half), booking=rules)
    return Openings(made, NUMBERS)


@st.composite
def towns(draw: st.DrawFn) -> tuple[date, dict[CellKey, int]]:
    """What is left on a day and the next: stretches around midnight, the changes and noon."""
    day = draw(st.sampled_from(DAYS))
    begin, next_day = day_tick(day, BERLIN), day_tick(day + timedelta(days=1), BERLIN)
    noon = half_day_ticks(day, BERLIN)[1]
    places = st.integers(-1, 2)
    left: dict[CellKey, int] = {}
    for around in (begin, begin + 24, noon, next_day):
        first, many = around - draw(st.integers(0, 12)), draw(st.integers(6, 24))
        for limit in (DESKS, HALL):
            usual = draw(st.sampled_from((0, 1, 2, 2)))
            odd = draw(st.dictionaries(st.integers(0, many - 1), places, max_size=4))
            for n in range(many):
                left[(limit, Tick(first + n))] = odd.get(n, usual)
    for at in (begin, next_day):
        left[(BIO_DAY, Tick(at))] = draw(places)
        left[(HALF, Tick(at))] = draw(places)
    left[(HALF, noon)] = draw(places)
    return day, left


def hold_at(view: Openings, tick: int, parts: tuple[Part, ...]) -> BookingNow:
    request = view.request(parts)
    assert isinstance(request, Request)
    start = naive.instant(tick)
    booking = make.booking(
        start, request.minutes, limits=view.limits_of(request), until=later(start, 9 * make.MINUTE)
    )
    return BookingNow.of(msgspec.structs.replace(booking, parts=parts), 0)


def held_by(view: Openings, holds: list[BookingNow]) -> set[CellKey]:
    found: set[CellKey] = set()
    for hold in holds:
        request = view.request(hold.parts)
        assert isinstance(request, Request)
        found.update(naive.needs(request, make.tick(hold.start), NUMBERS))
    return found


def agrees(
    view: Openings, left: dict[CellKey, int], holds: list[BookingNow], day: date, now: datetime
) -> None:
    """The view shows of every request what its cells say one by one."""
    rules = view.office.booking
    soonest = now.timestamp() + rules.lead_minutes * 60  # minutes that pass, also at night
    days = [day + timedelta(days=n) for n in range(rules.window_days + 1)]
    held = held_by(view, holds)
    for parts in PARTS:
        request = view.request(parts)
        assert isinstance(request, Request)
        expected = [
            naive.day_of(
                left,
                held,
                request,
                each,
                grid=rules.grid_minutes,
                soonest=soonest,
                numbers=NUMBERS,
            )
            for each in days[:2]
        ]
        assert list(view.month(parts, day, days[1], now)) == expected
        for hours in (0, 2, 13, 30):
            wanted = naive.instant(day_tick(day, BERLIN) + 12 * hours) + timedelta(seconds=77)
            found = view.alternatives(request, wanted, now)
            assert found == naive.nearest(expected, wanted, others=False)
        for start in (s for each in expected for s in (*each.starts[:2], *each.starts[-2:])):
            others = view.alternatives(request, start.start, now, others=True)
            assert others == naive.nearest(expected, start.start, others=True)
            full = min(left[c] for c in naive.needs(request, make.tick(start.start), NUMBERS)) == 0
            assert view.certainly_full(request, start.start, now) == full


@settings(max_examples=40)
@given(towns(), st.sampled_from((5, 10, 15)), st.integers(0, 200), st.data())
def test_a_day_from_bitmaps_is_the_day_cell_by_cell_loaded_or_followed(
    town: tuple[date, dict[CellKey, int]], grid: int, lead: int, data: st.DataObject
) -> None:
    day, left = town
    begin = day_tick(day, BERLIN)
    now = naive.instant(begin)
    view = office(grid, lead)
    ticks = st.integers(begin, begin + 290)
    holds = [
        hold_at(view, data.draw(ticks), parts)
        for parts in data.draw(st.lists(st.sampled_from(PARTS), max_size=3))
    ]
    view.load([(limit, tick, rest) for (limit, tick), rest in left.items()], holds, ())
    agrees(view, left, holds, day, now)
    for what in data.draw(st.lists(st.sampled_from(["edit", "hold", "end", "shift"]), max_size=4)):
        if what == "edit":
            limit = data.draw(st.sampled_from((DESKS, HALL)))
            first = Tick(data.draw(ticks))
            rests = data.draw(st.lists(st.integers(-1, 2), min_size=1, max_size=5))
            step = data.draw(st.sampled_from((1, 2)))
            view.apply(Planned(day=day, cells=(CellsNow(limit, first, step, tuple(rests)),)))
            left |= {(limit, Tick(first + n * step)): rest for n, rest in enumerate(rests)}
        elif what == "hold":
            holds.append(hold_at(view, data.draw(ticks), data.draw(st.sampled_from(PARTS))))
            view.apply(Held(bookings=(holds[-1],)))
        elif holds and what == "shift":  # still a hold, at another time
            old = holds.pop(0)
            new = hold_at(view, data.draw(ticks), old.parts)
            holds.append(msgspec.structs.replace(new, id=old.id))
            view.apply(Held(bookings=(holds[-1],)))
        elif holds:
            over = holds.pop(data.draw(st.integers(0, len(holds) - 1)))
            state = data.draw(st.sampled_from((BookingState.CANCELLED, BookingState.BOOKED)))
            view.apply(Cancelled(bookings=(msgspec.structs.replace(over, state=state),)))
        agrees(view, left, holds, day, now)


def test_a_visit_that_lasts_into_the_next_day_follows_every_cell() -> None:
    made = make.office()
    long = msgspec.structs.replace(made.services[0], minutes_first=1_400)
    always = Window(tuple(range(7)), time(0), time(23, 55))
    made = msgspec.structs.replace(made, services=(long, *made.services[1:]), hours=(always,))
    view, day = Openings(made, NUMBERS), DAYS[0]
    begin = day_tick(day, BERLIN)
    left = {(limit, Tick(begin + n)): 1 for limit in (DESKS, HALL) for n in range(700)}
    view.load([(limit, tick, rest) for (limit, tick), rest in left.items()], (), ())
    now, parts = naive.instant(begin), (Part(PICK, 1),)
    request = view.request(parts)
    assert isinstance(request, Request)
    for tick in (begin + 298, begin + 450, begin + 560):
        left[(DESKS, Tick(tick))] = 0
        before = view.month(parts, day, day, now)
        assert any(start.places for start in before[0].starts)
        view.apply(Planned(day=day, cells=(CellsNow(DESKS, Tick(tick), 1, (0,)),)))
        expected = naive.day_of(left, (), request, day, grid=10)
        assert view.month(parts, day, day, now) == (expected,)
        left[(DESKS, Tick(tick))] = 1
        view.apply(Planned(day=day, cells=(CellsNow(DESKS, Tick(tick), 1, (1,)),)))
    assert view.certainly_full(request, now, now) is False


def test_a_limit_that_opens_over_midnight_later_is_followed_over_midnight() -> None:
    view, day = office(5, 0), DAYS[0]
    begin, next_day = day_tick(day, BERLIN), day_tick(day + timedelta(days=1), BERLIN)
    now, parts = naive.instant(begin), PARTS[0]
    request = view.request(parts)
    assert isinstance(request, Request)
    left: dict[CellKey, int] = {}
    for first, rest in ((next_day - 3, 1), (next_day, 1), (next_day, 0), (next_day, 2)):
        for limit in (DESKS, HALL):
            view.apply(Planned(day=day, cells=(CellsNow(limit, Tick(first), 1, (rest,) * 3),)))
            left |= {(limit, Tick(first + n)): rest for n in range(3)}
        expected = naive.day_of(left, (), request, day, grid=5)
        assert view.month(parts, day, day, now) == (expected,)
        assert [start.places for start in expected.starts] in ([1, 1], [1, 1, 1], [1, 1, 0])


def test_a_visit_takes_from_the_half_day_in_which_it_starts_noon_being_afternoon() -> None:
    view, day = office(5, 0), DAYS[0]
    begin, noon = half_day_ticks(day, BERLIN)
    cells = [(limit, Tick(noon + n), 3) for limit in (DESKS, HALL) for n in range(-12, 12)]
    quotas = [(BIO_DAY, begin, 9), (HALF, begin, 1), (HALF, noon, 2)]
    view.load([*cells, *quotas], (), ())
    now, parts = naive.instant(begin), (Part(BIO, 1),)
    [found] = view.month(parts, day, day, now)
    assert {make.tick(s.start) < noon: s.places for s in found.starts} == {True: 1, False: 2}
    request = view.request(parts)
    assert isinstance(request, Request)
    near = view.alternatives(request, naive.instant(noon), now)
    assert [(make.tick(s.start) - noon, s.places) for s in near] == [(-1, 1), (0, 2), (1, 2)]
    view.apply(Planned(day=day, cells=(CellsNow(HALF, noon, 1, (0,)),)))
    assert view.certainly_full(request, naive.instant(noon), now)
    assert not view.certainly_full(request, naive.instant(noon - 1), now)


def test_days_that_are_over_are_dropped_and_ask_for_nothing() -> None:
    view, day = office(5, 0), DAYS[0]
    begin = day_tick(day, BERLIN)
    view.load([(DESKS, Tick(begin + n), 1) for n in range(96)], (), ())
    later = naive.instant(begin) + timedelta(days=3)
    view.grow_older(later, later)
    request = view.request(PARTS[0])
    assert isinstance(request, Request)
    assert not view.certainly_full(request, naive.instant(begin), later)
    assert view.alternatives(request, naive.instant(begin), later) == ()
    hold = hold_at(view, begin, PARTS[0])
    view.apply(Held(bookings=(hold,)))
    view.apply(Cancelled(bookings=(msgspec.structs.replace(hold, state=BookingState.CANCELLED),)))
    assert view.month(PARTS[0], later.date(), later.date(), later)[0].starts == ()


def test_instants_of_a_plain_day_are_those_of_the_clock() -> None:
    view = office(5, 0)
    for day in (DAYS[0], *DAYS[1:]):
        begin, end = day_tick(day, BERLIN), day_tick(day + timedelta(days=1), BERLIN)
        view.load([(n, Tick(t), 3) for n in (DESKS, HALL) for t in range(begin, end)], (), ())
        [found] = view.month(PARTS[0], day, day, naive.instant(begin))
        assert found.starts == tuple(Start(naive.instant(t), 3) for t in range(begin, end - 1))
        offsets = [start.start.utcoffset() for start in found.starts]
        assert offsets == [naive.instant(t).utcoffset() for t in range(begin, end - 1)]
