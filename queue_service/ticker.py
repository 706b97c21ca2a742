"""Leadership and a table: rhythm → flow.

Leader is whoever holds an advisory lock on a connection of its own; APScheduler gives the rhythm,
in memory. Two leaders at once are harmless: due state lies in tables and is claimed there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from queue_service.clock import real_now
from queue_service.flows import errands
from queue_service.flows.bookings import cards
from queue_service.flows.capacity import disruption, planning, releasing, surging
from queue_service.flows.days import closing, promises
from queue_service.flows.desks import notes
from queue_service.flows.waitlist import offers
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import SYSTEM
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs
from queue_service.notify import outbox
from queue_service.store import access, wishes
from queue_service.store import offices as store
from queue_service.store.database import UNANSWERED, outside, transaction

LOCK = 5_281_102
LOOK_FOR_LEADERSHIP_SECONDS = 5
RECEIPTS_KEPT = timedelta(days=1)
_log = structlog.get_logger()

Work = Callable[[House, Followed], Awaitable[object]]


async def lapse_holds(house: House, office: Followed) -> None:
    """Give the cells of holds that are over back even where nobody books."""
    if not office.openings.has_due(office.now()):
        return
    # Every turn lapses what is due before its wishes; this one wishes nothing.
    await house.turn(office.key, SYSTEM, Needs(), lambda _world: Refusal(Code.HOLD_EXPIRED))


async def send_letters(house: House, office: Followed) -> None:
    """Plan letters from new entries and send what is due."""
    await outbox.plan_new(house, office)
    await outbox.send_due(house, office, real_now())


async def plan_days(house: House, office: Followed) -> None:
    """Keep the cells planned as days go by, and as settings begin and end by themselves."""
    _, last = planning.planned_days(office)
    now = office.office
    stand = (last, office.key.limits, now.hours, now.closures, now.exceptions, now.limits)
    if _planned.get(office.key.slug) != stand:
        await planning.plan(house, office)
        _planned[office.key.slug] = stand


_planned: dict[str, object] = {}


async def close_days(house: House, office: Followed) -> None:
    """End what a day that is over left open."""
    await closing.close_days(house, office)


async def resume_errands(house: House, office: Followed) -> None:
    """Finish what a crash left."""
    await errands.resume(house, office, planning.ERRANDS | disruption.ERRANDS)


async def offer_places(house: House, office: Followed) -> None:
    """Offer what is free or resting to the waiting list."""
    await offers.offer_places(house, office)


RHYTHM: tuple[tuple[float, Work], ...] = (
    (1, lapse_holds),
    (1, offer_places),
    (1, send_letters),
    (15, plan_days),
    (30, resume_errands),
    (5, close_days),
    (20, releasing.keep_back),
    (15, releasing.move_on),
    (60, releasing.switch),
    (60, surging.look),
    (2, promises.keep),
    (20, cards.tell_ready),
    (3600, cards.purge),
    (3600, notes.purge),
    (3600, promises.purge),
)
"""Real seconds between two runs of each work, for every office."""


class Ticker:
    """One process's candidate for leadership."""

    def __init__(self, house: House, dsn: str) -> None:
        """Nothing happens until `start`."""
        self._house = house
        self._dsn = dsn
        self._task: asyncio.Task[None] | None = None
        self.leads = False

    async def start(self) -> None:
        """Stand for leadership."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Give leadership up; the lock goes with the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._dsn)
                try:
                    await self._stand(connection)
                finally:
                    await connection.close(timeout=1)
            except UNANSWERED as away:
                _log.warning("ticker_without_database", error=type(away).__name__)
            except Exception:  # noqa: BLE001 - the process's edge: without a leader nothing lapses and no letter goes
                _log.exception("ticker_defect")
            await asyncio.sleep(LOOK_FOR_LEADERSHIP_SECONDS)

    async def _stand(self, connection: asyncpg.Connection) -> None:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
            return
        scheduler = AsyncIOScheduler()
        for seconds, work in RHYTHM:
            scheduler.add_job(
                self._for_all,
                "interval",
                [work],
                seconds=seconds,
                max_instances=1,
                coalesce=True,
                next_run_time=real_now(),
            )
        scheduler.add_job(
            self._purge, "interval", minutes=10, max_instances=1, next_run_time=real_now()
        )
        scheduler.start()
        self.leads = True
        try:
            while True:  # a failed ping ends leadership at once
                await connection.execute("select 1", timeout=3)
                await asyncio.sleep(LOOK_FOR_LEADERSHIP_SECONDS)
        finally:
            self.leads = False
            scheduler.shutdown(wait=False)

    async def _for_all(self, work: Work) -> None:
        for office in list(self._house.follower.offices.values()):
            try:
                await work(self._house, office)
            except UNANSWERED as away:
                _log.warning("work_put_off", work=work.__name__, error=type(away).__name__)
            except Exception:  # noqa: BLE001 - the process's edge: one office's defect must not stop the others
                _log.exception("work_defect", work=work.__name__, office=office.key.slug)

    async def _purge(self) -> None:
        try:
            now = real_now()
            async with outside(self._house.pool) as connection:
                authorities = await store.authorities(connection)
            for authority in authorities:
                async with transaction(self._house.pool, authority) as connection:
                    await access.purge(connection, now=now, receipts_before=now - RECEIPTS_KEPT)
                    await wishes.forget(connection)
        except UNANSWERED as away:
            _log.warning("work_put_off", work="purge", error=type(away).__name__)
