"""The office's turn: gathers wishes, settles them in one transaction, answers after the commit.

Knows no trade. Per office and process one gatherer; wishes that arrive while a commit is in flight
wait for the next turn, there is no sleep window. Nothing is acknowledged, sent or shown before the
commit, and nobody else commits what the journal tells.
"""

import asyncio
from collections import deque
from datetime import datetime

import asyncpg
import structlog
from asyncpg.exceptions._base import DataError  # asyncpg.DataError is the server's alone

from queue_service.events.entry import Entry
from queue_service.flows.settled import Settled
from queue_service.flows.wish import Decide, Done, ReceiptKey, Wish
from queue_service.model.ids import SYSTEM, ActorId, OfficeId
from queue_service.model.office import OfficeKey
from queue_service.model.refusal import Code
from queue_service.model.world import Needs, World, merged
from queue_service.slots.claims import taken_by
from queue_service.slots.holds import lapse
from queue_service.store import told as store_told
from queue_service.store import world as store_world

GUARDS = {
    "cell_not_over": Code.SLOT_FULL,
    "booking_once_a_person": Code.ALREADY_BOOKED,
    "visit_one_a_counter": Code.COUNTER_OCCUPIED,
    "visit_of_booking": Code.ALREADY_BOOKED,
}
"""Constraint → the refusal that its breach would have been, had the decision seen it."""
MOST_WISHES = 100
MOST_CELLS = 2_000
FLOOR_TURNS_RUNNING = 2
AWAY = (OSError, asyncpg.InterfaceError)
"""How a lost connection shows besides errors of PostgreSQL; a time-out is an OSError."""
REFUSED_BY_DATABASE = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.TransactionRollbackError,
    asyncpg.DataError,  # a text that PostgreSQL cannot store
    DataError,  # a value that the driver cannot send
)
"""What one wish among many may have brought about: its neighbours are tried without it."""
_log = structlog.get_logger()


class _CommitLostError(Exception):
    """The connection broke at the commit: whether entry `last` stands is not known."""

    def __init__(self, last: Entry) -> None:
        super().__init__(last.seq)
        self.last = last


class Gatherer:
    """Wishes of one office in this process, settled turn by turn."""

    def __init__(self, pool: asyncpg.Pool, key: OfficeKey) -> None:
        """Nothing is read until the first wish."""
        self._pool = pool
        self._key = key
        self._floor: deque[Wish] = deque()
        self._bookings: deque[Wish] = deque()
        self._floor_running = 0
        self._task: asyncio.Task[None] | None = None

    def add(self, wish: Wish, *, floor: bool) -> None:
        """Queue a wish; wakes the gatherer when it rests."""
        (self._floor if floor else self._bookings).append(wish)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._floor or self._bookings:
            batch = self._next_batch()
            await self._settle_safely(batch)
            for wish in batch:
                wish.resolve()

    def _next_batch(self) -> list[Wish]:
        floor_only = bool(self._floor) and (
            not self._bookings or self._floor_running < FLOOR_TURNS_RUNNING
        )
        self._floor_running = self._floor_running + 1 if floor_only and self._bookings else 0
        lane = self._floor if floor_only else self._bookings
        batch = [lane.popleft()]
        cells = len(batch[0].needs.cells)
        while lane and len(batch) < MOST_WISHES:
            cells += len(lane[0].needs.cells)
            if cells > MOST_CELLS:
                break
            batch.append(lane.popleft())
        return batch

    async def _settle_safely(self, batch: list[Wish]) -> None:
        """Settle a batch; what the database refuses halves it, a lost commit is looked up."""
        try:
            await self._settle(batch)
        except REFUSED_BY_DATABASE as guard:
            if len(batch) == 1:
                _refuse_by_guard(batch[0], guard)
                return
            middle = len(batch) // 2
            await self._settle_safely(batch[:middle])
            await self._settle_safely(batch[middle:])
        except (*AWAY, asyncpg.PostgresError) as away:
            _log.warning("turn_failed", office=self._key.slug, error=type(away).__name__)
            for wish in batch:
                wish.refuse(Code.BUSY_RETRY)
        except Exception as fault:  # noqa: BLE001 - a process's edge: a defect fails this batch, not the office
            _log.exception("turn_defect", office=self._key.slug)
            for wish in batch:
                wish.fault = fault

    async def _settle(self, batch: list[Wish]) -> None:
        try:
            await self._settle_once(batch)
        except _CommitLostError as lost:
            # Asked on another connection only now: waiting for a second one while holding the
            # first would stop all offices once as many lose theirs as the pool has.
            if not await self._was_committed(lost.last):
                raise OSError("the commit was lost") from lost

    async def _settle_once(self, batch: list[Wish]) -> None:
        async with self._pool.acquire() as connection:
            last: Entry | None = None
            try:
                await store_world.begin(connection, self._key.authority)
                last = await self._decide_all(connection, batch)
                await connection.execute("commit")
            except BaseException as fault:
                await _abandon(connection)
                known = not isinstance(fault, Exception) or isinstance(fault, REFUSED_BY_DATABASE)
                if last is not None and not known:
                    raise _CommitLostError(last) from fault
                raise

    async def _was_committed(self, last: Entry) -> bool:
        """Whether a commit without an answer happened: the lock waits for the old transaction."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(f"set local queue.authority = '{int(self._key.authority)}'")
            await store_world.lock(connection, self._key.office)
            found = await store_told.entry_link(connection, self._key.office, last.seq)
            return found == last.link

    async def _decide_all(self, connection: asyncpg.Connection, batch: list[Wish]) -> Entry | None:
        """Lock, read, decide and write; the last entry, or None when nothing was accepted."""
        locked = await store_world.lock(connection, self._key.office)
        now = max(locked.clock.at(locked.real), locked.recorded)
        receipts = [w.receipt.key for w in batch if w.receipt is not None]
        known = await store_world.receipts(connection, receipts)
        world = await self._read(connection, merged(w.needs for w in batch), now)
        settled = Settled(self._key, locked, world, known)
        lapsed = lapse(world)
        if lapsed is not None:
            settled.accept(lapsed, SYSTEM)
        for wish in batch:
            settled.decide(wish)
        await store_told.write(connection, self._key, settled.outcome, locked.real)
        entries = settled.outcome.entries
        return entries[-1] if entries else None

    async def _read(self, connection: asyncpg.Connection, needs: Needs, now: datetime) -> World:
        office = self._key.office
        bookings = await store_world.bookings(connection, office, needs.bookings)
        bookings |= {b.id: b for b in await store_world.due(connection, office, now)}
        cells = set(needs.cells)
        for booking in bookings.values():
            if booking is not None:
                cells.update(taken_by(booking))
        visits, visits_of = await store_world.visits(connection, office, needs)
        return World(
            now,
            cells=await store_world.cells(connection, list(cells)),
            bookings=bookings,
            people=await store_world.people(connection, needs),
            visits=visits,
            visits_of=visits_of,
            line=needs.line,
            series=await store_world.series(connection, office, needs.series),
        )


async def _abandon(connection: asyncpg.Connection) -> None:
    """End the transaction of a turn that failed: one left open would keep the office locked."""
    try:
        if not connection.is_closed():
            await connection.execute("rollback")
    except (*AWAY, asyncpg.PostgresError):
        connection.terminate()


def _refuse_by_guard(wish: Wish, guard: Exception) -> None:
    """A guard of the database fired on this wish alone: say which rule it broke."""
    if isinstance(guard, (asyncpg.DataError, DataError)):
        wish.refuse(Code.INVALID)
        return
    name = getattr(guard, "constraint_name", None) or ""
    code = GUARDS.get(name, Code.BUSY_RETRY)
    if code is Code.BUSY_RETRY:
        _log.error("guard_fired", guard=name, error=type(guard).__name__)
    wish.refuse(code)


class Turns:
    """The turns of every office in this process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        """Use a pool opened for turns."""
        self._pool = pool
        self._gatherers: dict[OfficeId, Gatherer] = {}

    async def __call__(
        self,
        office: OfficeKey,
        by: ActorId,
        needs: Needs,
        decide: Decide,
        *,
        receipt: ReceiptKey | None = None,
        floor: bool = False,
    ) -> Done:
        """Settle one wish in the office's next turn.

        The answer is what the decision told, `Replayed` for a known key, or a Refusal; the commit
        has happened by then. Raises what `decide` raised.
        """
        gatherer = self._gatherers.get(office.office)
        if gatherer is None:
            gatherer = self._gatherers[office.office] = Gatherer(self._pool, office)
        future: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        gatherer.add(Wish(by, needs, decide, receipt, future), floor=floor)
        return await future
