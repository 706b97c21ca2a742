"""The office's turn: gathers wishes, settles them in one transaction, answers after the commit.

Knows no trade. Per office and process one gatherer; wishes that arrive while a commit is in flight
wait for the next turn, there is no sleep window. Nothing is acknowledged, sent or shown before the
commit, and nobody else commits what the journal tells.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import asyncpg

from queue_service.flows.settling import Committed, Rests, Settling, at_once
from queue_service.flows.wish import Decide, Done, HeldSession, ReceiptKey, Wish
from queue_service.model.ids import ActorId, OfficeId
from queue_service.model.office import OfficeKey
from queue_service.model.world import Needs

MOST_WISHES = 100
MOST_CELLS = 2_000
LATEST_ANSWER_SECONDS = 0.02
"""So long an answer waits for the next turn to be decided, at most."""
ANSWERS_AT_ONCE = 8
"""Answers handed out between two looks at the database, which would wait for all of them."""
FLOOR_TURNS_RUNNING = 2
"""So many turns of the floor alone may run while bookings wait."""
Hear = Callable[[OfficeId, Sequence[Committed]], None]
"""Told of every entry after its commit, in order; never raises."""


class Gatherer:
    """Wishes of one office in this process, settled turn by turn."""

    def __init__(
        self, pool: asyncpg.Pool, key: OfficeKey, hear: Hear, rests: Rests = at_once
    ) -> None:
        """Nothing is read until the first wish."""
        self._settling = Settling(pool, key, rests)
        self._key = key
        self._hear = hear
        self._settled: tuple[Sequence[Wish], Sequence[Committed]] = (), ()
        self._latest: asyncio.TimerHandle | None = None
        self._answering = set[asyncio.Task[None]]()
        self._floor: deque[Wish] = deque()
        self._bookings: deque[Wish] = deque()
        self._floor_running = 0
        self._floor_turn = False
        self._task: asyncio.Task[None] | None = None

    def add(self, wish: Wish, *, floor: bool) -> None:
        """Queue a wish; wakes the gatherer when it rests."""
        (self._floor if floor else self._bookings).append(wish)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._floor or self._bookings:
            batch = list[Wish]()
            entries = await self._settling.settle(batch, self._answer, self._fill)
            self._answer()
            self._settled = batch, entries
            # Another process may have the office for long by now.
            if self._floor_turn or not self._settling.alone:
                self._answer()
                continue
            # While the next turn is decided nobody is served faster by an answer; while it is
            # written there is time for them.
            loop = asyncio.get_running_loop()
            self._latest = loop.call_later(LATEST_ANSWER_SECONDS, self._answer)
        self._answer()

    def _answer(self) -> None:
        """Tell of the turn before and hand out its answers, unless that was done."""
        (batch, entries), self._settled = self._settled, ((), ())
        if self._latest is not None:
            self._latest.cancel()
            self._latest = None
        if entries:
            self._hear(self._key.office, entries)
        if not batch:
            return
        task = asyncio.create_task(_answer(batch))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    def _fill(self, batch: list[Wish]) -> None:
        """Take the wishes of the turn at hand once it has the office, unless that was done.

        While another process has the office more of them come, and those of the floor go first.
        """
        if not batch:
            batch.extend(self._next_batch())

    def _next_batch(self) -> list[Wish]:
        floor_only = bool(self._floor) and (
            not self._bookings or self._floor_running < FLOOR_TURNS_RUNNING
        )
        self._floor_running = self._floor_running + 1 if floor_only and self._bookings else 0
        self._floor_turn = floor_only
        lane = self._floor if floor_only else self._bookings
        batch = [lane.popleft()]
        cells = len(batch[0].needs.cells)
        while lane and len(batch) < MOST_WISHES:
            cells += len(lane[0].needs.cells)
            if cells > MOST_CELLS:
                break
            batch.append(lane.popleft())
        return batch


async def _answer(batch: Sequence[Wish]) -> None:
    for first in range(0, len(batch), ANSWERS_AT_ONCE):
        for wish in batch[first : first + ANSWERS_AT_ONCE]:
            wish.resolve()
        await asyncio.sleep(0)


class Turns:
    """The turns of every office in this process."""

    def __init__(self, pool: asyncpg.Pool, hear: Hear, rests: Rests = at_once) -> None:
        """Use a pool opened for turns; `hear` is told of every commit, in order.

        `rests` says how what lapses in a turn rests.
        """
        self._pool = pool
        self._hear = hear
        self._rests = rests
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
        session: HeldSession | None = None,
    ) -> Done:
        """Settle one wish in the office's next turn.

        The answer is what the decision told, `Replayed` for a known key, or a Refusal; the commit
        has happened by then. `not_signed_in` when the `session` has ended or its holder changed.
        Raises what `decide` raised.
        """
        gatherer = self._gatherers.get(office.office)
        if gatherer is None:
            gatherer = self._gatherers[office.office] = Gatherer(
                self._pool, office, self._hear, self._rests
            )
        future: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        gatherer.add(Wish(by, needs, decide, receipt, future, session), floor=floor)
        return await future
