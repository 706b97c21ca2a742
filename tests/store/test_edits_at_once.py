"""Edits while people book, in two processes: sums hold, no cell is lost, what is past stays."""

import asyncio
from datetime import time

import msgspec
import pytest

from queue_service.flows import auditing, errands
from queue_service.flows.bookings import booking
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.capacity import cells, layering, planning
from queue_service.model.office import Window
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.layered import MANAGER, added, capacities, places
from tests.small import Small


async def test_an_edit_cut_off_after_its_entry_is_finished_by_whoever_leads(
    small: Small, beside: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        """The process ends here."""

    async def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(errands, "run", killed)
        with pytest.raises(KilledError):
            await added(small, places(2, "09:00", "10:00"))
    assert await capacities(small) == {"08:30": 3}
    assert await errands.resume(beside.house, beside.office, planning.ERRANDS) == 1
    assert await capacities(small) == {"08:30": 3, "09:00": 5, "10:00": 3}


async def test_a_plan_that_rests_on_older_layers_writes_nothing(
    small: Small, beside: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the stamp the slower of two edits would put its older cells over the newer."""
    stand, first = cells._stand, True

    async def overtaken(snapshot: object, office: object) -> cells.Stand:
        nonlocal first
        found = await stand(snapshot, office)  # type: ignore[arg-type]  # a connection of the pool
        if first and office is beside.office:
            first = False
            await added(small, places(2, "09:00", "10:00"))
        return found

    monkeypatch.setattr(cells, "_stand", overtaken)
    await small.fetch('update cell set capacity = 1 where "limit" = 1')
    await planning.plan(beside.house, beside.office)
    assert not first
    assert await capacities(small) == {"08:30": 3, "09:00": 5, "10:00": 3}


async def test_edits_by_two_processes_at_once_end_as_their_sum(small: Small, beside: Small) -> None:
    await asyncio.gather(
        *(
            added(house, places(1, f"09:{n}0", "11:00"))
            for n in range(4)
            for house in (small, beside)
        )
    )
    assert await capacities(small) == {
        "08:30": 3,
        "09:00": 5,
        "09:10": 7,
        "09:20": 9,
        "09:30": 11,
        "11:00": 3,
    }


async def test_two_processes_book_and_edit_at_once_and_no_cell_is_lost(
    small: Small, beside: Small
) -> None:
    """Everybody at once: holds, bookings, cancellations, layers set and taken back."""
    houses = (small, beside)

    async def applicant(n: int) -> None:
        house = houses[n % 2]
        start = f"{9 + n % 3:02}:{n % 6}0"
        held = await house.hold(start)
        if isinstance(held, Refusal):
            assert held.code in (Code.SLOT_FULL, Code.CLOSED)
            return
        booked = await house.confirm(held, name=f"Amal {n}")
        assert not isinstance(booked, Refusal)
        if n % 4 == 0:
            gone = await booking.cancel(house.house, booked.code, Proof(secret=booked.secret))
            assert not isinstance(gone, Refusal), gone

    async def manager(n: int) -> None:
        house = houses[n % 2]
        add = places((2, -3, 1, -2)[n % 4], f"09:{n % 6}0", "11:30", ("desks", "hall")[n % 2])
        numbers = await layering.add(house.house, house.office, (add,), MANAGER)
        assert isinstance(numbers, tuple), numbers
        if n % 3 == 0:
            assert await layering.end(house.house, house.office, numbers, MANAGER) is None

    await asyncio.gather(*(applicant(n) for n in range(60)), *(manager(n) for n in range(12)))
    await small.audit()
    assert (await auditing.audit(small.house, small.office)).wrong == ()
    before = await small.fetch('select "limit", tick, capacity from cell order by 1, 2')
    entries = len(await small.journal())
    await planning.plan(beside.house, beside.office)
    assert await small.fetch('select "limit", tick, capacity from cell order by 1, 2') == before
    assert len(await small.journal()) == entries, "cells are what the layers say already"


async def test_a_series_edited_on_the_running_day_keeps_what_is_past_and_booked(
    small: Small,
) -> None:
    booked = await small.booked("11:00")
    await small.wait(90)  # 10:00
    later = (Window((0, 1, 2, 3, 4), time(9, 30), time(10, 30)),)
    await planning.load(small.house, msgspec.structs.replace(make.office(), hours=later))
    assert await capacities(small) == {"08:30": 3, "10:30": 0}
    [row] = await small.fetch("select state from booking where code = $1", booked.code)
    assert row["state"] == "booked"
    [cell] = await small.fetch(
        'select capacity, taken, left_over from cell where "limit" = 1 and tick = $1',
        make.tick(make.at("11:00")),
    )
    assert tuple(cell) == (0, 1, 1)
    await small.audit()
