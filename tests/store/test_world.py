"""What a turn reads under the lock: what was named, of this office, as of after the wait."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from queue_service.flows.entrance import arriving
from queue_service.model.booking import BookingState, Person
from queue_service.model.desk import Desk, DeskState
from queue_service.model.ids import BookingId, OfficeId, Tick
from queue_service.model.visit import TicketSeries
from queue_service.model.world import Cell, Grant, Needs
from queue_service.store import hall, rows, told, world
from queue_service.store.database import open_pool
from queue_service.store.told import Outcome
from tests import make
from tests.conftest import Database
from tests.make import DESKS, NOW
from tests.small import CLERK, SLUG, Small, owner

OFFICE, ELSEWHERE = OfficeId(1), OfficeId(2)


@pytest.fixture
async def turn(small: Small) -> AsyncIterator[asyncpg.Connection]:
    """A turn's connection inside its transaction; nothing it does is kept."""
    pool = await open_pool(small.house.settings.database_url, size=1, turns=True)
    async with pool.acquire() as connection:
        await world.begin(connection, small.office.key.authority)
        yield connection
        await connection.execute("rollback")
    await pool.close()


async def test_the_clock_of_a_turn_is_read_after_the_wait_for_the_lock(
    small_database: Database, turn: asyncpg.Connection
) -> None:
    async with owner(small_database.owner_dsn) as other:
        holding = other.transaction()
        await holding.start()
        await other.execute("set local queue.authority = '1'")
        await other.execute("select 1 from office for update")
        waiting = asyncio.create_task(world.lock(turn, OFFICE))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        released = await other.fetchval("select clock_timestamp()")
        await holding.commit()
        locked = await waiting
    assert locked.real >= released


async def test_an_office_that_is_not_there_cannot_be_locked(turn: asyncpg.Connection) -> None:
    with pytest.raises(LookupError):
        await world.lock(turn, OfficeId(99))


async def test_nothing_named_asks_nothing(turn: asyncpg.Connection) -> None:
    assert await world.receipts(turn, []) == {}
    assert await world.bookings(turn, OFFICE, []) == {}
    assert await world.people(turn, Needs()) == {}
    assert await world.cells(turn, []) == {}
    assert await hall.visits(turn, OFFICE, Needs()) == ({}, {})
    assert await hall.series(turn, OFFICE, ()) == {}


async def test_what_is_named_and_not_there_is_told_apart_from_what_was_not_named(
    small: Small, turn: asyncpg.Connection
) -> None:
    nobody, day = BookingId(make.uuid()), NOW.date()
    there, missing = (DESKS, make.tick(make.at("10:00"))), (DESKS, Tick(1))
    assert await world.cells(turn, [there, missing]) == {there: Cell(3, 0), missing: None}
    assert await world.bookings(turn, OFFICE, [nobody]) == {nobody: None}
    assert await world.people(turn, Needs(people=((b"p", "pick"),))) == {(b"p", "pick"): None}
    assert await hall.visits(turn, OFFICE, Needs(visits_of=(nobody,))) == ({}, {nobody: None})
    assert await hall.series(turn, OFFICE, (day,)) == {day: None}


async def test_a_booking_comes_back_as_it_was_written_and_only_in_its_office(
    small: Small, turn: asyncpg.Connection
) -> None:
    full = make.booking(
        make.at("10:00"),
        state=BookingState.PENDING,
        limits=(DESKS,),
        once=((make.BIO_DAY, Tick(5)),),
        until=NOW,
        seq=7,
        generation=2,
        code="23456789",
        group="pick",
        person_key=b"p" * 16,
        held_at=NOW,
        extensions=3,
        overbooked=True,
    )
    plain = make.booking(make.at("10:10"))
    person = Person(full.id, "Amal", "a@example.org", "06221", NOW.date())
    outcome = Outcome(bookings={b.id: b for b in (full, plain)}, people={full.id: person})
    await told.write(turn, small.office.key, outcome, NOW)
    ids = [full.id, plain.id]
    assert await world.bookings(turn, OFFICE, ids) == {full.id: full, plain.id: plain}
    assert await world.bookings(turn, ELSEWHERE, ids) == {full.id: None, plain.id: None}
    named = Needs(people=((b"p" * 16, "pick"), (b"p" * 16, "bio")))
    assert await world.people(turn, named) == {
        (b"p" * 16, "pick"): full.id,
        (b"p" * 16, "bio"): None,
    }
    assert await world.due(turn, OFFICE, NOW) == [full]
    assert await world.due(turn, OFFICE, NOW - timedelta(microseconds=1)) == []
    moved = msgspec.structs.replace(full, state=BookingState.CANCELLED, until=None)
    await told.write(turn, small.office.key, Outcome(bookings={full.id: moved}), NOW)
    assert await world.bookings(turn, OFFICE, [full.id]) == {full.id: moved}
    assert await world.people(turn, named) == dict.fromkeys(named.people)


async def test_the_line_is_everybody_in_the_house_and_named_visits_are_read_besides(
    small: Small, turn: asyncpg.Connection
) -> None:
    given = await arriving.walk_in(small.house, SLUG, service=make.PICK, by=CLERK)
    by_id, of = await hall.visits(turn, OFFICE, Needs(line=True))
    assert [v.number for v in by_id.values() if v] == [getattr(given, "number", None)]
    assert of == {}
    assert (await hall.visits(turn, ELSEWHERE, Needs(line=True)))[0] == {}


async def test_cells_are_changed_by_the_net_and_allowances_are_kept_apart(
    small: Small, turn: asyncpg.Connection
) -> None:
    key = (DESKS, make.tick(make.at("10:00")))

    async def cell() -> tuple[int, ...]:
        [row] = await turn.fetch(
            'select capacity, taken, granted, left_over from cell where "limit" = $1 and tick = $2',
            *key,
        )
        return tuple(row)

    await told.write(turn, small.office.key, Outcome(net={key: 3}), NOW)
    assert await cell() == (3, 3, 0, 0)
    await told.write(turn, small.office.key, Outcome(grants={key: Grant(key, 1)}), NOW)
    assert await cell() == (1, 3, 0, 2)
    granted = Outcome(grants={key: Grant(key, 1, 3)}, net={key: 1})
    await told.write(turn, small.office.key, granted, NOW)
    assert (await cell())[:3] == (1, 4, 3)
    await turn.execute("savepoint before")
    with pytest.raises(asyncpg.CheckViolationError):
        await told.write(turn, small.office.key, Outcome(net={key: 9}), NOW)
    await turn.execute("rollback to before")
    with pytest.raises(asyncpg.CheckViolationError):
        await told.write(turn, small.office.key, Outcome(net={key: -9}), NOW)
    await turn.execute("rollback to before")


async def test_an_edit_writes_cells_that_are_there_and_cells_that_are_new(
    small: Small, turn: asyncpg.Connection
) -> None:
    first = make.tick(make.at("10:00"))
    there = [(DESKS, Tick(first + n)) for n in range(3)]
    new = [(DESKS, Tick(n)) for n in range(1, 5)]
    await told.write(turn, small.office.key, Outcome(net={there[1]: 2}), NOW)
    places = dict.fromkeys(there + new[:3], 2) | {new[3]: 7}
    grants: dict[tuple[int, int], Grant] = {k: Grant(k, many) for k, many in places.items()}
    await told.write(turn, small.office.key, Outcome(grants=grants), NOW)
    found = await world.cells(turn, list(places))
    assert found == {key: Cell(many, 0) for key, many in places.items()} | {there[1]: Cell(2, 2)}


async def test_a_run_of_cells_is_read_and_written_from_its_first_to_its_last_alone(
    turn: asyncpg.Connection,
) -> None:
    statements = (world.CELL_RUNS, ([1], [1], [5])), (told.GRANTS, ([1], [1], [5], [1], [0]))
    for statement, values in statements:
        plan = [row[0] for row in await turn.fetch(f"explain {statement.sql}", *values)]
        [bounds] = [line for line in plan if "Index Cond" in line]
        assert "tick >= " in bounds, plan
        assert "tick < " in bounds, plan


async def test_a_code_belongs_to_one_office_for_ever(
    small: Small, turn: asyncpg.Connection
) -> None:
    await told.write(turn, small.office.key, Outcome(codes=["abcd2345"]), NOW)
    await turn.execute("savepoint before")
    with pytest.raises(asyncpg.UniqueViolationError):
        await told.write(turn, small.office.key, Outcome(codes=["ABCD2345"]), NOW)
    await turn.execute("rollback to before")


async def test_what_a_turn_leaves_is_one_command_and_stands_whole_or_not_at_all(
    small: Small, turn: asyncpg.Connection
) -> None:
    wanted = make.booking(make.at("10:00"))
    person = Person(wanted.id, "Amal", "a@example.org", "06221", NOW.date())
    key = (DESKS, make.tick(wanted.start))
    desk = Desk("D1", DeskState.BREAK, NOW, CLERK, 7)
    series = TicketSeries(NOW.date(), "A", 0, 12)
    outcome = Outcome(
        net={key: 1},
        bookings={wanted.id: wanted},
        people={wanted.id: person},
        desks={desk.counter: desk},
        series={series.day: series},
        codes=["abcd2345"],
        receipts=[(b"k" * 16, b"d" * 32, "null")],
    )

    async def left() -> tuple[object, ...]:
        return (
            await world.bookings(turn, OFFICE, [wanted.id]),
            await turn.fetchval("select name from person"),
            await world.cells(turn, [key]),
            [d for d in await hall.desks(turn, OFFICE) if d.counter == desk.counter],
            await hall.series(turn, OFFICE, [series.day]),
            await world.receipts(turn, [b"k" * 16]),
        )

    empty = await left()
    await turn.execute("savepoint before")
    await told.write(turn, small.office.key, outcome, NOW)
    commands = await turn.fetch(
        "select cmin from booking union select cmin from person union select cmin from desk"
        " union select cmin from ticket_series union select cmin from receipt"
        " union select cmin from cell where taken > 0"
    )
    assert len(commands) == 1
    assert await left() == (
        {wanted.id: wanted},
        "Amal",
        {key: Cell(3, 1, 0)},
        [desk],
        {series.day: series},
        {b"k" * 16: world.Receipt(b"d" * 32, "null")},
    )
    await turn.execute("rollback to before")
    outcome.net[key] = 9
    with pytest.raises(asyncpg.CheckViolationError) as guard:
        await told.write(turn, small.office.key, outcome, NOW)
    assert guard.value.constraint_name == "cell_not_over"
    await turn.execute("rollback to before")
    assert await left() == empty


async def test_what_a_turn_leaves_is_not_planned_anew_each_time_in_a_full_office(
    small_database: Database, small: Small, turn: asyncpg.Connection
) -> None:
    many = (
        'insert into cell ("limit", tick, authority, capacity)'
        f" select {DESKS}, tick, 1, 5 from generate_series(1, 20000) tick"
    )
    async with owner(small_database.owner_dsn) as other:
        async with other.transaction():
            await other.execute("set local queue.authority = '1'")
            await other.execute(many)
        await other.execute("analyze cell")
    for tick in range(1, 60, 6):
        net = {(DESKS, Tick(tick)): 1, (DESKS, Tick(tick + 1)): 1}
        outcome = Outcome(net=net, receipts=[(b"%016d" % tick, b"d" * 32, "null")])
        await told.write(turn, small.office.key, outcome, NOW)
    kept = "select generic_plans from pg_prepared_statements where statement like 'WITH part%'"
    assert await turn.fetchval(kept) == 5


async def test_every_row_of_the_journal_reads_back_as_the_entry_that_was_hashed(
    small: Small,
) -> None:
    await small.booked("10:00")
    stored = await small.fetch("select * from journal order by seq")
    assert [rows.entry(row) for row in stored] == await small.journal()
    await small.chain()
