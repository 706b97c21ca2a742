"""The office's turn: gathers wishes, settles them in one transaction, answers after the commit.

Knows no trade. Per office and process one gatherer; wishes that arrive while a commit is in flight
wait for the next turn, there is no sleep window. Nothing is acknowledged, sent or shown before the
commit, and nobody else commits what the journal tells.
"""

import asyncio
from collections import deque

import asyncpg

from queue_service.flows.settling import Settling
from queue_service.flows.wish import Decide, Done, ReceiptKey, Wish
from queue_service.model.ids import ActorId, OfficeId
from queue_service.model.office import OfficeKey
from queue_service.model.world import Needs

MOST_WISHES = 100
MOST_CELLS = 2_000
FLOOR_TURNS_RUNNING = 2
"""So many turns of the floor alone may run while bookings wait."""


class Gatherer:
    """Wishes of one office in this process, settled turn by turn."""

    def __init__(self, pool: asyncpg.Pool, key: OfficeKey) -> None:
        """Nothing is read until the first wish."""
        self._settling = Settling(pool, key)
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
            await self._settling.settle(batch)
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
