"""What setting or ending layers would do: cells that gain or lose, and who would lose a place.

Reads only. A preview is as good as the moment it was made; nothing is reserved for it.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime

import msgspec

from queue_service.flows.capacity import cells
from queue_service.flows.capacity.cells import Change, Stand
from queue_service.flows.capacity.planning import planned_days
from queue_service.flows.capacity.reach import begun, check, endable, touched, without
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking
from queue_service.model.ids import LimitId, Tick
from queue_service.model.layer import Layer
from queue_service.model.office import Office, Period
from queue_service.model.refusal import Refusal
from queue_service.model.world import Cell, CellKey
from queue_service.slots import rehoming
from queue_service.slots.calendar import ONE_DAY, instant_of, tick_of
from queue_service.slots.claims import taken_by
from queue_service.slots.rehoming import Free, Proposal
from queue_service.store import bookings as store_bookings
from queue_service.store import capacity as store
from queue_service.store import selling
from queue_service.store.database import transaction


class Run(msgspec.Struct, frozen=True):
    """Neighbouring cells of a limit that change alike."""

    limit: str
    start: datetime
    end: datetime
    before: int
    after: int


class Preview(msgspec.Struct, frozen=True):
    """What an edit would change; nothing has happened yet."""

    changes: tuple[Run, ...]
    proposals: tuple[Proposal, ...]
    """Whoever would lose their place, each with the nearest other start or none.

    Beside them those of their families who would have to go along, marked so.
    """

    @property
    def gained(self) -> tuple[Run, ...]:
        """Where places would be added."""
        return tuple(run for run in self.changes if run.after > run.before)

    @property
    def lost(self) -> tuple[Run, ...]:
        """Where places would go."""
        return tuple(run for run in self.changes if run.after < run.before)


class _Edit(msgspec.Struct):
    """Cells as they are, and as they would be."""

    have: dict[CellKey, Cell]
    changes: dict[CellKey, Change]


async def preview(
    house: House, office: Followed, layers: tuple[Layer, ...], ended: Collection[int] = ()
) -> Preview | Refusal:
    """What setting `layers` and ending those of the numbers `ended` would do.

    Refused as setting and ending them would be.
    """
    found = await cells.stand(house, office)
    gone = endable(found, ended)
    if isinstance(gone, Refusal):
        return gone
    layers = begun(layers, found.now)
    if layers:
        refusal = check(found, office.office, layers)
        if refusal is not None:
            return refusal
    reached = touched(office, (*layers, *gone.values()))
    if reached is None:
        return Preview((), ())
    first, last, limits = reached
    after = msgspec.structs.replace(found, layers=(*without(found, office.office, ended), *layers))
    edit = await _edit(house, office, after, first, last, limits)
    lost, standing = await _losing(house, office, edit)
    if not lost:
        return Preview(_runs(edit, found, office.office), ())
    free = await _free(house, office, after, edit)
    return Preview(_runs(edit, found, office.office), rehoming.propose(lost, free, standing))


async def again(
    house: House, office: Followed, lost: Sequence[Booking], standing: Sequence[Booking]
) -> tuple[tuple[Proposal, ...], Free]:
    """Where those could go now whose proposal is stale, and all that is left to go to."""
    free = await _free(house, office, await cells.stand(house, office), _Edit({}, {}))
    return rehoming.propose(lost, free, standing, again=True), free


async def _edit(
    house: House,
    office: Followed,
    after: Stand,
    first: date,
    last: date,
    limits: Sequence[str],
) -> _Edit:
    edit = _Edit(await _cells(house, office, after, limits, first, last), {})
    have = {key: cell.capacity for key, cell in edit.have.items()}
    running = tick_of(after.now)
    resolved = cells.Settings(after, office.office)
    for day, of_day in cells.by_day(have, office.office, first, last).items():
        settings = resolved.on(day)
        edit.changes |= {
            change.key: change
            for change in cells.changes(after, settings, day, limits, of_day)
            if change.end > running
        }
        await asyncio.sleep(0)  # whoever books meanwhile is served between two days
    return edit


async def _cells(
    house: House,
    office: Followed,
    found: Stand,
    limits: Sequence[str],
    first: date,
    last: date,
) -> dict[CellKey, Cell]:
    begin, end = cells.ticks_of_days(office.office, first, last)
    async with transaction(house.pool, office.key.authority) as connection:
        return await store.cells(connection, cells.numbers_of(found, limits), begin, end)


async def _losing(
    house: House, office: Followed, edit: _Edit
) -> tuple[tuple[Booking, ...], list[Booking]]:
    """Bookings to come for which a cell has too few places, and all that stand on those days."""
    short = {
        key: change.capacity
        for key, change in edit.changes.items()
        if (cell := edit.have.get(key)) is not None and cell.taken > change.capacity
    }
    if not short:
        return (), []
    begin = instant_of(min(tick for _, tick in short)) - ONE_DAY
    # A day more: families are whole only with those who come later on the same day.
    end = instant_of(Tick(max(change.end for change in edit.changes.values()))) + ONE_DAY
    async with transaction(house.pool, office.key.authority) as connection:
        standing = await store_bookings.standing(connection, office.key.office, begin, end)
        resting = await selling.resting(connection, office.key.office, begin, end)
    known = Counter(key for b in standing if not b.overbooked for key in taken_by(b))
    granted = Counter(key for b in standing if b.overbooked for key in taken_by(b))
    # Places at rest yield to whoever is booked; holds, visits under way and the like are nobody's
    # to move: they keep what they sit in.
    idle = Counter(key for b in resting for key in taken_by(b))
    room = {
        key: places - max(0, edit.have[key].taken - known[key] - granted[key] - idle[key])
        for key, places in short.items()
    }
    return rehoming.losing(standing, room, office.office), standing


async def _free(house: House, office: Followed, after: Stand, edit: _Edit) -> Free:
    """All that is left from now on, with the edit done."""
    found = await _cells(house, office, after, (), *planned_days(office))
    found |= {
        key: Cell(change.capacity, found[key].taken if key in found else 0)
        for key, change in edit.changes.items()
    }
    # A closed cell with somebody in it stays: once they have gone there is still no place in it.
    left = {
        key: cell.capacity - cell.taken
        for key, cell in found.items()
        if cell.capacity or cell.taken
    }
    return Free(office.office, left, periods_of(office.office, after.numbers), after.now)


def periods_of(office: Office, numbers: dict[str, LimitId]) -> dict[LimitId, Period]:
    """How long the cells of each limit last."""
    return {numbers[limit.key]: limit.period for limit in office.limits if limit.key in numbers}


def _runs(edit: _Edit, found: Stand, office: Office) -> tuple[Run, ...]:
    keys = {number: key for key, number in found.numbers.items()}
    runs: list[tuple[LimitId, int, int, int, int]] = []
    for key, change in sorted(edit.changes.items()):
        before = edit.have[key].capacity if key in edit.have else 0
        if runs and runs[-1][0] == key[0] and runs[-1][2:] == (key[1], before, change.capacity):
            runs[-1] = (key[0], runs[-1][1], change.end, before, change.capacity)
        else:
            runs.append((key[0], key[1], change.end, before, change.capacity))
    zone = office.tz
    return tuple(
        Run(
            keys[limit],
            instant_of(Tick(first)).astimezone(zone),
            instant_of(Tick(end)).astimezone(zone),
            before,
            places,
        )
        for limit, first, end, before, places in runs
    )
