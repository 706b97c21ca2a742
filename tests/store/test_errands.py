"""Errands: cut off anywhere they go on where they were, twice does nothing, edits fit bookings."""

import asyncio
import dataclasses
from datetime import timedelta

import msgspec
import pytest

from queue_service.events.capacity import Configured, Planned
from queue_service.events.chapters import decode
from queue_service.flows import errands
from queue_service.flows.bookings import booking
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.capacity import cells, planning
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import ServiceCode
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.slots.openings import DayState
from queue_service.store import errands as store
from queue_service.store.database import transaction
from queue_service.store.errands import ErrandRow
from tests import make
from tests.small import PICK, Small


async def unfinished(small: Small) -> list[ErrandRow]:
    async with transaction(small.house.pool, small.office.key.authority) as connection:
        return await store.unfinished(connection, small.office.key.office)


async def planned(small: Small) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for row in await small.fetch(
            'select "limit", tick, capacity, taken from cell order by 1, 2'
        )
    ]


def with_desks(many: int) -> Office:
    return make.office(desks=many)


async def test_planning_again_changes_nothing_and_writes_nothing(small: Small) -> None:
    before, entries = await planned(small), len(await small.journal())
    await planning.plan(small.house, small.office)
    preview = await planning.load(small.house, make.office())
    assert not preview
    assert await planned(small) == before
    assert len(await small.journal()) == entries
    assert await unfinished(small) == []


async def test_an_errand_that_was_cut_off_is_resumed_by_another_process(
    small: Small, beside: Small
) -> None:
    ran: list[str] = []

    class KilledError(Exception):
        """The process ends here."""

    async def piece(_h: House, _o: Followed, _params: str, cursor: str) -> str | None:
        ran.append(cursor)
        if ran == ["0", "1"]:
            raise KilledError
        return str(int(cursor) + 1) if cursor != "3" else None

    params = cells.Days(make.NOW.date())
    row = await errands.note(small.house, small.office, "test", params, "0")
    with pytest.raises(KilledError):
        await errands.run(small.house, small.office, row, piece)
    [left] = await unfinished(beside)
    assert left.cursor == "1"
    assert await errands.resume(beside.house, beside.office, {"test": piece}) == 1
    assert ran == ["0", "1", "1", "2", "3"]
    assert await unfinished(small) == []


async def test_planning_that_was_cut_off_is_finished_by_resuming(
    small: Small, beside: Small
) -> None:
    await small.fetch("update cell set capacity = 0")
    first, last = planning.planned_days(small.office)
    row = await errands.note(small.house, small.office, "plan", cells.Days(last), first.isoformat())
    stopped_after = await cells.plan_day(small.house, small.office, row.params, row.cursor)
    assert stopped_after is not None
    assert await errands.resume(beside.house, beside.office, planning.ERRANDS) == 1
    capacities = await small.fetch('select distinct capacity from cell where "limit" = 1')
    assert {row["capacity"] for row in capacities} == {3}


async def test_two_processes_that_plan_at_once_end_with_the_same_cells(
    small: Small, beside: Small
) -> None:
    before = await planned(small)
    await small.fetch('update cell set capacity = 1 where "limit" = 1')
    await asyncio.gather(
        planning.plan(small.house, small.office), planning.plan(beside.house, beside.office)
    )
    assert await planned(small) == before
    await small.audit()


async def test_what_two_processes_loaded_at_once_can_be_taken_back(
    small: Small, beside: Small
) -> None:
    office = make.office()
    new = msgspec.structs.replace(office.services[0], code=ServiceCode("NEW"))
    larger = msgspec.structs.replace(office, services=(*office.services, new))
    await asyncio.gather(planning.load(small.house, larger), planning.load(beside.house, larger))
    await small.settle()
    assert small.office.office.service("NEW") is not None
    await planning.load(small.house, office)
    await small.settle()
    assert small.office.office.service("NEW") is None
    assert not await planning.load(small.house, office)


async def test_an_edit_below_what_is_taken_keeps_every_booking_and_sells_no_more(
    small: Small,
) -> None:
    for _ in range(3):
        await small.held("10:00")
    await planning.load(small.house, with_desks(1))
    await small.settle()
    refusal = await small.hold("10:00")
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.SLOT_FULL
    assert isinstance(await small.hold("10:10"), HoldGiven)
    assert isinstance(await small.hold("10:10"), Refusal)
    await small.audit()


async def test_places_that_come_back_after_an_edit_are_not_sold_beyond_it(small: Small) -> None:
    held = [await small.held("10:00") for _ in range(3)]
    await planning.load(small.house, with_desks(2))
    assert await booking.release(small.house, held[0].hold, held[0].secret) is None
    refusal = await small.hold("10:00")
    assert isinstance(refusal, Refusal)
    assert await booking.release(small.house, held[1].hold, held[1].secret) is None
    await small.settle()
    assert isinstance(await small.hold("10:00"), HoldGiven)
    assert isinstance(await small.hold("10:00"), Refusal)
    await small.audit()


async def test_a_day_that_is_closed_afterwards_is_closed_and_not_full(small: Small) -> None:
    held = await small.held("10:00")
    closed = msgspec.structs.replace(make.office(), hours=())
    await planning.load(small.house, closed)
    await small.settle()
    now = small.office.now()
    [today] = small.office.openings.month(PICK, now.date(), now.date(), now)
    assert today.state is DayState.CLOSED
    refusal = await small.hold("10:00")
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.CLOSED
    await booking.release(small.house, held.hold, held.secret)
    await small.settle()
    [today] = small.office.openings.month(PICK, now.date(), now.date(), now)
    assert today.state is DayState.CLOSED, "giving a place back does not open the day"
    await small.audit()


async def test_staff_exceed_only_with_a_reason_and_it_is_counted(small: Small) -> None:
    for _ in range(3):
        assert not isinstance(await small.by_staff("10:00"), Refusal)
    refusal = await small.by_staff("10:00")
    assert isinstance(refusal, Refusal)
    over = [await small.by_staff("10:00", "crowd") for _ in range(2)]
    assert not any(isinstance(answer, Refusal) for answer in over)
    assert isinstance(await small.hold("10:00"), Refusal)
    [row] = await small.fetch("select count(*) as many from booking where overbooked")
    assert row["many"] == 2
    [cell] = await small.fetch(
        'select capacity, taken, granted from cell where "limit" = 1 and tick = $1',
        make.tick(make.at("10:00")),
    )
    assert tuple(cell) == (3, 5, 2)
    await small.audit()


async def test_every_day_of_the_window_and_a_week_more_is_planned(small: Small) -> None:
    days = [f.day for f in await small.facts() if isinstance(f, Planned)]
    first, last = planning.planned_days(small.office)
    assert first == make.NOW.date()
    assert last == first + timedelta(days=3 + planning.DAYS_BEYOND_WINDOW)
    weekdays = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert days == [day for day in weekdays if day.weekday() < 5]


async def test_as_days_go_by_the_window_stays_planned(small: Small) -> None:
    await small.wait(3 * 24 * 60)
    await planning.plan(small.house, small.office)
    await small.settle()
    now = small.office.now()
    month = small.office.openings.month(PICK, now.date(), now.date() + timedelta(days=3), now)
    states = {day.date.weekday(): day.state for day in month}
    assert all(s is DayState.FREE for weekday, s in states.items() if weekday < 5)
    await small.audit()


async def test_the_clock_of_an_office_in_production_cannot_be_set(small: Small) -> None:
    strict = msgspec.structs.replace(small.house.settings, demo_clock=False)
    with pytest.raises(PermissionError):
        await planning.set_clock(
            dataclasses.replace(small.house, settings=strict), small.slug, make.NOW, 30.0
        )


async def test_an_errand_of_a_newer_version_waits_and_stops_no_other(small: Small) -> None:
    class Nothing(msgspec.Struct):
        pass

    ran: list[str] = []

    async def piece(*_what: object) -> None:
        ran.append("known")

    unknown: ErrandRow = await errands.note(small.house, small.office, "newer", Nothing(), "a")
    await errands.note(small.house, small.office, "known", Nothing(), "b")
    await errands.resume(small.house, small.office, {"known": piece})
    assert ran == ["known"]
    [row] = await small.fetch("select state from errand where id = $1", unknown.id)
    assert row["state"] == "open"
    assert any(isinstance(decode(entry), Configured) for entry in await small.journal())
