"""Layers on a real database: cells follow, nobody loses a place, taking back restores."""

from datetime import datetime, timedelta

import msgspec

from queue_service.events.capacity import Configured, Planned
from queue_service.flows.capacity import layering, planning
from queue_service.flows.capacity.layering import Preview
from queue_service.model.ids import CounterKey
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.layered import MANAGER, added, capacities, desk, made, of_desks, places
from tests.small import PICK, Small


async def test_places_follow_a_layer_and_go_when_it_is_taken_back(small: Small) -> None:
    numbers = await added(small, places(2, "09:00", "10:00"), places(-1, "09:30", "11:00"))
    assert await capacities(small) == {
        "08:30": 3,
        "09:00": 5,
        "09:30": 4,
        "10:00": 2,
        "11:00": 3,
    }
    assert await layering.end(small.house, small.office, numbers, MANAGER) is None
    assert await capacities(small) == {"08:30": 3}
    facts = [f for f in await small.facts() if isinstance(f, Configured)]
    assert (facts[-2].layers, facts[-1].ended) == (numbers, numbers)
    stored = await small.fetch("select id, author, reason, until from layer where author = 9")
    assert {(row["id"], row["reason"]) for row in stored} == {(n, "peak") for n in numbers}
    assert all(row["until"] == make.NOW for row in stored)
    await small.audit()


async def test_a_counter_that_is_absent_is_missing_in_every_limit_made_of_it(
    small: Small,
) -> None:
    await planning.load(small.house, of_desks())
    await added(small, desk("2", -1, "09:00", "10:00"))
    assert await capacities(small) == {"08:30": 3, "09:00": 2, "10:00": 3}
    assert await capacities(small, "hall") == {"08:30": 4}


async def test_extra_hours_open_what_was_closed_at_once_in_the_view(small: Small) -> None:
    opens, closes = make.at("13:00"), make.at("14:00")
    said = {"opens": opens.isoformat(), "closes": closes.isoformat(), "capacity": 2}
    await added(
        small,
        *(
            made(f"capacity:{limit}", {"limit": limit, **said}, "08:30", "14:00")
            for limit in ("desks", "hall")
        ),
    )
    assert (await capacities(small))["13:00"] == 2
    now = small.office.now()
    [day] = small.office.openings.month(PICK, now.date(), now.date(), now)
    assert {s.places for s in day.starts if s.start >= opens} == {2}
    await small.held("13:30")


async def test_cells_that_are_past_and_bookings_stay_when_the_running_day_is_edited(
    small: Small,
) -> None:
    first = await small.booked("09:00", name="Amal")
    later = await small.booked("11:00", name="Bo")
    await small.wait(90)  # 10:00
    await added(small, places(-3, "08:30", "12:00"))
    assert await capacities(small) == {"08:30": 3, "10:00": 0}
    states = await small.fetch(
        "select state from booking where code = any($1)",
        [
            first.code,
            later.code,
        ],
    )
    assert {row["state"] for row in states} == {"booked"}
    at_eleven = await small.fetch(
        'select capacity, taken, left_over from cell where "limit" = 1 and tick = $1',
        make.tick(make.at("11:00")),
    )
    assert [tuple(row) for row in at_eleven] == [(0, 1, 1)]
    await small.audit()


async def test_a_key_given_again_sets_nothing_twice(small: Small, beside: Small) -> None:
    layer = places(2, "09:00", "10:00")
    first = await added(small, layer, key="once")
    assert await added(beside, layer, key="once") == first
    other = await layering.add(
        small.house, small.office, (places(1, "09:00", "10:00"),), MANAGER, key="once"
    )
    assert isinstance(other, Refusal)
    assert other.code is Code.KEY_REUSED
    assert await capacities(small) == {"08:30": 3, "09:00": 5, "10:00": 3}
    await small.wait(120)  # by now nobody could set it any more
    assert await added(small, layer, key="once") == first


FAULTY = [
    (places(2, "09:00", "10:00", limit="moon"), "limit"),
    (places(0, "09:00", "10:00"), "add"),
    (places(1, "10:00", "10:00"), "until"),
    (places(1, "07:00", "08:00"), "until"),
    (desk("77", -1, "09:00", "10:00"), "counter"),
    (desk("1", -2, "09:00", "10:00"), "add"),
    (made("capacity:hall", {"limit": "desks", "add": 1}, "09:00", "10:00"), "subject"),
    (made("capacity:desks", {"limit": "desks"}, "09:00", "10:00"), "change"),
    (made("office", {"slug": "mine"}, "09:00", "10:00"), "subject"),
    (made("limit:desks", {"capacity": -1}, "09:00", "10:00"), "limits.desks.capacity"),
    (made("limit:desks", {"capacity": "many"}, "09:00", "10:00"), "change"),
]


async def test_a_faulty_layer_is_refused_with_its_field(small: Small) -> None:
    before = len(await small.journal())
    for layer, field in FAULTY:
        for refused in (
            await layering.add(small.house, small.office, (layer,), MANAGER),
            await layering.add(small.house, small.office, (layer,), MANAGER, key="once"),
            await layering.preview(small.house, small.office, (layer,)),
        ):
            assert isinstance(refused, Refusal)
            assert refused.code is Code.INVALID
            errors = refused.data["errors"]
            assert isinstance(errors, list)
            assert field in {error["field"] for error in errors}
    assert len(await small.journal()) == before


async def test_only_layers_beside_the_configuration_can_be_taken_back(small: Small) -> None:
    [row] = await small.fetch("select id from layer where subject = 'hours'")
    for number in (row["id"], 4711):
        refused = await layering.end(small.house, small.office, (number,), MANAGER)
        assert isinstance(refused, Refusal)
        assert refused.code is Code.UNKNOWN_LAYER


async def test_an_edit_is_written_as_a_difference(small: Small) -> None:
    await added(small, places(1, "09:00", "09:10"))
    [planned] = [f for f in (await small.facts())[-1:] if isinstance(f, Planned)]
    [run] = planned.cells
    assert (run.limit, run.left) == (small.office.key.limits["desks"], (4, 4))


async def test_a_preview_says_who_would_lose_a_place_and_changes_nothing(small: Small) -> None:
    for name in ("Amal", "Bo", "Cem"):
        await small.booked("10:00", name=name)
    before = len(await small.journal())
    shown = await layering.preview(small.house, small.office, (places(-2, "09:00", "11:00"),))
    assert isinstance(shown, Preview)
    assert not shown.gained
    [run] = shown.lost
    assert (run.limit, f"{run.start:%H:%M}", f"{run.end:%H:%M}") == ("desks", "09:00", "11:00")
    assert (run.before, run.after) == (3, 1)
    # Two at 10:00 are one too many; the nearest starts with room in every tick are free.
    assert [p.start and f"{p.start:%H:%M}" for p in shown.proposals] == ["09:50", "10:10"]
    assert len(await small.journal()) == before
    assert await capacities(small) == {"08:30": 3}


async def test_ending_layers_can_be_previewed(small: Small) -> None:
    numbers = await added(small, places(1, "09:00", "11:00"))
    for name in ("Amal", "Bo", "Cem", "Dilan"):
        await small.booked("10:00", name=name)
    shown = await layering.preview(small.house, small.office, (), numbers)
    assert isinstance(shown, Preview)
    [proposal] = shown.proposals
    assert proposal.start is not None


async def test_a_preview_shows_what_setting_does_also_from_a_beginning_that_is_past(
    small: Small,
) -> None:
    office = make.office()
    booked = tuple(msgspec.structs.replace(x, walk_in=False) for x in office.services)
    await planning.load(small.house, msgspec.structs.replace(office, services=booked))
    await added(small, made("limit:desks", {"capacity": 5}, "08:00", "20:00"))
    earlier = made("limit:desks", {"capacity": 2}, "07:00", "20:00")
    shown = await layering.preview(small.house, small.office, (earlier,))
    assert isinstance(shown, Preview)
    assert {(run.before, run.after) for run in shown.lost if run.limit == "desks"} == {(5, 2)}
    await added(small, earlier)
    assert await capacities(small) == {"08:30": 2}


async def test_the_hour_that_comes_twice_is_told_apart(small: Small) -> None:
    early = datetime(2027, 10, 31, 2, 30, tzinfo=make.BERLIN)
    late = early.replace(minute=10, fold=1)
    layer = msgspec.structs.replace(places(1, "09:00", "10:00"), since=early, until=late)
    [number] = await added(small, layer)
    [row] = await small.fetch(f"select until - since as lasts from layer where id = {number}")
    assert row["lasts"] == timedelta(minutes=40)
    backwards = msgspec.structs.replace(layer, since=late, until=early)
    refused = await layering.add(small.house, small.office, (backwards,), MANAGER)
    assert isinstance(refused, Refusal)


async def test_what_is_taken_back_counts_no_more_in_the_running_half_day(small: Small) -> None:
    numbers = await added(small, places(10, "08:00", "20:00", limit="quota"))
    assert await capacities(small, "quota") == {"00:00": 30}
    shown = await layering.preview(small.house, small.office, (), numbers)
    assert isinstance(shown, Preview)
    assert [(run.limit, run.before, run.after) for run in shown.lost] == [("quota", 30, 20)]
    assert await layering.end(small.house, small.office, numbers, MANAGER) is None
    assert await capacities(small, "quota") == {"00:00": 20}
    await small.audit()


async def test_a_counter_that_is_back_counts_in_the_running_half_day_at_once(small: Small) -> None:
    *others, quota, help_quota = of_desks().limits
    assert quota.key == "quota"
    named = msgspec.structs.replace(quota, counters=(CounterKey("1"),))
    await small.load(counters=of_desks().counters, limits=(*others, named, help_quota))
    numbers = await added(small, desk("1", -1, "08:00", "20:00"))
    assert await capacities(small, "quota") == {"00:00": 19}
    await small.wait(30)
    shown = await layering.preview(small.house, small.office, (), numbers)
    assert isinstance(shown, Preview)
    assert ("quota", 19, 20) in [(run.limit, run.before, run.after) for run in shown.gained]
    assert await layering.end(small.house, small.office, numbers, MANAGER) is None
    assert await capacities(small, "quota") == {"00:00": 20}
    assert await capacities(small) == {"08:30": 2, "09:00": 3}
    await small.audit()
