"""What surge rules do to cells: bounded, within people and minimum, and taken back."""

import random
from datetime import date, time, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.ids import Tick
from queue_service.model.layer import Layer
from queue_service.model.office import Office
from queue_service.model.surge import Do, Kind, Metric, Minimum, Staff, Surge, When
from queue_service.slots import capacity
from queue_service.slots.calendar import tick_of
from queue_service.slots.desks import desks_needed
from queue_service.slots.ground import Ground
from queue_service.slots.measures import Blocked, Plan, plan
from queue_service.slots.surge import Snapshot, decide, due
from tests import make
from tests.make import BERLIN, NOW, at
from tests.presets import preset
from tests.surging import MINUTE, OPEN_TWO, Told, ground, rule


def cells_of(office: Office, layers: tuple[Layer, ...], day: date) -> dict[tuple[str, Tick], int]:
    return {
        (key, tick): places
        for key, cells in capacity.cells(office, office.limits, day, frozenset(), layers).items()
        for tick, places in cells.items()
    }


KINDS = st.sampled_from(
    [Kind.OPEN_COUNTERS, Kind.EXTRA_TEAM, Kind.EXTRA_HOURS, Kind.CONVERT_PLACES]
)


@st.composite
def actions(draw: st.DrawFn) -> Do:
    opens = draw(st.integers(7 * 12, 15 * 12)) * 5
    closes = opens + draw(st.integers(2, 40)) * 5
    return Do(
        draw(KINDS),
        limit="desks",
        from_limit="hall",
        desks=draw(st.integers(1, 3)),
        opens=time(opens // 60, opens % 60),
        closes=time(closes // 60, closes % 60),
        first_day=draw(st.integers(0, 1)),
        working_days=draw(st.integers(1, 4)),
        cap=draw(st.integers(0, 9)),
        keep=draw(st.integers(0, 1)),
        after=draw(st.integers(0, 1)) * 60 * MINUTE,
    )


@given(st.lists(actions(), min_size=1, max_size=3), st.integers(0, 5 * 288))
def test_everything_ends_and_leaves_the_cells_as_they_were(dos: list[Do], ticks: int) -> None:
    office = make.office()
    found = plan(rule(do=tuple(dos)), ground(office), NOW)
    if isinstance(found, Blocked):
        return
    assert all(
        layer.until is not None and NOW <= layer.until <= found.ends for layer in found.layers
    )
    assert all(layer.since < (layer.until or NOW) for layer in found.layers)
    # Taken back at any moment: from there on every cell is what it was.
    back = NOW + ticks * 5 * MINUTE
    cut = tuple(
        msgspec.structs.replace(layer, until=min(layer.until or back, back))
        for layer in found.layers
    )
    for n in range(8):
        day = NOW.date() + timedelta(days=n)
        before, then = cells_of(office, (), day), cells_of(office, cut, day)
        later = {key for key in before.keys() | then.keys() if key[1] > tick_of(back)}
        assert {k: before.get(k, 0) for k in later} == {k: then.get(k, 0) for k in later}
    gone = cells_of(office, found.layers, found.ends.astimezone(BERLIN).date() + timedelta(days=1))
    assert gone == cells_of(office, (), found.ends.astimezone(BERLIN).date() + timedelta(days=1))


def test_settings_end_as_well() -> None:
    dos = (
        Do(Kind.HORIZON, days=5, lasts=timedelta(days=2)),
        Do(Kind.OPEN_WAITING_LIST, lasts=timedelta(days=1)),
        Do(Kind.RELEASE_RESERVE, limit="quota", lasts=timedelta(days=1)),
    )
    found = plan(rule(do=dos), ground(), NOW)
    assert isinstance(found, Plan)
    assert [layer.subject for layer in found.layers] == ["rules", "rules", "limit:quota"]
    assert [layer.until for layer in found.layers] == [
        NOW + timedelta(days=2),
        NOW + timedelta(days=1),
        NOW + timedelta(days=1),
    ]
    assert found.ends == NOW + timedelta(days=2)


def test_open_counters_bring_places_where_the_office_is_closed_too() -> None:
    found = plan(rule(), ground(), NOW)
    assert isinstance(found, Plan)
    assert (found.places_before, found.places_after) == (72, 84)
    assert {layer.subject for layer in found.layers} == {"capacity:desks", "capacity:hall"}


def test_a_cap_closes_earlier() -> None:
    capped = msgspec.structs.replace(OPEN_TWO, cap=7)
    found = plan(rule(do=(capped,)), ground(), NOW)
    assert isinstance(found, Plan)
    assert found.places_after - found.places_before == 7


def test_more_desks_than_people_present_are_refused() -> None:
    many = msgspec.structs.replace(OPEN_TWO, desks=10)
    assert plan(rule(do=(many,)), ground(), NOW) == Blocked("staff")
    ill = ground(staff={NOW.date(): 0})
    assert plan(rule(), ill, NOW) == Blocked("staff")
    assert isinstance(plan(rule(), ground(staff={NOW.date(): 1}), NOW), Plan)


def test_whoever_is_absent_cannot_sit_at_another_desk() -> None:
    office = make.office()
    many = msgspec.structs.replace(office, staff=Staff(len(office.counters)))

    def missing(since: str, until: str) -> list[Layer]:
        return [
            Layer(f"capacity:{c.key}", f'{{"counter": "{c.key}", "add": -1}}', at(since), at(until))
            for c in office.counters
        ]

    absent = missing("11:00", "13:00")
    for layers, found in (([], Plan), (absent[:-1], Plan), (absent, Blocked)):
        assert isinstance(plan(rule(), Ground(many, layers=tuple(layers)), NOW), found)
    early = Ground(many, layers=tuple(missing("08:00", "12:00")))
    assert isinstance(plan(rule(), early, NOW), Plan)


@given(st.dictionaries(st.integers(0, 47), st.integers(0, 4), max_size=48), st.integers(0, 2))
def test_only_what_nobody_booked_is_converted_and_the_minimum_stays(
    booked: dict[int, int], minimum: int
) -> None:
    first = make.tick(at("08:00"))
    taken = {"hall": {Tick(first + n): many for n, many in booked.items()}}
    surge = Surge(minimum=(Minimum("hall", minimum),))
    office = msgspec.structs.replace(make.office(), surge=surge)
    do = Do(Kind.CONVERT_PLACES, limit="desks", from_limit="hall", desks=2)
    found = plan(rule(do=(do,)), ground(office, taken=taken), NOW)
    if isinstance(found, Blocked):
        assert found.reason == "nothing_free"
        return
    after_it = cells_of(office, found.layers, NOW.date())
    before = cells_of(office, (), NOW.date())
    hall = make.office().limits[1].key
    assert hall == "hall"
    for (limit, tick), places in after_it.items():
        if limit == "hall" and places < before[(limit, tick)]:
            assert places >= max(minimum, taken["hall"].get(tick, 0))
    moved = sum(before[key] - after_it[key] for key in before if key[0] == "hall")
    assert moved == sum(after_it[key] - before[key] for key in before if key[0] == "desks")


def test_a_due_rule_without_ground_is_a_fault_of_the_caller() -> None:
    bare = Snapshot(BERLIN, {"cards": 40.0})
    speaks = rule(when=When(Metric.CARDS_READY, above=20))
    assert due(bare, [speaks], {}, NOW) == ("cards",)
    with pytest.raises(LookupError):
        decide(bare, [speaks], {}, NOW)


def test_two_rules_at_once_do_not_take_the_same_people() -> None:
    both = [
        rule(
            name,
            when=When(Metric.CARDS_READY, above=20),
            do=(msgspec.structs.replace(OPEN_TWO, desks=5),),
        )
        for name in ("a", "b")
    ]
    told = Told(both)
    assert sorted(told.look(40, NOW)) == ["blocked", "fired"]


def test_shared_desks_are_counted_once() -> None:
    office = make.office()
    limits = office.limits[:2]  # desks 3 and hall 4 serve the same three services
    assert desks_needed(limits, (3, 4)) == 3
    shuffled = list(limits)
    random.Random(1).shuffle(shuffled)
    assert desks_needed(shuffled, tuple(limit.capacity for limit in shuffled)) == 3


@pytest.mark.parametrize("slug", ["heidelberg", "stuttgart"])
def test_the_presets_rules_can_act_and_speak_all_their_languages(slug: str) -> None:
    """On a Monday morning on which nobody has booked yet."""
    office = preset(slug)
    ready = Ground(office)
    assert {rule.id for rule in office.surge.rule} >= {
        "eat_season",
        "emergencies_first",
        "reserve_back",
    }
    spoken = set(office.languages) - {"de_simple"}
    for each in office.surge.rule:
        assert set(each.title) >= spoken
        assert not each.text or set(each.text) >= spoken
        found = plan(each, ready, NOW)
        assert isinstance(found, Plan), (each.id, found)
        assert found.layers
        assert found.ends > NOW
