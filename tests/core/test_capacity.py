"""Capacity: windows × capacity plus layers → cells, and which of them change."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, permutations
from operator import itemgetter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.booking import Held
from queue_service.model.ids import ActorId, CounterKey, ServiceCode, Tick
from queue_service.model.office import Limit, Office, Period, Window
from queue_service.model.world import Told, World
from queue_service.offices import Layer, Origin
from queue_service.offices.layers import added_by
from queue_service.slots import capacity as planned
from queue_service.slots import claims
from queue_service.slots.calendar import half_day_ticks, instant_of, tick_of, ticks_of_day
from queue_service.slots.capacity import difference, end_of
from tests import make
from tests.presets import preset

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)
NO_HOLIDAYS: frozenset[date] = frozenset()
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


OFFICE = preset("heidelberg")
BERLIN = OFFICE.tz


def limit(**changes: object) -> Limit:
    """Three desks during the office's hours."""
    desks = Limit("pickup", {"de": "Ausgabe"}, 3, (ServiceCode("PICK"),))
    return msgspec.structs.replace(desks, **changes)


def at(day: date, text: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(text), BERLIN).astimezone(UTC)


def layer(add: int, since: datetime, until: datetime | None, key: str = "pickup") -> Layer:
    change = json.dumps({"limit": key, "add": add})
    return Layer(f"capacity:{key}", change, since, until, ActorId(7), "peak", Origin.SURGE)


def cells(
    office: Office,
    limit: Limit,
    day: date,
    holidays: frozenset[date],
    layers: Iterable[Layer] = (),
) -> dict[Tick, int]:
    [found] = planned.cells(office, [limit], day, holidays, layers).values()
    return found


def told(found: dict[Tick, int]) -> list[str]:
    """Runs of equal capacity as people in Heidelberg read them: ``08:00 3`` from then on."""
    runs = (next(run) for _, run in groupby(found.items(), key=itemgetter(1)))
    return [f"{instant_of(tick).astimezone(BERLIN):%H:%M} {places}" for tick, places in runs]


def test_each_five_minutes_of_the_hours_are_a_cell() -> None:
    found = cells(OFFICE, limit(), MONDAY, NO_HOLIDAYS)
    assert len(found) == 4 * 12
    assert set(found.values()) == {3}
    assert min(found) == tick_of(at(MONDAY, "08:00"))
    assert max(found) == tick_of(at(MONDAY, "11:55"))


def test_a_closed_day_has_no_cells() -> None:
    for period in Period:
        assert cells(OFFICE, limit(period=period), MONDAY, frozenset({MONDAY})) == {}
        assert cells(OFFICE, limit(period=period), date(2026, 11, 28), NO_HOLIDAYS) == {}


@pytest.mark.parametrize(
    ("period", "day", "names"),
    [
        (Period.HALF_DAY, MONDAY, ["00:00 60"]),  # open in the morning only
        (Period.HALF_DAY, TUESDAY, ["00:00 60", "12:00 60"]),
        (Period.DAY, TUESDAY, ["00:00 60"]),
    ],
)
def test_half_days_and_days_are_one_cell_each_while_open(
    period: Period, day: date, names: list[str]
) -> None:
    found = cells(OFFICE, limit(period=period, capacity=60), day, NO_HOLIDAYS)
    local = {instant_of(tick).astimezone(BERLIN): places for tick, places in found.items()}
    assert [f"{at:%H:%M} {places}" for at, places in local.items()] == names


def test_a_limit_with_hours_of_its_own_keeps_those() -> None:
    hours = (Window((0,), time(8, 45), time(10)), Window((0,), time(11), time(11, 30)))
    found = cells(OFFICE, limit(hours=hours), MONDAY, NO_HOLIDAYS)
    assert len(found) == 15 + 6
    assert {instant_of(tick).astimezone(BERLIN).hour for tick in found} == {8, 9, 11}


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([(+1, "09:00", "10:00")], ["08:00 3", "09:00 4", "10:00 3"]),
        (
            [(-2, "09:00", "10:00"), (-2, "09:30", "11:00")],
            ["08:00 3", "09:00 1", "09:30 0", "10:00 1", "11:00 3"],
        ),
        (
            [(+1, "09:00", None), (-1, "10:00", "11:00")],
            ["08:00 3", "09:00 4", "10:00 3", "11:00 4"],
        ),
        ([(+1, "06:00", "08:00"), (+1, "12:00", None)], ["08:00 3"]),
        ([(+5, "09:00", "09:00")], ["08:00 3"]),
        ([(-9, "09:00", "10:00"), (+8, "09:00", "10:00")], ["08:00 3", "09:00 2", "10:00 3"]),
    ],
)
def test_layers_add_up_while_they_last(
    layers: list[tuple[int, str, str | None]], expected: list[str]
) -> None:
    made = [
        layer(add, at(MONDAY, since), at(MONDAY, until) if until else None)
        for add, since, until in layers
    ]
    assert told(cells(OFFICE, limit(), MONDAY, NO_HOLIDAYS, made)) == expected


def test_a_layer_in_the_afternoon_leaves_the_mornings_quota_alone() -> None:
    more = layer(10, at(TUESDAY, "14:00"), at(TUESDAY, "15:00"))
    quota = limit(period=Period.HALF_DAY, capacity=60)
    assert told(cells(OFFICE, quota, TUESDAY, NO_HOLIDAYS, [more])) == ["00:00 60", "12:00 70"]


def test_layers_of_other_limits_and_subjects_change_nothing() -> None:
    others = [
        layer(5, at(MONDAY, "08:00"), None, key="house"),
        Layer("service:PICK", '{"bookable": false}', at(MONDAY, "08:00")),
    ]
    assert told(cells(OFFICE, limit(), MONDAY, NO_HOLIDAYS, others)) == ["08:00 3"]


def desk_layer(counter: str, add: int, since: str, until: str) -> Layer:
    change = json.dumps({"counter": counter, "add": add})
    return Layer(f"capacity:{counter}", change, at(MONDAY, since), at(MONDAY, until))


def window(opens: datetime, closes: datetime, capacity: int, **more: object) -> Layer:
    said = {"limit": "pickup", "opens": opens.isoformat(), "closes": closes.isoformat()}
    made = Layer("capacity:pickup", json.dumps(said | {"capacity": capacity}), opens, closes)
    return msgspec.structs.replace(made, **more)


DESKS = (CounterKey("1"), CounterKey("2"), CounterKey("3"))


def test_a_desk_reaches_every_limit_made_of_it_and_no_other() -> None:
    absent = desk_layer("2", -1, "09:00", "10:00")
    for desks, expected in (
        (DESKS, ["08:00 3", "09:00 2", "10:00 3"]),
        (DESKS[:1], ["08:00 3"]),
        ((), ["08:00 3"]),
    ):
        found = cells(OFFICE, limit(counters=desks), MONDAY, NO_HOLIDAYS, [absent])
        assert told(found) == expected


def test_a_counter_is_absent_only_once_however_often_it_is_said() -> None:
    layers = [
        desk_layer("2", -1, "09:00", "11:00"),
        desk_layer("2", -1, "10:00", "12:00"),
        desk_layer("3", -1, "10:30", "11:30"),
    ]
    found = cells(OFFICE, limit(counters=DESKS), MONDAY, NO_HOLIDAYS, layers)
    assert told(found) == ["08:00 3", "09:00 2", "10:30 1", "11:30 2"]


def test_who_stands_in_for_a_counter_that_is_absent_twice_is_there() -> None:
    layers = [
        desk_layer("2", -1, "09:00", "11:00"),
        desk_layer("2", -1, "09:30", "12:00"),
        desk_layer("2", 1, "10:00", "12:00"),
    ]
    for order in permutations(layers):
        found = cells(OFFICE, limit(counters=DESKS), MONDAY, NO_HOLIDAYS, order)
        assert told(found) == ["08:00 3", "09:00 2", "10:00 3"]


def test_three_desks_and_two_more_are_exactly_five_at_once() -> None:
    """A visit of half an hour takes one place in each of its six ticks."""
    two = [layer(+1, at(MONDAY, "09:00"), at(MONDAY, "10:00")) for _ in range(2)]
    found = cells(OFFICE, limit(), MONDAY, NO_HOLIDAYS, two)
    assert told(found) == ["08:00 3", "09:00 5", "10:00 3"]
    world = World(
        at(MONDAY, "08:00"),
        cells={(make.DESKS, tick): make.Cell(places, 0) for tick, places in found.items()},
    )
    for n in range(1, 7):
        visit = make.booking(at(MONDAY, "09:10"), 30)
        change = claims.net((), (visit,))
        assert sum(change.values()) == 6
        refusal = claims.fits(world, change)
        assert (refusal is None) is (n <= 5)
        if refusal is None:
            world.take(Told(Held(), bookings=(visit,), net=change), n)


@pytest.mark.parametrize("day", [date(2026, 11, 28), MONDAY])
def test_a_window_opens_time_that_is_closed_and_adds_to_open_time(day: date) -> None:
    extra = window(at(day, "11:30"), at(day, "13:00"), 2)
    closed = cells(OFFICE, limit(), day, frozenset({day}), [extra])
    assert told(closed) == ["11:30 2"]
    assert len(closed) == 18
    if day == MONDAY:
        found = told(cells(OFFICE, limit(), day, NO_HOLIDAYS, [extra]))
        assert found == ["08:00 3", "11:30 5", "12:00 2"]


def test_a_window_that_was_taken_back_ends_there() -> None:
    day = date(2026, 11, 28)
    extra = window(at(day, "08:00"), at(day, "12:00"), 2, until=at(day, "09:00"))
    assert len(cells(OFFICE, limit(), day, NO_HOLIDAYS, [extra])) == 12
    never = msgspec.structs.replace(extra, until=at(MONDAY, "09:00"))
    assert cells(OFFICE, limit(), day, NO_HOLIDAYS, [never]) == {}


def test_a_layer_that_was_taken_back_before_it_began_counts_nowhere() -> None:
    quota = limit(period=Period.DAY, capacity=60)
    gone = layer(10, at(TUESDAY, "14:00"), at(TUESDAY, "09:00"))
    assert told(cells(OFFICE, quota, TUESDAY, NO_HOLIDAYS, [gone])) == ["00:00 60"]


def test_places_are_added_to_a_window_too() -> None:
    day = date(2026, 11, 28)
    layers = [window(at(day, "08:00"), at(day, "10:00"), 2), layer(1, at(day, "09:00"), None)]
    assert told(cells(OFFICE, limit(), day, NO_HOLIDAYS, layers)) == ["08:00 2", "09:00 3"]


@pytest.mark.parametrize(
    "change",
    [
        "[]",
        '{"limit": "pickup"}',
        '{"limit": "pickup", "add": "2"}',
        '{"limit": "pickup", "add": 2, "more": 1}',
        '{"counter": "1", "limit": "pickup", "add": 1}',
        '{"limit": "pickup", "opens": "soon", "closes": "late", "capacity": 1}',
    ],
)
def test_a_change_of_no_known_form_is_refused(change: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        added_by(Layer("capacity:pickup", change, at(MONDAY, "08:00")))


@pytest.mark.parametrize("period", list(Period))
def test_the_end_of_a_cell_is_where_the_next_one_begins(period: Period) -> None:
    for day in (MONDAY, date(2027, 3, 28), date(2027, 10, 31)):
        all_day = limit(period=period, hours=(Window(EVERY_DAY, time(0), time(23, 59)),))
        ticks = list(cells(OFFICE, all_day, day, NO_HOLIDAYS))
        ends = [end_of(tick, period, OFFICE, day) for tick in ticks]
        assert ends == [*ticks[1:], ticks_of_day(day, BERLIN).stop]


hours_of_day = st.integers(0, 287)
additions = st.lists(st.tuples(st.integers(-3, 3), hours_of_day, hours_of_day), max_size=6)


@given(additions, st.sampled_from([MONDAY, date(2027, 3, 28), date(2027, 10, 31)]), st.randoms())
def test_a_cell_is_the_sum_of_the_layers_over_it_whatever_their_order(
    said: list[tuple[int, int, int]], day: date, chance: st.DataObject
) -> None:
    whole_day = limit(hours=(Window(EVERY_DAY, time(0), time(23, 55)),))
    base = ticks_of_day(day, BERLIN)[0]
    spans = [(add, base + min(a, b), base + max(a, b)) for add, a, b in said]
    made = [layer(add, instant_of(Tick(a)), instant_of(Tick(b))) for add, a, b in spans]
    found = cells(OFFICE, whole_day, day, NO_HOLIDAYS, made)
    for tick, capacity in found.items():
        assert capacity == max(0, 3 + sum(add for add, a, b in spans if a <= tick < b))
    shuffled = list(made)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random, drawn by hypothesis
    assert cells(OFFICE, whole_day, day, NO_HOLIDAYS, shuffled) == found


@given(st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.sampled_from(list(Period)))
def test_cells_come_in_order_none_twice_and_lie_in_their_day(day: date, period: Period) -> None:
    all_day = limit(period=period, hours=(Window(EVERY_DAY, time(0), time(23, 55)),))
    office = msgspec.structs.replace(OFFICE, closures=())
    ticks = list(cells(office, all_day, day, NO_HOLIDAYS))
    assert ticks == sorted(set(ticks))
    of_day = ticks_of_day(day, BERLIN)
    assert all(tick in of_day for tick in ticks)
    expected = {Period.TICK: len(of_day) - 1, Period.HALF_DAY: 2, Period.DAY: 1}
    assert len(ticks) == expected[period]
    if period is Period.HALF_DAY:
        assert tuple(ticks) == half_day_ticks(day, BERLIN)


def test_only_changed_cells_are_written() -> None:
    before = cells(OFFICE, limit(), MONDAY, NO_HOLIDAYS)
    more = layer(1, at(MONDAY, "09:00"), at(MONDAY, "09:10"))
    after = cells(OFFICE, limit(), MONDAY, NO_HOLIDAYS, [more])
    first = tick_of(at(MONDAY, "09:00"))
    assert difference(before, after) == {first: 4, first + 1: 4}
    assert difference(before, before) == {}


def test_a_cell_outside_the_new_hours_is_written_as_zero_once() -> None:
    have = cells(OFFICE, limit(), MONDAY, NO_HOLIDAYS)
    changes = difference(have, {})
    assert changes == dict.fromkeys(have, 0)
    assert difference(changes, {}) == {}


days_cells = st.dictionaries(st.integers(0, 40).map(Tick), st.integers(0, 3))


@given(days_cells, days_cells)
def test_after_the_changes_the_cells_are_as_wanted(
    have: dict[Tick, int], want: dict[Tick, int]
) -> None:
    changes = difference(have, want)
    after = have | changes
    assert {tick: places for tick, places in after.items() if places} == {
        tick: places for tick, places in want.items() if places
    }
    assert all(have.get(tick) != places for tick, places in changes.items())


def test_a_whole_month_is_cut_into_cells_without_gap() -> None:
    total = sum(
        len(cells(OFFICE, limit(), MONDAY + timedelta(days=n), NO_HOLIDAYS)) for n in range(28)
    )
    assert total == 4 * (4 + 8 + 9.5 + 8 + 4) * 12
