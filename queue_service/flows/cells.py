"""Makes the cells of days follow hours and layers: as a difference, in turns of bounded size.

What to write is worked out before the lock, from layers read with their stamp; under the lock the
stamp is compared, cells that are over are left alone, and those that are right already too. No
booking is touched: what stays above the new capacity is an allowance of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

import msgspec

from queue_service import offices as configuration
from queue_service.events.capacity import Planned
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import SYSTEM, LimitId, OfficeId, Tick
from queue_service.model.layer import Layer
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Cell, CellKey, Grant, Needs, Told, World
from queue_service.slots import capacity
from queue_service.slots.calendar import ONE_DAY, day_tick, tick_of
from queue_service.slots.claims import runs
from queue_service.store import capacity as store
from queue_service.store import offices as store_offices
from queue_service.store.database import transaction

MOST_CELLS = 1_500
"""Written in one turn: more, and bookings would feel it; less, and an edit takes long."""


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

    def office_on(self, day: date, like: Office) -> Office:
        """Settings in force when `day` begins, today's as they are now."""
        begin = datetime.combine(day, datetime.min.time(), like.tz)
        return configuration.resolve(self.layers, max(begin, self.now))


async def stand(house: House, office: Followed) -> Stand:
    """Read an office's layers with their stamp."""
    key: OfficeId = office.key.office
    async with transaction(house.pool, office.key.authority, snapshot=True) as snapshot:
        return Stand(
            await store_offices.layers(snapshot, key),
            await store.stamp(snapshot, key),
            await store.limit_numbers(snapshot, key),
            office.now(),
        )


def wanted(found: Stand, office: Office, day: date, limits: Sequence[str]) -> dict[CellKey, Change]:
    """What layers say about the cells of a day."""
    holidays = configuration.public_holidays(office.land, (day.year,))
    return {
        (number, cell.tick): Change(
            (number, cell.tick),
            cell.capacity,
            capacity.end_of(cell.tick, limit.period, office, day),
        )
        for limit in office.limits
        if (not limits or limit.key in limits)
        and (number := found.numbers.get(limit.key)) is not None
        for cell in capacity.cells(office, limit, day, holidays, found.layers)
    }


def changes(
    found: Stand, office: Office, day: date, limits: Sequence[str], have: dict[CellKey, Cell]
) -> list[Change]:
    """The cells of a day to be written so that they are as layers say."""
    want = wanted(found, office, day, limits)
    end = day_tick(day + ONE_DAY, office.tz)
    # A cell that is no longer wanted is written with 0: bookings may sit in it.
    gone = [Change(key, 0, end) for key, cell in have.items() if key not in want and cell.capacity]
    new = [
        change
        for key, change in want.items()
        if key not in have or have[key].capacity != change.capacity
    ]
    return sorted(gone + new, key=lambda change: change.key)


async def have_on(
    house: House, office: Followed, found: Stand, limits: Sequence[str], day: date
) -> dict[CellKey, Cell]:
    """The cells of a day as they stand; of limits that are no more too, unless some are named."""
    zone = office.office.tz
    numbers = [n for key, n in found.numbers.items() if not limits or key in limits]
    async with transaction(house.pool, office.key.authority) as connection:
        return await store.cells(
            connection, numbers, day_tick(day, zone), day_tick(day + ONE_DAY, zone)
        )


async def plan_day(house: House, office: Followed, params: str, cursor: str) -> str | None:
    """One piece of errand `plan`: the cells of one day, as a difference."""
    return await _follow(house, office, params, cursor, most_days=1)


async def edit_days(house: House, office: Followed, params: str, cursor: str) -> str | None:
    """One piece of errand `edit`: as many days as fit into one turn."""
    return await _follow(house, office, params, cursor, most_days=366)


async def _follow(
    house: House, office: Followed, params: str, cursor: str, *, most_days: int
) -> str | None:
    asked = msgspec.json.decode(params, type=Days)
    found = await stand(house, office)
    first = day = max(date.fromisoformat(cursor), found.now.date())
    todo: list[Change] = []
    while day <= asked.last and (day - first).days < most_days:
        settings = found.office_on(day, office.office)
        have = await have_on(house, office, found, asked.limits, day)
        of_day = changes(found, settings, day, asked.limits, have)
        if todo and len(todo) + len(of_day) > MOST_CELLS:
            break
        todo += of_day
        day += ONE_DAY
    for chunk in _chunks(todo):
        if not await _write(house, office, found.stamp, first, chunk):
            return first.isoformat()  # layers have changed meanwhile: once more
    return day.isoformat() if day <= asked.last else None


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


def _chunks(todo: Sequence[Change]) -> Iterator[Sequence[Change]]:
    for first in range(0, len(todo), MOST_CELLS):
        yield todo[first : first + MOST_CELLS]


def local_days(since: datetime, until: datetime | None, office: Office) -> tuple[date, date | None]:
    """The local days that [since, until) touches; None = without end."""
    first = since.astimezone(office.tz).date()
    if until is None:
        return first, None
    return first, (until - timedelta(microseconds=1)).astimezone(office.tz).date()
