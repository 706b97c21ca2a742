"""Makes the cells of days follow hours and layers: as a difference, in turns of bounded size.

What to write is worked out before the lock, from layers read with their stamp; under the lock the
stamp is compared, cells that are over are left alone, and those that are right already too. No
booking is touched: what stays above the new capacity is an allowance of its own.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

import asyncpg
import msgspec

from queue_service import offices as configuration
from queue_service.events.capacity import Planned
from queue_service.flows.capacity.keeping import keep_back_day
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import SYSTEM, LimitId, OfficeId, Tick
from queue_service.model.layer import Layer
from queue_service.model.office import Office, Period
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import CellKey, Grant, Needs, Told, World
from queue_service.offices.layers import is_capacity
from queue_service.slots import capacity
from queue_service.slots.calendar import ONE_DAY, day_tick, tick_of, ticks_of_day
from queue_service.slots.claims import runs
from queue_service.store import capacity as store
from queue_service.store import offices as store_offices
from queue_service.store.database import transaction

Value = TypeVar("Value")
MOST_CELLS = 1_010
"""Written in one turn: more, and bookings would feel it; less, and an edit takes long.

More than half of what a turn takes, so that two of them never come together.
"""
AHEAD = 2
"""Chunks under way: while one is written the next waits in the lane, or every other turn of a busy
office would be one of bookings alone."""
DAYS_A_PIECE = 21
"""Of an edit: read at once and marked at once."""


Places = dict[LimitId, dict[Tick, int]]
"""Of the cells of one day."""


class Days(msgspec.Struct, frozen=True):
    """Errands `plan` and `edit`: days up to `last`; empty `limits` are all. Cursor = next day."""

    last: date
    limits: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A cell to be written, and when it is over."""

    key: CellKey
    capacity: int
    end: Tick


class Stand(msgspec.Struct, frozen=True):
    """An office's layers and limits, read at once."""

    layers: tuple[Layer, ...]
    stamp: str
    numbers: dict[str, LimitId]
    now: datetime

    def adding(self, day: date, office: Office) -> list[Layer]:
        """The capacity layers that may hold on `day`."""
        begin, end = (
            datetime.combine(each, datetime.min.time(), office.tz) for each in (day, day + ONE_DAY)
        )
        return [
            layer
            for layer in self.layers
            if is_capacity(layer.subject)
            and layer.since < end
            and (layer.until is None or layer.until > max(begin, layer.since))
        ]


def by_day(
    have: Mapping[CellKey, int], office: Office, first: date, last: date
) -> dict[date, Places]:
    """The places of cells in [first, last] apart by their local day."""
    days = [first + n * ONE_DAY for n in range((last - first).days + 1)]
    found: dict[date, Places] = {day: {} for day in days}
    of_tick = {tick: found[day] for day in days for tick in ticks_of_day(day, office.tz)}
    for (limit, tick), places in have.items():
        of_tick[tick].setdefault(limit, {})[tick] = places
    return found


class Settings:
    """An office as each day begins, today as it is now.

    Resolved anew only where a setting begins or ends in between: sixty days of an edit are mostly
    one and the same office.
    """

    def __init__(self, found: Stand, like: Office) -> None:
        """Settings by the layers of `found`, days in the zone of `like`."""
        self._layers = [layer for layer in found.layers if not is_capacity(layer.subject)]
        self._now, self._zone = found.now, like.tz
        turns = {
            at for layer in self._layers for at in (layer.since, layer.until) if at is not None
        }
        self._turns = sorted(turns)
        self._known: dict[int, Office] = {}

    def on(self, day: date) -> Office:
        """The office on `day`."""
        at = max(datetime.combine(day, datetime.min.time(), self._zone), self._now)
        era = bisect_right(self._turns, at)
        if era not in self._known:
            self._known[era] = configuration.resolve(self._layers, at)
        return self._known[era]


async def stand(house: House, office: Followed) -> Stand:
    """Read an office's layers with their stamp."""
    async with transaction(house.pool, office.key.authority, snapshot=True) as snapshot:
        return await _stand(snapshot, office)


async def _stand(snapshot: asyncpg.Connection, office: Followed) -> Stand:
    key: OfficeId = office.key.office
    return Stand(
        await store_offices.layers(snapshot, key),
        await store.stamp(snapshot, key),
        await store.limit_numbers(snapshot, key),
        office.now(),
    )


def changes(
    found: Stand, office: Office, day: date, limits: Sequence[str], have: Places
) -> list[Change]:
    """The cells of a day to be written so that they are as layers say; `have` are the day's."""
    holidays = configuration.public_holidays(office.land, (day.year,))
    chosen = [
        limit
        for limit in office.limits
        if limit.key in found.numbers and (not limits or limit.key in limits)
    ]
    planned = capacity.cells(office, chosen, day, holidays, found.adding(day, office))
    want = {found.numbers[key]: places for key, places in planned.items()}
    periods = {found.numbers.get(limit.key): limit.period for limit in office.limits}
    todo: list[Change] = []
    for number in sorted({*have, *want}):
        period = periods.get(number, Period.DAY)
        different = capacity.difference(have.get(number, {}), want.get(number, {}))
        todo += [
            Change((number, tick), places, capacity.end_of(tick, period, office, day))
            for tick, places in sorted(different.items())
        ]
    return todo


def numbers_of(found: Stand, limits: Sequence[str]) -> list[LimitId]:
    """The numbers of these limits; empty are all, also of those that are no more."""
    return [number for key, number in found.numbers.items() if not limits or key in limits]


def ticks_of_days(office: Office, first: date, last: date) -> tuple[Tick, Tick]:
    """The first tick of a local day, and the one after the last of another."""
    return day_tick(first, office.tz), day_tick(last + ONE_DAY, office.tz)


async def plan_day(house: House, office: Followed, params: str, cursor: str) -> str | None:
    """One piece of errand `plan`: the cells of one day, as a difference."""
    return await _follow(house, office, params, cursor, many_days=1)


async def edit_days(house: House, office: Followed, params: str, cursor: str) -> str | None:
    """One piece of errand `edit`: the cells of some weeks, turn by turn.

    What of them is kept back is kept at once: whoever clicks first shall not gain by an edit.
    """
    return await _follow(house, office, params, cursor, many_days=DAYS_A_PIECE, keep=True)


async def _follow(
    house: House, office: Followed, params: str, cursor: str, *, many_days: int, keep: bool = False
) -> str | None:
    asked = msgspec.json.decode(params, type=Days)
    first = max(date.fromisoformat(cursor), office.now().date())
    last = min(asked.last, first + (many_days - 1) * ONE_DAY)
    if first > last:
        return None
    async with transaction(house.pool, office.key.authority, snapshot=True) as snapshot:
        found = await _stand(snapshot, office)
        begin, end = ticks_of_days(office.office, first, last)
        numbers = numbers_of(found, asked.limits)
        have = await store.capacities(snapshot, numbers, begin, end)
    chunks = _chunks(found, office.office, by_day(have, office.office, first, last), asked.limits)
    if not await _write_all(house, office, found.stamp, first, chunks):
        return first.isoformat()  # layers have changed meanwhile: once more
    if keep:
        settings = Settings(found, office.office)
        for day in (first + n * ONE_DAY for n in range((last - first).days + 1)):
            await keep_back_day(house, office, day, settings.on(day))
    return (last + ONE_DAY).isoformat() if last < asked.last else None


async def _write_all(
    house: House,
    office: Followed,
    stamp: str,
    day: date,
    chunks: Iterable[Sequence[Change]],
) -> bool:
    """Whether every chunk was written; the next is worked out while one is under way."""
    under_way: deque[asyncio.Task[bool]] = deque()
    try:
        for chunk in chunks:
            under_way.append(asyncio.create_task(_write(house, office, stamp, day, chunk)))
            if len(under_way) == AHEAD and not await under_way.popleft():
                return False
        return all([await writing for writing in under_way])
    finally:
        await asyncio.gather(*under_way, return_exceptions=True)


async def _write(
    house: House, office: Followed, stamp: str, day: date, chunk: Sequence[Change]
) -> bool:
    """Whether the chunk was written; raises OSError when the database is away."""
    needs = Needs(cells=tuple(change.key for change in chunk), layers=True)
    done = await house.turn(
        office.key, SYSTEM, needs, lambda world: write(world, stamp, day, chunk)
    )
    answer = done.answer
    if not isinstance(answer, Refusal) or answer.code is Code.PAST:
        return True
    if answer.data.get("reason") == STALE:
        return False
    raise OSError("cells could not be written")


STALE = "layers"
"""Why a chunk was not written: it rests on layers that are not all in force any more."""


def write(world: World, stamp: str, day: date, chunk: Iterable[Change]) -> Told | Refusal:
    """Give the cells of a chunk their capacity; cells that are over stay as they were."""
    if world.layers() != stamp:
        return Refusal(Code.BUSY_RETRY, {"reason": STALE})
    running = tick_of(world.now)
    left: dict[CellKey, int] = {}
    grants = []
    for key, places, end in ((c.key, c.capacity, c.end) for c in chunk):
        cell = world.cell(key)
        if end <= running or (cell is not None and cell.capacity == places):
            continue
        left[key] = max(0, places - (cell.taken if cell else 0)) if places else -1
        grants.append(Grant(key, places))
    if not grants:
        return Refusal(Code.PAST)
    return Told(Planned(day=day, cells=runs(left)), grants=tuple(grants))


def _chunks(
    found: Stand,
    like: Office,
    have: Mapping[date, Places],
    limits: Sequence[str],
) -> Iterator[Sequence[Change]]:
    """What is to be written, day by day in turns' portions."""
    settings = Settings(found, like)
    todo: list[Change] = []
    for day, of_day in have.items():
        todo += changes(found, settings.on(day), day, limits, of_day)
        while len(todo) >= MOST_CELLS:
            yield todo[:MOST_CELLS]
            todo = todo[MOST_CELLS:]
    if todo:
        yield todo


def local_days(since: datetime, until: datetime | None, office: Office) -> tuple[date, date | None]:
    """The local days that [since, until) touches; None = without end."""
    first = since.astimezone(office.tz).date()
    if until is None:
        return first, None
    return first, (until - timedelta(microseconds=1)).astimezone(office.tz).date()
