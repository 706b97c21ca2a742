"""What is kept back, and when it flows back: tables of the handbook, and a secret of the day."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.flows.capacity.keeping import kept
from queue_service.model.booking import Booking, BookingState
from queue_service.model.ids import LimitId, ServiceCode, Tick
from queue_service.model.office import Limit, Period
from queue_service.model.release import LastMinute, Release, Reserve, Step
from queue_service.model.world import Cell, Told, World
from queue_service.offices import check
from queue_service.slots import demand, reserves
from queue_service.slots.calendar import day_tick
from queue_service.slots.claims import taken_by
from queue_service.slots.demand import Sold
from tests import make
from tests.make import BERLIN, HALL, MINUTE, PICK
from tests.presets import preset

DAY = date(2026, 11, 24)
OPENS, CLOSES = make.at("2026-11-24 08:00"), make.at("2026-11-24 16:00")
SPANS = ((OPENS, CLOSES),)
MORNING_RUSH = (27, 11, 11, 11, 10, 10, 10, 10)
"""A quarter of a day's emergencies stand at the door when it opens."""
SECRET = b"s" * 32


def limit(period: Period = Period.TICK, **more: object) -> Limit:
    found = Limit("pickup", {"de": "Ausgabe"}, 3, (PICK,), period)
    return msgspec.structs.replace(found, **more)


def ticks(places: int, hours: int = 8) -> dict[Tick, int]:
    first = make.tick(OPENS)
    return {Tick(first + n): places for n in range(12 * hours)}


def kept_of(made: Limit, capacity: dict[Tick, int], secret: bytes = SECRET) -> tuple[Booking, ...]:
    return reserves.kept_back(made, HALL, capacity, SPANS, secret=secret, zone=BERLIN)


def test_the_quantile_is_that_of_the_handbook() -> None:
    assert [reserves.quantile(mean, 0.95) for mean in (0.0, 6.2, 12.4)] == [0, 11, 18]
    assert [reserves.quantile(mean, 0.99) for mean in (6.2, 12.4)] == [13, 21]


def test_a_reserve_keeps_what_the_handbook_says_hour_by_hour() -> None:
    reserve = Reserve(a_day=6.2, by_hour=MORNING_RUSH)
    hours = [OPENS + timedelta(hours=n, minutes=59) for n in range(8)]
    kept_then = [reserves.kept_at(reserve, OPENS, CLOSES, at, BERLIN) for at in hours]
    assert kept_then == [11, 8, 7, 6, 5, 4, 3, 2]
    assert reserves.kept_at(reserve, OPENS, CLOSES, CLOSES, BERLIN) == 0
    assert reserves.kept_at(reserve, OPENS, CLOSES, OPENS - timedelta(days=3), BERLIN) == 11


def test_the_places_of_a_reserve_come_back_by_that_table_each_once() -> None:
    reserve = Reserve(a_day=6.2, by_hour=MORNING_RUSH, jitter_minutes=0)
    day = day_tick(DAY, BERLIN)
    places = kept_of(limit(Period.DAY, reserve=reserve), {day: 30})
    assert all(taken_by(place) == ((HALL, day),) for place in places)

    def still(at: datetime) -> int:
        return sum(place.until is not None and place.until > at for place in places)

    assert [still(OPENS + timedelta(hours=n)) for n in range(9)] == [11, 8, 7, 6, 5, 4, 3, 2, 0]


def test_fixed_times_release_too_and_with_demand_the_smaller_counts() -> None:
    steps = (Step(time(8), 9), Step(time(10), 4), Step(time(13), 0))
    alone, both = Reserve(steps=steps), Reserve(a_day=6.2, by_hour=MORNING_RUSH, steps=steps)
    hours = [OPENS + timedelta(hours=n) for n in range(8)]

    def at_each(reserve: Reserve) -> list[int]:
        return [reserves.kept_at(reserve, OPENS, CLOSES, at, BERLIN) for at in hours]

    assert at_each(alone) == [9, 9, 4, 4, 4, 0, 0, 0]
    assert at_each(both) == [9, 8, 4, 4, 4, 0, 0, 0]


def test_a_rule_may_release_what_is_kept() -> None:
    reserve = Reserve(a_day=6.2, by_hour=MORNING_RUSH, keep=2)
    assert len(kept_of(limit(Period.DAY, reserve=reserve), {day_tick(DAY, BERLIN): 30})) == 2
    share = limit(last_minute=(LastMinute(50),), reserve=Reserve(keep=0))
    assert kept_of(share, ticks(3)) == ()


@given(
    st.integers(0, 6),
    st.integers(0, 100),
    st.sampled_from([10, 30, 60, 120]),
    st.binary(min_size=16, max_size=32),
)
def test_a_share_keeps_its_percentage_and_never_more_than_there_is(
    places: int, percent: int, block: int, secret: bytes
) -> None:
    shares = (LastMinute(percent, 48, 360, block), LastMinute(20, 168, 60, block))
    made = kept_of(limit(last_minute=shares), ticks(places), secret)
    count: dict[tuple[LimitId, Tick], int] = {}
    for place in made:
        for cell in taken_by(place):
            count[cell] = count.get(cell, 0) + 1
    assert all(many <= places for many in count.values())
    first = kept_of(limit(last_minute=shares[:1]), ticks(places), secret)
    wanted = places * percent / 100 * (480 / block)
    assert abs(len(first) - wanted) <= 1 + 1e-6
    assert len({place.id for place in made}) == len(made)


def test_each_block_opens_48_hours_before_or_up_to_its_jitter_later() -> None:
    share = LastMinute(35, 48, 360)
    found = []
    for n in range(50):
        for place in kept_of(limit(last_minute=(share,)), ticks(3), n.to_bytes(16, "big")):
            assert place.until is not None
            found.append((place.until - (place.start - timedelta(hours=48))) / MINUTE)
    assert min(found) >= 0
    assert max(found) < 360
    assert abs(sum(found) / len(found) - 180) < 20


def test_every_process_finds_the_same_and_whoever_lacks_the_secret_nothing() -> None:
    made = limit(last_minute=(LastMinute(35),))
    mine = kept_of(made, ticks(3))
    assert mine == kept_of(made, ticks(3))
    guesses = [kept_of(made, ticks(3), n.to_bytes(16, "big")) for n in range(300)]
    assert not any({p.id for p in mine} & {p.id for p in guess} for guess in guesses)
    instants = {p.until for p in mine}
    assert not any(instants & {p.until for p in guess} for guess in guesses)
    starts = {tuple(p.start for p in guess) for guess in guesses}
    assert len(starts) > 5, "which hours are kept back differs as well"


def test_keeping_back_takes_only_what_is_free_and_twice_changes_nothing() -> None:
    made = kept_of(limit(last_minute=(LastMinute(100),)), ticks(2, 1))
    cells: dict[tuple[LimitId, Tick], Cell | None] = {
        cell: Cell(2, 1) for cell in taken_by(made[0])
    }
    world = World(make.NOW, cells=cells, bookings={b.id: None for b in made})
    told = kept(world, begun=made, ended=())
    assert isinstance(told, Told)
    assert len(told.bookings) == 1
    world.take(told, 1)
    assert all((cell := world.cell(key)) and cell.taken == 2 for key in cells)
    assert not isinstance(kept(world, begun=made, ended=()), Told)
    back = kept(world, begun=(), ended=(told.bookings[0].id,))
    assert isinstance(back, Told)
    assert back.bookings[0].state is BookingState.LAPSED
    assert set(back.net.values()) == {-1}


@pytest.mark.parametrize(
    ("was", "ratio", "becomes"),
    [
        (True, 0.5, True),
        (True, 1.0, True),
        (True, 1.01, False),
        (False, 1.01, False),
        (False, 0.9, False),
        (False, 0.8, False),
        (False, 0.79, True),
    ],
)
def test_first_come_switches_off_above_one_and_on_again_below_four_fifths(
    was: bool, ratio: float, becomes: bool
) -> None:
    assert demand.first_come(was, ratio, Release()) is becomes


def test_demand_counts_what_is_booked_and_wished_at_the_scarcest_limit() -> None:
    office = make.office()
    sold = {"desks": Sold(100, 60), "hall": Sold(200, 60)}
    wished = demand.wished(office, [(ServiceCode("PICK"), 2, 30), (ServiceCode("BIO"), 4, 1)])
    assert (wished["desks"], wished["bio-day"]) == (64, 1)
    assert demand.ratio(office, PICK, sold, wished) == pytest.approx(1.24)
    assert demand.ratio(office, PICK, {}, wished) == 0.0


@pytest.mark.parametrize(
    ("slug", "shares", "reserve"),
    [
        ("heidelberg", {"first_contact"}, "case_work_day"),
        ("stuttgart", {"cards", "service_point"}, "provisional_day"),
    ],
)
def test_the_presets_open_a_third_late_and_let_the_reserve_for_emergencies_flow_back(
    slug: str, shares: set[str], reserve: str
) -> None:
    office = preset(slug)
    late = {limit.key: limit for limit in office.limits if limit.last_minute}
    assert set(late) == shares
    assert all(
        s.percent in range(30, 41) and s.hours == 48 for x in late.values() for s in x.last_minute
    )
    [kept_for_them] = [limit for limit in office.limits if limit.reserve.a_day]
    assert kept_for_them.key == reserve
    hours = [OPENS + timedelta(hours=n) for n in range(8)]
    found = [reserves.kept_at(kept_for_them.reserve, OPENS, CLOSES, at, BERLIN) for at in hours]
    assert found == [11, 8, 7, 6, 5, 4, 3, 2]
    assert office.booking.release.rest_minutes == (5, 90)


@pytest.mark.parametrize(
    ("key", "wrong", "right"),
    [
        ("booking.release.rest_minutes", "rest_minutes = [90, 5]", "rest_minutes = [5, 90]"),
        ("booking.release.rest_minutes", "rest_minutes = [5]", "rest_minutes = [5, 90]"),
        (
            "booking.release.open_between",
            "open_between = [19:00:00, 07:00:00]",
            "open_between = [07:00:00, 19:00:00]",
        ),
        ("booking.release.calm_below", "calm_below = 1.2", "calm_below = 0.8"),
        ("limits.provisional_day.reserve.quantile", "quantile = 95.0", "quantile = 0.95"),
        ("limits.provisional_day.reserve.a_day", 'a_day = "many"', "a_day = 6.2"),
        (
            "limits.provisional_day.reserve.by_hour",
            "by_hour = [0, 0]",
            "by_hour = [27, 11, 11, 11, 10, 10, 10, 10]",
        ),
        ("limits.cards.last_minute[1].percent", "percent = 135", "percent = 35"),
        (
            "limits.cards.last_minute[1].jitter_minutes",
            "jitter_minutes = 9000",
            "jitter_minutes = 360",
        ),
    ],
)
def test_a_broken_rule_of_release_is_named_with_its_key(key: str, wrong: str, right: str) -> None:
    texts = {f.name: f.read_text("utf-8") for f in Path("config/stuttgart").glob("*.toml")}
    assert right in texts["office.toml"]
    faults = check(texts | {"office.toml": texts["office.toml"].replace(right, wrong)})
    assert isinstance(faults, tuple)
    assert key in {fault.key for fault in faults}, faults
