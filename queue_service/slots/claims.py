"""Decides claims against cells: a booking takes its place in every cell it touches, or nothing.

A claim is bookings before and after; the *net difference* must fit. "Take the new, then give back"
refused 1,101 legal short moves that overlapped their own full cells, and two could not swap.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

import msgspec

from queue_service.events.entry import CellsNow, Fact
from queue_service.model.booking import OCCUPYING, Booking
from queue_service.model.ids import LimitId, Tick
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import CellKey, Grant, Told, World
from queue_service.slots.calendar import ticks_of


def cells_of(limits: Iterable[LimitId], start: datetime, end: datetime) -> tuple[CellKey, ...]:
    """The cells a booking takes one place in, each, of limits counted by overlap."""
    return _cells(tuple(limits), ticks_of(start, end))


@lru_cache(maxsize=8192)
def _cells(limits: tuple[LimitId, ...], ticks: range) -> tuple[CellKey, ...]:
    return tuple((limit, Tick(tick)) for limit in limits for tick in ticks)


def taken_by(booking: Booking) -> tuple[CellKey, ...]:
    """The cells `booking` occupies in its state; none once it ended before its time."""
    if booking.state not in OCCUPYING:
        return ()
    return cells_of(booking.limits, booking.start, booking.end) + booking.once


def net(before: Iterable[Booking], after: Iterable[Booking]) -> dict[CellKey, int]:
    """Places taken (+) and given back (-) by going from `before` to `after`, zeros left out."""
    before, after = tuple(before), tuple(after)
    if not before and len(after) == 1:
        # The usual hold: each cell once.
        return dict.fromkeys(taken_by(after[0]), 1)
    change: dict[CellKey, int] = {}
    for booking in after:
        for key in taken_by(booking):
            change[key] = change.get(key, 0) + 1
    for booking in before:
        for key in taken_by(booking):
            change[key] = change.get(key, 0) - 1
    return {key: delta for key, delta in change.items() if delta}


def fits(world: World, change: Mapping[CellKey, int]) -> Refusal | None:
    """None when every cell has room for the net change, else why not."""
    for key, delta in change.items():
        if delta <= 0:
            continue
        cell = world.cell(key)
        if cell is None or cell.capacity == 0:
            return Refusal(Code.CLOSED)
        if cell.taken + delta > cell.capacity:
            return Refusal(Code.SLOT_FULL)
    return None


def excess(world: World, key: CellKey) -> int:
    """How many more are taken of a cell than there are, by staff or an edit: none of it is a place.

    A closed cell with somebody in it is such a cell too; one that was not given is none.
    """
    cell = world.cells().get(key)
    return max(0, cell.taken - cell.capacity) if cell is not None else 0


def still_exceeds(world: World, change: Mapping[CellKey, int], booking: Booking) -> bool:
    """Whether `booking` sits in a cell of which more is taken than there is after `change`."""
    cells = world.cells()
    return any(
        cell.taken + change.get(key, 0) > cell.capacity
        for key in taken_by(booking)
        if (cell := cells.get(key)) is not None
    )


def exceeding(world: World, change: Mapping[CellKey, int]) -> tuple[Grant, ...] | Refusal:
    """Allowances that let staff exceed capacity with this claim; closed cells stay closed."""
    grants = []
    for key, delta in change.items():
        cell = world.cell(key)
        if cell is None or cell.capacity == 0:
            return Refusal(Code.CLOSED)
        over = cell.taken + delta - cell.capacity
        if delta > 0 and over > 0:
            grants.append(Grant(key, cell.capacity, over))
    return tuple(grants)


def left_after(world: World, change: Mapping[CellKey, int]) -> tuple[CellsNow, ...]:
    """What is left in every touched cell once `change` is taken, for the journal; -1: closed."""
    left: dict[CellKey, int] = {}
    for key, delta in change.items():
        cell = world.cell(key)
        if cell is None or not cell.capacity:
            left[key] = -1
        else:
            rest = cell.capacity - cell.taken - delta
            left[key] = rest if rest > 0 else 0
    return runs(left)


def cells_named(fact: Fact) -> tuple[CellKey, ...]:
    """The cells that an entry says it touched."""
    return tuple(
        (run.limit, Tick(run.first + n * run.step))
        for run in fact.cells
        for n in range(len(run.left))
    )


def given_back(world: World, told: Told, keys: Iterable[CellKey]) -> Told:
    """`told` and besides one unit of each of these cells given back."""
    net = dict.fromkeys(keys, -1)
    if not net:
        return told
    fact = msgspec.structs.replace(told.fact, cells=left_after(world, net))
    return msgspec.structs.replace(told, fact=fact, net=net)


def runs(left: Mapping[CellKey, int]) -> tuple[CellsNow, ...]:
    """Cells with their rest as runs of consecutive ticks of one limit."""
    found: list[CellsNow] = []
    limit, first, run, end = LimitId(0), Tick(0), list[int](), 0
    for key in sorted(left):
        if key[1] != end or key[0] != limit:
            if run:
                found.append(CellsNow(limit, first, 1, tuple(run)))
            limit, first = key
            run = []
        run.append(left[key])
        end = key[1] + 1
    if run:
        found.append(CellsNow(limit, first, 1, tuple(run)))
    return tuple(found)
