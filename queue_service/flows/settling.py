"""The transaction of a turn: lock, read, decide, write, commit - and what happens when it fails.

What the database refuses halves the batch, so that one poisoned wish does not cost its neighbours
their places; a commit without an answer is looked up under the lock. Which wishes come together is
left to `turn`.
"""

from collections.abc import Callable
from datetime import datetime

import asyncpg
import msgspec
import structlog
from asyncpg.exceptions._base import DataError  # asyncpg.DataError is the server's alone

from queue_service.events.entry import Entry
from queue_service.flows.settled import Settled
from queue_service.flows.wish import Wish, merged
from queue_service.model.booking import BookingState
from queue_service.model.ids import SYSTEM, OfficeId
from queue_service.model.office import OfficeKey
from queue_service.model.refusal import Code
from queue_service.model.world import Cell, CellKey, Needs, Told, World
from queue_service.slots.cards import given_up
from queue_service.slots.claims import taken_by
from queue_service.slots.holds import lapse
from queue_service.slots.release import FREE_AT_ONCE, Lapsing
from queue_service.store import access as store_access
from queue_service.store import capacity as store_capacity
from queue_service.store import cards as store_cards
from queue_service.store import hall as store_hall
from queue_service.store import told as store_told
from queue_service.store import wishes as store_wishes
from queue_service.store import world as store_world
from queue_service.store.database import UNANSWERED, abandon
from queue_service.store.world import Locked

GUARDS = {
    "cell_not_over": Code.SLOT_FULL,
    "booking_once_a_person": Code.ALREADY_BOOKED,
    "visit_one_a_counter": Code.COUNTER_OCCUPIED,
    "visit_of_booking": Code.ALREADY_BOOKED,
    "booking_one_offer": Code.HAS_OFFER,
    "wish_once_a_person": Code.ALREADY_WAITING,
}
"""Constraint → the refusal that its breach would have been, had the decision seen it."""
UNSTORABLE = (
    asyncpg.DataError,  # a text that PostgreSQL cannot store
    DataError,  # a value that the driver cannot send
    UnicodeEncodeError,  # a text that is none: half of a sign
)
REFUSED_BY_DATABASE = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.TransactionRollbackError,
    *UNSTORABLE,
)
"""What one wish among many may have brought about: its neighbours are tried without it."""
_log = structlog.get_logger()


Committed = tuple[Entry, msgspec.Struct]
"""An entry with its fact, after the commit."""


Rests = Callable[[OfficeId], Lapsing]
"""How places that lapse in a turn of that office rest, with fresh chance."""


MOST_KEPT = 50_000
"""Cells kept from turn to turn: a month of ten limits."""
Cells = dict[CellKey, Cell | None]


def _go_on() -> None:
    """Nobody waits for the decision."""


Fill = Callable[[list[Wish]], None]
"""Puts into an empty batch what waits for a turn by now; leaves any other as it is."""


def _as_it_is(_batch: list[Wish]) -> None:
    """The batch is whole."""


def at_once(_office: OfficeId) -> Lapsing:
    """Nothing rests."""
    return FREE_AT_ONCE


class _CommitLostError(Exception):
    """The connection broke at the commit: whether entry `last` stands is not known."""

    def __init__(self, last: Entry) -> None:
        super().__init__(last.seq)
        self.last = last


class Kept:
    """Cells as the last turn of this process left them; true while nobody else had a turn.

    The office row's number and link say so, read under its lock: whoever writes a cell writes an
    entry. Reading the cells of a turn anew costs a tenth of it.
    """

    def __init__(self, seq: int = -1, head: bytes = b"", cells: Cells | None = None) -> None:
        """`cells` as of entry `seq` with the link `head`; by default of no entry."""
        self._seq = seq
        self._head = head
        self._cells: Cells = {} if cells is None else cells

    def true_at(self, locked: Locked) -> bool:
        """Whether nobody else had a turn since."""
        return locked.seq == self._seq and locked.head == self._head

    def cells_at(self, locked: Locked) -> Cells:
        """What is known of cells where the journal ends as `locked` says."""
        return self._cells if self.true_at(locked) else {}

    def after(self, settled: Settled) -> "Kept":
        """The cells after a turn was committed; those of granted capacity are read anew."""
        cells = settled.cells()
        if len(cells) > MOST_KEPT:
            return Kept()
        return Kept(settled.seq, settled.head, cells)


class Settling:
    """Settles batches of one office."""

    def __init__(self, pool: asyncpg.Pool, key: OfficeKey, rests: Rests = at_once) -> None:
        """Take connections from a pool opened for turns."""
        self._pool = pool
        self._key = key
        self._rests = rests
        self._kept = Kept()
        self.alone = False
        """Whether no other process had a turn between the last two of this one."""

    async def settle(
        self,
        batch: list[Wish],
        decided: Callable[[], None] = _go_on,
        fill: Fill = _as_it_is,
    ) -> list[Committed]:
        """Settle a batch; what the database refuses halves it, a lost commit is looked up.

        Returns the entries that were committed, in order; none of a commit that was looked up.
        `decided` is called each time when only the database has work to do. An empty batch is
        filled once the office is locked, or when that fails.
        """
        try:
            return await self._settle_or_look(batch, decided, fill)
        except REFUSED_BY_DATABASE as guard:
            fill(batch)
            if len(batch) == 1:
                _refuse_by_guard(batch[0], guard)
                return []
            middle = len(batch) // 2
            first = await self.settle(batch[:middle], decided)
            return first + await self.settle(batch[middle:], decided)
        except UNANSWERED as away:
            fill(batch)
            _log.warning("turn_failed", office=self._key.slug, error=type(away).__name__)
            for wish in batch:
                wish.refuse(Code.BUSY_RETRY)
        except Exception as fault:  # noqa: BLE001 - a process's edge: a defect fails this batch, not the office
            fill(batch)
            _log.exception("turn_defect", office=self._key.slug)
            for wish in batch:
                wish.fault = fault
        return []

    async def _settle_or_look(
        self, batch: list[Wish], decided: Callable[[], None], fill: Fill
    ) -> list[Committed]:
        try:
            return await self._settle_once(batch, decided, fill)
        except _CommitLostError as lost:
            # Asked on another connection only now: waiting for a second one while holding the
            # first would stop all offices once as many lose theirs as the pool has.
            if not await self._was_committed(lost.last):
                raise OSError("the commit was lost") from lost
            return []

    async def _settle_once(
        self, batch: list[Wish], decided: Callable[[], None], fill: Fill
    ) -> list[Committed]:
        kept, self._kept = self._kept, Kept()
        async with self._pool.acquire() as connection:
            last: Entry | None = None
            try:
                await store_world.begin(connection, self._key.authority)
                settled = await self._decide_all(connection, batch, kept, fill)
                decided()
                entries = settled.entries()
                last = entries[-1][0] if entries else None
                await store_told.write(connection, self._key, settled.outcome, settled.real)
                await connection.execute("commit")
                # Only now: what a lost commit left is not known.
                self._kept = kept.after(settled)
                return entries
            except BaseException as fault:
                await abandon(connection)
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

    async def _decide_all(
        self, connection: asyncpg.Connection, batch: list[Wish], kept: "Kept", fill: Fill
    ) -> Settled:
        """Lock, read and decide."""
        locked = await store_world.lock(connection, self._key.office)
        self.alone = kept.true_at(locked)
        fill(batch)
        now = max(locked.clock.at(locked.real), locked.recorded)
        receipts = [w.receipt.key for w in batch if w.receipt is not None]
        known = await store_world.receipts(connection, receipts)
        sessions = [w.session.hash for w in batch if w.session is not None]
        holders = await store_access.holders(connection, sessions, locked.real)
        cells = kept.cells_at(locked)
        world = await self._read(connection, merged(w.needs for w in batch), now, cells)
        settled = Settled(self._key, locked, world, known, holders)
        lapsed = await self._lapsed(connection, world)
        if lapsed is not None:
            settled.accept(lapsed, SYSTEM)
        for wish in batch:
            settled.decide(wish)
        return settled

    async def _lapsed(self, connection: asyncpg.Connection, world: World) -> Told | None:
        """What ran out, with the cards that were offered a place in vain."""
        office, how = self._key.office, self._rests(self._key.office)
        offered = [b.id for b in world.due() if b.state is BookingState.OFFERED]
        if not offered:
            return lapse(world, how)
        awaited = await store_wishes.awaited(connection, office, offered, world.now)
        lapsed = lapse(world, how, awaited)
        wanted = await store_cards.wanted(connection, office, offered)
        return lapsed and given_up(lapsed, wanted, world.now.date())

    async def _read(
        self, connection: asyncpg.Connection, needs: Needs, now: datetime, kept: Cells
    ) -> World:
        office = self._key.office
        bookings = await store_world.bookings(connection, office, needs.bookings)
        bookings |= {b.id: b for b in await store_world.due(connection, office, now)}
        waiting = await store_wishes.read(connection, office, needs.waiting)
        cells = set(needs.cells)
        for booking in (*bookings.values(), *waiting.given_up()):
            if booking is not None:
                cells.update(taken_by(booking))
        visits, visits_of = await store_hall.visits(connection, office, needs)
        kept.update(await store_world.cells(connection, [key for key in cells if key not in kept]))
        return World(
            now,
            cells=kept,
            bookings=bookings,
            people=await store_world.people(connection, needs),
            emails=await store_world.emails(connection, needs.emails),
            cards=await store_cards.named(connection, office, needs.cards),
            visits=visits,
            visits_of=visits_of,
            line=needs.line,
            series=await store_hall.series(connection, office, needs.series),
            hall=await store_hall.hall(connection, office, needs.hall),
            waiting=waiting,
            layers=await store_capacity.stamp(connection, office) if needs.layers else None,
        )


def _refuse_by_guard(wish: Wish, guard: Exception) -> None:
    """A guard of the database fired on this wish alone: say which rule it broke."""
    if isinstance(guard, UNSTORABLE):
        wish.refuse(Code.INVALID)
        return
    name = getattr(guard, "constraint_name", None) or ""
    code = GUARDS.get(name, Code.BUSY_RETRY)
    if code is Code.BUSY_RETRY:
        _log.error("guard_fired", guard=name, error=type(guard).__name__)
    wish.refuse(code)
