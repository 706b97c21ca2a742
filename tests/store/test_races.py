"""Many want the same place at once, in two processes: as many get it as there are places."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from queue_service.flows.bookings import moving
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.conftest import Database
from tests.small import Small, opened, owner, refused
from tests.store.gathering import narrow

ROOT = Path(__file__).parents[2]


CLIENTS = 40


Race = Callable[[Small, str, int], Awaitable[object]]


async def hold(house: Small, start: str, _client: int) -> object:
    return await house.hold(start)


async def hold_and_confirm(house: Small, start: str, client: int) -> object:
    held = await house.hold(start)
    if isinstance(held, Refusal):
        return held
    return await house.confirm(held, f"Applicant {client}")


async def by_staff(house: Small, start: str, client: int) -> object:
    return await house.by_staff(start, name=f"Applicant {client}")


@pytest.mark.parametrize("capacity", [1, 3])
@pytest.mark.parametrize("race", [hold, hold_and_confirm, by_staff])
async def test_of_forty_clients_exactly_as_many_win_as_there_are_places(
    small_database: Database, capacity: int, race: Race
) -> None:
    dsn = small_database.owner_dsn
    await narrow(dsn, capacity)
    async with AsyncExitStack() as stack:
        houses = [await stack.enter_async_context(opened(dsn)) for _ in range(2)]
        for start in ("10:00", "10:30", "11:00"):
            answers = await asyncio.gather(*(race(houses[n % 2], start, n) for n in range(CLIENTS)))
            losers = refused(answers)
            assert CLIENTS - len(losers) == capacity
            for loser in losers:
                assert loser.code is Code.SLOT_FULL
                alternatives = loser.data["alternatives"]
                assert isinstance(alternatives, list)
                assert len(alternatives) == 3
                assert make.at(start) not in [a["start"] for a in alternatives]
        await houses[0].audit()
        await houses[1].settle()
        assert houses[0].seen() == houses[1].seen()


async def unguarded(dsn: str) -> subprocess.CompletedProcess[str]:
    """The race of `tests.unguarded` with turns that take no lock; its last line counts too many."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.unguarded", dsn],
        cwd=ROOT,
        env=os.environ | {"QUEUE_CONTROL_NO_LOCK": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


async def test_without_lock_and_guards_the_same_race_gives_too_much(
    small_database: Database,
) -> None:
    dsn = small_database.owner_dsn
    await narrow(dsn, 1)
    async with owner(dsn) as connection:
        await connection.execute("alter table cell drop constraint cell_not_over")
        # Two turns that read the same number would refuse each other here.
        await connection.execute("alter table journal drop constraint journal_pkey")
    told = await unguarded(dsn)
    assert told.returncode == 0, told.stderr
    assert int(told.stdout.splitlines()[-1]) > 0, "the race was never lost: it proves nothing"


async def test_without_the_lock_the_guard_of_the_cell_alone_still_gives_no_place_twice(
    small_database: Database,
) -> None:
    dsn = small_database.owner_dsn
    await narrow(dsn, 1)
    async with owner(dsn) as connection:
        await connection.execute("alter table journal drop constraint journal_pkey")
    told = await unguarded(dsn)
    assert (told.returncode, told.stdout.splitlines()[-1:]) == (0, ["0"])


async def test_two_people_move_at_once_into_each_others_full_neighbourhood(
    small_database: Database,
) -> None:
    dsn = small_database.owner_dsn
    await narrow(dsn, 1)
    async with opened(dsn) as one, opened(dsn) as other:
        first, second = await one.booked("10:00"), await other.booked("10:20")
        answers = await asyncio.gather(
            move(one, first, "10:10"), move(other, second, "10:10"), return_exceptions=True
        )
        assert sum(isinstance(a, BookingGiven) for a in answers) == 1
        assert [r.code for r in refused(answers)] == [Code.SLOT_FULL]
        await one.audit()


async def move(house: Small, booking: BookingGiven, start: str, key: str | None = None) -> object:
    return await moving.move(
        house.house, booking.code, Proof(secret=booking.secret), make.at(start), key
    )


async def test_two_processes_in_turn_see_each_others_places(small: Small) -> None:
    async with opened(small.house.settings.database_url) as other:
        for place in (small, other, small):
            assert isinstance(await place.hold("10:00"), HoldGiven)
        for place in (small, other):
            refusal = await place.hold("10:00")
            assert isinstance(refusal, Refusal)
            assert refusal.code is Code.SLOT_FULL
    await small.audit()
