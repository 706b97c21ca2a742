"""The turn on a real database: races, keys, poison, lost commits, lanes and the journal after."""

import asyncio
import os
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from queue_service.events.booking import Held
from queue_service.events.capacity import Configured
from queue_service.flows import turn as turns
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.settling import Kept
from queue_service.flows.turn import Gatherer, Turns
from queue_service.flows.wish import Done, Replayed, Wish, receipt_for
from queue_service.model.booking import Part
from queue_service.model.ids import APPLICANT, AuthorityId, OfficeId, Tick
from queue_service.model.office import OfficeKey
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Cell, Needs, NotNamedError, Told, World
from queue_service.slots import claims
from queue_service.store.database import open_pool
from queue_service.store.world import Locked
from tests import make
from tests.conftest import Database
from tests.make import DESKS, HALL
from tests.small import PICK, Small, opened, owner, refused, soon
from tests.wire import Cut, Wire, wired

ROOT = Path(__file__).parents[2]
CLIENTS = 40
Race = Callable[[Small, str, int], Awaitable[object]]


async def narrow(dsn: str, capacity: int) -> None:
    """Every desk cell has so many places from now on; before any house has looked."""
    async with owner(dsn) as connection, connection.transaction():
        await connection.execute("set local queue.authority = '1'")
        await connection.execute(
            'update cell set capacity = $1 where "limit" = $2 and capacity > 0', capacity, DESKS
        )


async def hold(house: Small, start: str, _client: int) -> object:
    return await house.hold(start)


async def hold_and_confirm(house: Small, start: str, client: int) -> object:
    held = await house.hold(start)
    if isinstance(held, Refusal):
        return held
    return await house.confirm(held, f"Applicant {client}")


async def by_staff(house: Small, start: str, client: int) -> object:
    return await house.by_staff(start, name=f"Applicant {client}")


@asynccontextmanager
async def locked(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else holds the office: wishes of a house wait, and gather."""
    async with owner(dsn) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("set local queue.authority = '1'")
        await connection.execute("select 1 from office for update")
        try:
            yield connection
        finally:
            await transaction.rollback()


async def gathered(dsn: str, house: Small, *wishes: Coroutine[Any, Any, object]) -> list[object]:
    """The answers of wishes that were settled in one turn."""
    async with locked(dsn):
        first = asyncio.create_task(house.hold("08:40"))
        await waiting_for_the_lock(dsn)
        tasks = [asyncio.create_task(wish) for wish in wishes]
        queued = house.house.turn._gatherers[house.office.key.office]
        # The first is not taken either before the office is had.
        await soon(lambda: len(queued._floor) + len(queued._bookings) == len(tasks) + 1)
    assert isinstance(await first, HoldGiven)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def waiting_for_the_lock(dsn: str, many: int = 1) -> None:
    async with owner(dsn) as connection:

        async def blocked() -> bool:
            found = await connection.fetchval(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                " and datname = current_database()"
            )
            return int(found) >= many

        await soon(blocked)


def wish(
    house: Small, decide: Callable[[World], Told | Refusal], needs: Needs | None = None
) -> Coroutine[Any, Any, Done]:
    return house.house.turn(house.office.key, APPLICANT, needs or Needs(), decide)


async def turns_run(house: Small) -> int:
    """How many transactions wrote the journal."""
    [row] = await house.fetch("select count(distinct xmin::text) as many from journal")
    return int(row["many"])


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


async def test_without_lock_and_guards_the_same_race_gives_too_much(
    small_database: Database,
) -> None:
    dsn = small_database.owner_dsn
    await narrow(dsn, 1)
    async with owner(dsn) as connection:
        await connection.execute("alter table cell drop constraint cell_not_over")
        # Two turns that read the same number would refuse each other here.
        await connection.execute("alter table journal drop constraint journal_pkey")
    told = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.unguarded", dsn],
        cwd=ROOT,
        env=os.environ | {"QUEUE_CONTROL_NO_LOCK": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert int(told.stdout.splitlines()[-1]) > 0, "the race was never lost: it proves nothing"


async def test_without_the_lock_the_guard_of_the_cell_alone_still_gives_no_place_twice(
    small_database: Database,
) -> None:
    dsn = small_database.owner_dsn
    await narrow(dsn, 1)
    async with owner(dsn) as connection:
        await connection.execute("alter table journal drop constraint journal_pkey")
    told = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.unguarded", dsn],
        cwd=ROOT,
        env=os.environ | {"QUEUE_CONTROL_NO_LOCK": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
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
    return await flow.move(
        house.house, booking.code, Proof(secret=booking.secret), make.at(start), key
    )


async def test_the_same_key_gets_the_first_answer_one_after_the_other(small: Small) -> None:
    first = await small.hold(key="mine")
    assert isinstance(first, HoldGiven)
    assert await small.hold(key="mine") == first
    assert await small.hold(key="other") != first
    booked = await small.confirm(first, key="book")
    assert isinstance(booked, BookingGiven)
    again = await small.confirm(first, key="book")
    assert again == booked
    assert await small.confirm(first) == Refusal(Code.ALREADY_BOOKED)
    assert len(await small.fetch("select 1 from booking where state = 'booked'")) == 1


async def test_the_same_key_at_once_in_two_processes_is_one_act(
    small: Small, beside: Small
) -> None:
    houses = (small, beside)
    answers = await asyncio.gather(*(houses[n % 2].hold(key="mine") for n in range(20)))
    assert len({a.hold for a in answers if isinstance(a, HoldGiven)}) == 1
    assert refused(answers) == []
    assert len(await small.fetch("select 1 from booking")) == 1
    await small.audit()


async def test_a_known_key_is_answered_even_when_its_place_is_full(
    small_database: Database,
) -> None:
    await narrow(small_database.owner_dsn, 1)
    async with opened(small_database.owner_dsn) as one, opened(small_database.owner_dsn) as other:
        first = await one.hold(key="mine")
        for house in (one, other):
            await house.settle()
            full = await house.hold(key="another")
            assert isinstance(full, Refusal)
            assert full.code is Code.SLOT_FULL
            assert await house.hold(key="mine") == first


async def test_a_key_with_another_body_is_refused_and_changes_nothing(small: Small) -> None:
    await small.hold("10:00", key="mine")
    assert await small.hold("10:10", key="mine") == Refusal(Code.KEY_REUSED)
    await small.by_staff("10:00", key="staff", name="Amal")
    assert await small.by_staff("10:00", key="staff", name="Ben") == Refusal(Code.KEY_REUSED)
    assert len(await small.fetch("select 1 from booking")) == 2


async def test_a_refusal_is_not_kept_it_is_decided_anew(small_database: Database) -> None:
    await narrow(small_database.owner_dsn, 1)
    async with opened(small_database.owner_dsn) as small:
        held = await small.held()
        answer = await small.by_staff(key="again")
        assert isinstance(answer, Refusal)
        assert await flow.release(small.house, held.hold, held.secret) is None
        assert isinstance(await small.by_staff(key="again"), BookingGiven)


async def test_the_answer_of_a_key_holds_no_secret_and_no_name(small: Small) -> None:
    held = await small.hold(key="one")
    assert isinstance(held, HoldGiven)
    booked = await small.confirm(held, "Zaphod Beeblebrox", key="two", email="z@example.org")
    assert isinstance(booked, BookingGiven)
    kept = str([tuple(r) for r in await small.fetch("select answer, key, digest from receipt")])
    for secret in (held.secret, booked.secret, booked.pin, "Zaphod", "z@example", "one", "two"):
        assert secret not in kept


async def test_a_decision_that_raises_fails_alone(small_database: Database, small: Small) -> None:
    def broken(world: World) -> Told | Refusal:
        raise ZeroDivisionError("a defect")

    def curious(world: World) -> Told | Refusal:
        world.cell((DESKS, Tick(1)))
        return Refusal(Code.INVALID)

    before = await turns_run(small)
    answers = await gathered(
        small_database.owner_dsn,
        small,
        small.hold("10:00"),
        wish(small, broken),
        small.hold("10:00"),
        wish(small, curious),
        small.hold("10:20"),
    )
    kinds = [type(a) for a in answers]
    assert kinds == [HoldGiven, ZeroDivisionError, HoldGiven, NotNamedError, HoldGiven]
    assert await turns_run(small) == before + 1
    await small.audit()


def beyond_capacity(start: str = "10:00") -> tuple[Callable[[World], Told], Needs]:
    """A decision that forgot to look: only the guard of the cell is left."""
    wanted = make.booking(make.at(start), limits=(DESKS, HALL))

    def decide(world: World) -> Told:
        change = dict.fromkeys(claims.taken_by(wanted), 9)
        return Told(Held(), net=change)

    return decide, Needs(cells=claims.taken_by(wanted))


async def test_a_guard_that_fires_refuses_its_wish_and_answers_all_neighbours(
    small_database: Database, small: Small
) -> None:
    poison, needs = beyond_capacity()
    neighbours = [small.hold(f"{9 + n // 4:02}:{n % 4 * 10:02}") for n in range(12)]
    answers = await gathered(
        small_database.owner_dsn,
        small,
        *neighbours[:7],
        wish(small, poison, needs),
        *neighbours[7:],
    )
    assert answers.pop(7) == Done(Refusal(Code.SLOT_FULL))
    assert {type(a) for a in answers} == {HoldGiven}
    await small.audit()


@pytest.mark.parametrize(
    "name", ["nul \x00 inside", "half a pair \ud83d"], ids=["server", "driver"]
)
async def test_a_text_that_cannot_be_stored_is_invalid_and_costs_nobody_else_anything(
    small_database: Database, small: Small, beside: Small, name: str
) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, said: complaints.append(said))
    holds = [await small.held(f"09:{n}0") for n in range(5)]
    answers = await gathered(
        small_database.owner_dsn,
        small,
        *(small.confirm(h, name if n == 2 else "Amal") for n, h in enumerate(holds)),
    )
    assert answers.pop(2) == Refusal(Code.INVALID)
    assert {type(a) for a in answers} == {BookingGiven}
    assert complaints == [], "the driver had to end a transaction that was left open"
    assert isinstance(await beside.hold("11:00"), HoldGiven)
    await small.audit()


async def test_an_attempt_that_was_rolled_back_leaves_nothing_on_its_wishes(
    small_database: Database, small: Small
) -> None:
    poison, needs = beyond_capacity()
    tries: list[int] = []

    def faint(world: World) -> Told | Refusal:
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError("only while the poison lay before it")
        return Refusal(Code.INVALID)

    def withdrawn(world: World) -> Told | Refusal:
        tries.append(1)
        return Told(Held()) if len(tries) < 3 else Refusal(Code.CLOSED)

    answers = await gathered(
        small_database.owner_dsn,
        small,
        wish(small, poison, needs),
        wish(small, faint),
        wish(small, withdrawn),
    )
    assert answers == [
        Done(Refusal(Code.SLOT_FULL)),
        Done(Refusal(Code.INVALID)),
        Done(Refusal(Code.CLOSED)),
    ]


async def test_a_defect_of_the_whole_turn_is_told_and_the_next_turn_works(small: Small) -> None:
    untold = Configured(subjects=(object(),))  # type: ignore[arg-type]  # the defect
    with pytest.raises(TypeError):
        await wish(small, lambda _w: Told(untold))
    assert isinstance(await small.hold(), HoldGiven)
    await small.audit()


async def test_an_office_that_is_not_there_is_a_fault_and_blocks_nobody(small: Small) -> None:
    nowhere = OfficeKey(AuthorityId(1), OfficeId(999), "nowhere")
    with pytest.raises(LookupError):
        await small.house.turn(nowhere, APPLICANT, Needs(), lambda _w: Refusal(Code.INVALID))
    assert isinstance(await small.hold(), HoldGiven)


async def test_a_client_that_goes_away_stops_neither_its_act_nor_its_neighbours(
    small_database: Database, small: Small
) -> None:
    async with locked(small_database.owner_dsn):
        tasks = [asyncio.create_task(small.hold("10:00", key=str(n))) for n in range(3)]
        await waiting_for_the_lock(small_database.owner_dsn)
        tasks[0].cancel()
        tasks[1].cancel()
        await asyncio.gather(*tasks[:2], return_exceptions=True)
    assert isinstance(await tasks[2], HoldGiven)
    assert len(await small.fetch("select 1 from booking")) == 3
    assert isinstance(await small.hold("10:00", key="0"), HoldGiven)
    assert len(await small.fetch("select 1 from booking")) == 3
    await small.audit()


async def test_a_wish_that_comes_while_the_gatherer_goes_to_rest_is_not_forgotten(
    small: Small,
) -> None:
    async def one_after_the_other(n: int) -> None:
        for _ in range(25):
            await wish(small, lambda _w: Refusal(Code.INVALID))
            if n % 2:
                await asyncio.sleep(0)

    async with asyncio.timeout(60):
        await asyncio.gather(*(one_after_the_other(n) for n in range(8)))


@asynccontextmanager
async def over_a_wire(dsn: str) -> AsyncIterator[tuple[Wire, Small]]:
    async with wired(dsn) as (wire, over), opened(over) as house:
        yield wire, house


async def test_a_commit_whose_answer_was_lost_is_looked_up_and_stands(
    small_database: Database,
) -> None:
    async with over_a_wire(small_database.owner_dsn) as (wire, small):
        await small.hold("10:00")
        wire.cuts.append(Cut.AFTER_COMMIT)
        answers = await asyncio.gather(*(small.hold("10:00", key=str(n)) for n in range(4)))
        assert wire.done == [Cut.AFTER_COMMIT]
        assert [type(a) for a in answers].count(HoldGiven) == 2
        assert [r.code for r in refused(answers)] == [Code.SLOT_FULL] * 2
        await small.audit()


async def test_a_commit_that_never_arrived_gives_nothing_and_the_same_key_tries_again(
    small_database: Database,
) -> None:
    async with over_a_wire(small_database.owner_dsn) as (wire, small):
        wire.cuts.append(Cut.BEFORE_COMMIT)
        lost = await small.hold("10:00", key="mine")
        assert lost == Refusal(Code.BUSY_RETRY)
        assert await small.fetch("select 1 from booking") == []
        assert isinstance(await small.hold("10:00", key="mine"), HoldGiven)
        await small.audit()


async def test_what_was_lost_twice_is_still_one_act_under_its_key(
    small_database: Database,
) -> None:
    async with over_a_wire(small_database.owner_dsn) as (wire, small):
        wire.cuts += [Cut.BEFORE_COMMIT, Cut.AFTER_COMMIT]
        answers = [await small.hold(key="mine") for _ in range(3)]
        assert answers[0] == Refusal(Code.BUSY_RETRY)
        assert isinstance(answers[1], HoldGiven)
        assert answers[2] == answers[1]
        assert len(await small.fetch("select 1 from booking")) == 1


def unheard(_office: OfficeId, _entries: object) -> None:
    """Nobody follows."""


async def test_looking_a_commit_up_needs_no_second_connection_of_a_pool_that_is_empty(
    small_database: Database,
) -> None:
    async with over_a_wire(small_database.owner_dsn) as (wire, small):
        pool = await open_pool(small.house.settings.database_url, size=1, turns=True)
        try:
            alone = Turns(pool, unheard)
            wire.cuts.append(Cut.AFTER_COMMIT)
            async with asyncio.timeout(15):
                done = await alone(small.office.key, APPLICANT, Needs(), lambda _w: Told(Held()))
            assert done.seq == (await small.journal())[-1].seq
        finally:
            await pool.close()


@pytest.mark.parametrize("many", [1, 6])
async def test_a_backend_that_is_ended_during_a_turn_costs_its_wishes_one_retry(
    small_database: Database, small: Small, many: int
) -> None:
    async with locked(small_database.owner_dsn) as holder:
        tasks = [asyncio.create_task(small.hold(key=str(n))) for n in range(many)]
        await waiting_for_the_lock(small_database.owner_dsn)
        ended = await holder.fetchval(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            " where wait_event_type = 'Lock' and datname = current_database()"
        )
        assert ended == 1
    answers = await asyncio.gather(*tasks)
    assert answers[0] == Refusal(Code.BUSY_RETRY)
    again = await asyncio.gather(*(small.hold(key=str(n)) for n in range(many)))
    assert sum(isinstance(a, HoldGiven) for a in again) == min(many, 3)
    await small.audit()


async def test_a_database_that_is_away_is_busy_and_back_when_it_is(
    small_database: Database,
) -> None:
    async with over_a_wire(small_database.owner_dsn) as (wire, small):
        await small.hold("10:00")
        wire.tear()
        answers = await asyncio.gather(*(small.hold("10:00", key=str(n)) for n in range(5)))
        assert {r.code for r in refused(answers)} <= {Code.BUSY_RETRY, Code.SLOT_FULL}

        async def works() -> bool:
            return isinstance(await small.hold("11:00", key="later"), HoldGiven)

        await soon(works)
        await small.audit()


def lanes(floor: int, bookings: int) -> Gatherer:
    """A gatherer with so many wishes that nobody settles."""
    gatherer = Gatherer(None, None, unheard)  # type: ignore[arg-type]  # it is not run
    gatherer._floor = deque(_queued(floor))
    gatherer._bookings = deque(_queued(bookings))
    return gatherer


def _queued(many: int, cells: int = 2) -> list[Wish]:
    needs = Needs(cells=tuple((DESKS, Tick(n)) for n in range(cells)))
    future: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
    return [Wish(APPLICANT, needs, lambda _w: Refusal(Code.INVALID), None, future)] * many


async def test_floor_wishes_go_first_but_at_most_twice_running_while_bookings_wait() -> None:
    gatherer = lanes(floor=450, bookings=150)
    pattern = []
    while gatherer._floor or gatherer._bookings:
        before = len(gatherer._floor)
        many = len(gatherer._next_batch())
        pattern.append(("floor" if len(gatherer._floor) < before else "bookings", many))
    assert pattern == [
        ("floor", 100),
        ("floor", 100),
        ("bookings", 100),
        ("floor", 100),
        ("floor", 100),
        ("bookings", 50),
        ("floor", 50),
    ]


async def test_who_comes_while_another_process_has_the_office_joins_its_turn_the_floor_first(
    small_database: Database, small: Small
) -> None:
    told = Refusal(Code.NOBODY_WAITING)
    order: list[str] = []

    def said(name: str) -> Callable[[World], Told | Refusal]:
        def decide(_world: World) -> Told | Refusal:
            order.append(name)
            return told

        return decide

    key, turn = small.office.key, small.house.turn
    async with locked(small_database.owner_dsn):
        booking = asyncio.create_task(turn(key, APPLICANT, Needs(), said("booking")))
        await waiting_for_the_lock(small_database.owner_dsn)
        floor = asyncio.create_task(turn(key, APPLICANT, Needs(), said("floor"), floor=True))
        queued = turn._gatherers[key.office]
        await soon(lambda: len(queued._floor) == 1)
    await asyncio.gather(booking, floor)
    assert order == ["floor", "booking"]


async def test_a_batch_ends_at_its_cells_yet_takes_a_wish_that_is_larger_alone() -> None:
    gatherer = lanes(0, 0)
    gatherer._bookings = deque([*_queued(3, 900), *_queued(1, 5_000), *_queued(2, 1)])
    sizes = []
    while gatherer._bookings:
        sizes.append(len(gatherer._next_batch()))
    assert sizes == [2, 1, 1, 2]
    assert turns.MOST_CELLS == 2_000


async def test_wishes_that_wait_for_a_commit_are_settled_in_one(
    small_database: Database, small: Small
) -> None:
    before = await turns_run(small)
    starts = [f"{9 + n // 6:02}:{n % 6}0" for n in range(16)]
    answers = await gathered(
        small_database.owner_dsn, small, *(small.hold(start) for start in starts)
    )
    assert {type(a) for a in answers} == {HoldGiven}
    assert await turns_run(small) == before + 1


async def test_within_a_turn_each_wish_is_decided_on_what_its_predecessors_left(
    small_database: Database, small: Small
) -> None:
    answers = await gathered(
        small_database.owner_dsn,
        small,
        *(small.hold("10:00", key="k") for _ in range(3)),
        *(small.hold("10:00") for _ in range(4)),
    )
    assert [type(a) for a in answers] == [HoldGiven] * 5 + [Refusal] * 2
    assert len({a.hold for a in answers[:3] if isinstance(a, HoldGiven)}) == 1
    await small.audit()


async def test_a_key_that_is_known_within_the_same_turn_is_replayed(small: Small) -> None:
    before = await turns_run(small)
    receipt = receipt_for("scope", "key", "act")
    told = Told(Held(), answer=Part(make.PICK, 1))
    first, again = await asyncio.gather(
        *(
            small.house.turn(small.office.key, APPLICANT, Needs(), lambda _w: told, receipt=receipt)
            for _ in range(2)
        )
    )
    assert first.answer == told.answer
    assert again.answer == Replayed('["PICK",1]')
    assert await turns_run(small) == before + 1


async def test_holds_that_are_over_are_given_back_before_anything_is_decided(
    small_database: Database,
) -> None:
    await narrow(small_database.owner_dsn, 1)
    async with opened(small_database.owner_dsn) as small:
        await small.held("10:00")
        await small.wait(9)
        refusal = await small.hold("10:00")
        assert isinstance(refusal, Refusal)
        await small.wait(1)
        assert isinstance(await small.hold("10:00"), HoldGiven)
        tags = [e.tag for e in await small.journal()]
        assert tags[-2:] == ["lapsed", "held"] or tags[-3:] == ["lapsed", "clock_set", "held"]
        await small.audit()


@pytest.mark.parametrize(
    ("year", "code"), [(1, Code.PAST), (1969, Code.PAST), (9999, Code.NOT_BOOKABLE_YET)]
)
async def test_a_date_beyond_every_calendar_is_past_or_far_off(
    small: Small, year: int, code: Code
) -> None:
    start = datetime(year, 12 if year > 1 else 1, 31 if year > 1 else 1, tzinfo=UTC)
    booked = await small.booked("10:00")
    proof = Proof(secret=booked.secret)
    for answer in (
        await flow.hold(small.house, small.slug, parts=PICK, start=start, language="de"),
        await flow.move(small.house, booked.code, proof, start),
    ):
        assert isinstance(answer, Refusal)
        assert answer.code is code


async def test_office_time_never_runs_backwards(small: Small) -> None:
    await small.wait(30)
    await small.set_clock(make.NOW)
    await small.hold("10:00")
    await small.chain()
    assert (await small.journal())[-1].recorded == make.at("09:00")


async def test_views_have_what_their_own_process_committed_before_anything_is_read_back(
    small: Small,
) -> None:
    follower = small.house.follower
    async with follower._reading:  # the reader stands still
        before = small.office.seq
        given = await small.hold("10:00", key="mine")
        assert isinstance(given, HoldGiven)
        await asyncio.sleep(0)
        assert small.office.seq == before + 1
        assert small.office.recent(before)


def test_cells_are_kept_only_while_nobody_else_had_a_turn() -> None:
    cells = {(DESKS, Tick(1)): Cell(3, 1)}
    kept = Kept(7, b"link", cells)

    def locked(seq: int, head: bytes) -> Locked:
        return Locked(seq, head, make.NOW, make.CLOCK, make.NOW)

    assert kept.cells_at(locked(7, b"link")) == cells
    assert kept.cells_at(locked(8, b"link")) == {}
    assert kept.cells_at(locked(7, b"another")) == {}
    assert Kept().cells_at(locked(0, b"")) == {}


async def test_two_processes_in_turn_see_each_others_places(small: Small) -> None:
    async with opened(small.house.settings.database_url) as other:
        for place in (small, other, small):
            assert isinstance(await place.hold("10:00"), HoldGiven)
        for place in (small, other):
            refusal = await place.hold("10:00")
            assert isinstance(refusal, Refusal)
            assert refusal.code is Code.SLOT_FULL
    await small.audit()


async def test_places_added_in_a_turn_are_there_in_the_next(small: Small) -> None:
    for _ in range(3):
        assert isinstance(await small.hold("10:00"), HoldGiven)
    given = await small.by_staff("10:00", reason="crowd", name="Above")
    assert isinstance(given, BookingGiven)
    assert isinstance(await small.hold("10:00"), Refusal)
    assert isinstance(await small.hold("10:10"), HoldGiven)
    await small.audit()
