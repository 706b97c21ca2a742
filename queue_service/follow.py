"""The follower: this process's only reader of new entries; it feeds the views, then the streams.

A NOTIFY names office and number and only says "look again"; a poll each second makes good what
was lost. What this process committed itself is handed over, so word of it is not heeded. Views are
fed in order; an entry that cannot be read (newer version, struck body) makes the office's views
load anew.
"""

import asyncio
from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from typing import cast

import asyncpg
import msgspec
import structlog

from queue_service import offices as configuration
from queue_service.clock import real_now
from queue_service.events.capacity import ClockSet, Configured
from queue_service.events.chapters import AnyFact, UnknownTagError, decode
from queue_service.events.entry import Entry
from queue_service.followed import KEPT_ENTRIES, Followed
from queue_service.model.ids import TICK_SECONDS, AuthorityId, OfficeId, Tick
from queue_service.model.office import Office, OfficeKey
from queue_service.offices.layers import is_capacity
from queue_service.store import offices as store
from queue_service.store.database import UNANSWERED, outside, transaction
from queue_service.store.offices import OfficeRow
from queue_service.store.told import CHANNEL

POLL_SECONDS = 1.0
_log = structlog.get_logger()


def _changes_settings(fact: msgspec.Struct) -> bool:
    """Whether settings and clock must be read anew: capacity layers change cells alone."""
    if isinstance(fact, Configured):
        return not fact.subjects or not all(map(is_capacity, fact.subjects))
    return isinstance(fact, ClockSet)


class _Loaded(msgspec.Struct, frozen=True):
    row: OfficeRow
    office: Office
    load: store.Load


class Follower:
    """All offices of this process; `start` loads them, a task keeps them up to date."""

    def __init__(self, pool: asyncpg.Pool, dsn: str, own: Container[int] = ()) -> None:
        """Read through `pool`; listen on a connection of its own to `dsn`.

        `own` are the server's processes whose commits are handed over.
        """
        self._pool = pool
        self._dsn = dsn
        self._own = own
        self.offices: dict[str, Followed] = {}
        self._by_id: dict[OfficeId, Followed] = {}
        self._listener: asyncpg.Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._woken: dict[OfficeId, int] = {}
        self._look = asyncio.Event()
        self._stopping = False
        self._reading = asyncio.Lock()
        self._next_change: dict[OfficeId, datetime | None] = {}

    def office(self, slug: str) -> Followed | None:
        """The office of that name, or None."""
        return self.offices.get(slug)

    def by_id(self, office: OfficeId) -> Followed | None:
        """The office of that number, or None."""
        return self._by_id.get(office)

    async def start(self) -> None:
        """Load every configured office and follow the journal from there."""
        await self._listen()
        await self._catch_up(everything=True)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the task and the listening connection."""
        self._stopping = True  # a driver that is cut off may turn the cancelling into a fault
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._listener is not None and not self._listener.is_closed():
            await self._listener.close()

    async def refresh(self) -> None:
        """Read every office's journal to its end now: for commands that follow no stream."""
        await self._catch_up(everything=True)

    def hand(self, office: OfficeId, entries: Sequence[tuple[Entry, msgspec.Struct]]) -> None:
        """Feed what this process has just committed; with a gap before it, it is read instead."""
        first, last = entries[0][0].seq, entries[-1][0].seq
        followed = self._by_id.get(office)
        if (
            followed is None
            or first != followed.seq + 1
            or any(_changes_settings(fact) for _, fact in entries)
        ):
            self._look_for(office, last)
            return
        try:
            for entry, fact in entries:
                followed.apply(entry, cast(AnyFact, fact))
            followed.fresh_at = real_now()
        except Exception:  # noqa: BLE001 - the answers of a turn must not hang on a view's defect
            _log.exception("follower_defect", office=followed.key.slug)
            self._look_for(office, last)
        followed.wake()

    async def reach(self, office: Followed, seq: int, seconds: float = 2.0) -> None:
        """Wait until this process's views have entry `seq`: read your own writes."""
        await office.changed(seq - 1, seconds)

    async def _listen(self) -> None:
        self._listener = await asyncpg.connect(self._dsn)
        self._listener.add_termination_listener(lambda _c: self._look.set())
        await self._listener.add_listener(CHANNEL, self._woke)

    def _woke(self, _connection: object, pid: int, _channel: str, payload: object) -> None:
        office, _, seq = str(payload).partition(" ")
        if pid not in self._own and office.isdigit() and seq.isdigit():
            self._look_for(OfficeId(int(office)), int(seq))

    def _look_for(self, office: OfficeId, seq: int) -> None:
        self._woken[office] = max(seq, self._woken.get(office, 0))
        self._look.set()

    async def _run(self) -> None:
        polled = real_now()
        while not self._stopping:
            try:
                due = polled + timedelta(seconds=POLL_SECONDS) - real_now()
                async with asyncio.timeout(max(0.0, due.total_seconds())):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            everything = real_now() - polled >= timedelta(seconds=POLL_SECONDS)
            try:
                if self._listener is None or self._listener.is_closed():
                    await self._listen()
                    everything = True
                await self._catch_up(everything=everything)
            except UNANSWERED as away:
                _log.warning("follower_cannot_read", error=type(away).__name__)
                await asyncio.sleep(0.2)
            except Exception:  # noqa: BLE001 - the process's edge: a follower that dies leaves screens dead
                _log.exception("follower_defect")
                await asyncio.sleep(0.5)
            if everything:
                polled = real_now()

    async def _catch_up(self, *, everything: bool) -> None:
        async with self._reading:  # entries are fed in order, by one reader at a time
            await self._read_on(everything=everything)

    async def _read_on(self, *, everything: bool) -> None:
        if everything:
            await self._poll()
            return
        woken, self._woken = self._woken, {}
        for office, seq in woken.items():
            followed = self._by_id.get(office)
            if followed is None:
                await self._poll()
                return
            if followed.seq >= seq:
                continue
            await self._read(followed)

    async def _poll(self) -> None:
        async with self._pool.acquire() as connection:
            known = await store.authorities(connection)
        for authority in known:
            await self._poll_authority(authority)

    async def _poll_authority(self, authority: AuthorityId) -> None:
        looked = real_now()
        async with transaction(self._pool, authority) as connection:
            seqs = await store.seqs(connection)
            new = any(office not in self._by_id for office in seqs)
            rows = await store.offices(connection) if new else []
        # Loading a hundred offices takes seconds: no transaction stays open meanwhile.
        for row in rows:
            if row.key.office not in self._by_id:
                await self._meet(row)
        for office, seq in seqs.items():
            followed = self._by_id.get(office)
            if followed is None:
                continue
            if seq > followed.seq:
                await self._read(followed)
            if self._layers_due(followed):
                await self._reload(followed)
            followed.fresh_at = max(looked, followed.fresh_at)
            followed.openings.grow_older(followed.now(), looked)

    async def _meet(self, row: OfficeRow) -> None:
        """Load an office this process does not know yet; one without configuration waits."""
        found = await self._load(row.key)
        if found is None:
            return
        followed = Followed(found.row, found.office)
        followed.loaded(found.load)
        self._by_id[row.key.office] = followed
        self.offices[row.key.slug] = followed

    async def _read(self, followed: Followed) -> None:
        while True:
            async with outside(self._pool) as connection:
                entries = await store.news(connection, followed.key, followed.seq, KEPT_ENTRIES)
            for entry in entries:
                if entry.seq <= followed.seq:  # a reload has read past it
                    continue
                try:
                    fact = decode(entry)
                except UnknownTagError:
                    _log.warning("views_reload", office=followed.key.slug, tag=entry.tag)
                    await self._reload(followed)
                    return
                followed.apply(entry, fact)
                if _changes_settings(fact):
                    await self._reload(followed)
            if entries:
                followed.wake()
            if len(entries) < KEPT_ENTRIES:
                followed.fresh_at = real_now()
                return

    async def _reload(self, followed: Followed) -> None:
        """Read settings, clock and views anew; until then the old ones are shown."""
        found = await self._load(followed.key)
        if found is not None:
            followed.replaced(found.row, found.office, found.load)

    async def _load(self, key: OfficeKey) -> _Loaded | None:
        """Settings, clock and rows as of one number of the journal.

        None where no configuration can be used: one office must not stop the others.
        """
        async with transaction(self._pool, key.authority, snapshot=True) as snapshot:
            row = next(r for r in await store.offices(snapshot) if r.key.office == key.office)
            layers = await store.layers(snapshot, key.office)
            now = row.clock.at(real_now())
            self._next_change[key.office] = configuration.next_change(layers, now)
            try:
                office = configuration.resolve(layers, now)
            except LookupError:
                return None
            except msgspec.ValidationError as broken:
                _log.error("office_unreadable", office=key.slug, reason=str(broken))
                return None
            yesterday = Tick(int((now - timedelta(days=1)).timestamp()) // TICK_SECONDS)
            # Twice its seconds: a sentence is taken back with an act that was just before it.
            undo = 2 * row.clock.patience(timedelta(seconds=office.line.undo_seconds))
            load = await store.load(snapshot, key.office, yesterday, told_since=now - undo)
            return _Loaded(row, office, load)

    def _layers_due(self, followed: Followed) -> bool:
        due = self._next_change.get(followed.key.office)
        return due is not None and followed.now() >= due
