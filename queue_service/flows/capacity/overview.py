"""Capacity as managers look at it: layers in force and to come, places by limit, day and cell.

Reads only, from the cells as they stand: what was granted by staff or left by an edit shows as
more taken than there is.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from queue_service.flows.capacity import cells
from queue_service.flows.capacity.cells import Stand
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import LimitId, Tick
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Limit, Office, Period
from queue_service.model.world import Cell
from queue_service.offices.layers import Addition, Opened, added_by
from queue_service.offices.validity import named_days
from queue_service.slots.calendar import ONE_DAY, day_tick, instant_of, tick_of
from queue_service.slots.capacity import end_of
from queue_service.store import capacity as store
from queue_service.store.database import transaction

MOST_DAYS = 62


class Standing(StrEnum):
    """Whether what a layer changes has begun, or will."""

    IN_FORCE = "in_force"
    TO_COME = "to_come"


class LayerShown(msgspec.Struct, frozen=True):
    """A layer beside the configuration."""

    layer: Layer
    standing: Standing
    said: Addition | None
    """What a capacity layer adds; None for settings."""


class Stretch(msgspec.Struct, frozen=True):
    """Neighbouring cells of a limit that are alike; a half day or day is one of its own."""

    start: datetime
    end: datetime
    capacity: int
    taken: int

    @property
    def left(self) -> int:
        """Places still to be had in each of its cells."""
        return max(0, self.capacity - self.taken)


class DayOfLimit(msgspec.Struct, frozen=True):
    """One limit on one local day; sums are of places times cells."""

    limit: str
    date: date
    period: Period
    stretches: tuple[Stretch, ...]
    least: int
    most: int
    capacity: int
    taken: int
    left: int


class Overview(msgspec.Struct, frozen=True):
    """Capacity of an office over some days, by limit."""

    layers: tuple[LayerShown, ...]
    limits: tuple[tuple[Limit, tuple[DayOfLimit, ...]], ...]


async def overview(house: House, office: Followed, first: date, last: date) -> Overview:
    """Layers in force and to come, and every limit's days from `first` to `last`."""
    found = await cells.stand(house, office)
    zone = office.office.tz
    begin, end = day_tick(first, zone), day_tick(last + ONE_DAY, zone)
    async with transaction(house.pool, office.key.authority) as connection:
        have = await store.cells(connection, list(found.numbers.values()), begin, end)
    by_limit: dict[LimitId, dict[date, list[tuple[Tick, Cell]]]] = {}
    for (number, tick), cell in sorted(have.items()):
        if cell.capacity or cell.taken:
            day = instant_of(tick).astimezone(zone).date()
            by_limit.setdefault(number, {}).setdefault(day, []).append((tick, cell))
    days = [first + n * ONE_DAY for n in range((last - first).days + 1)]
    return Overview(
        layers_shown(found, zone),
        tuple(
            (limit, tuple(_day(limit, day, of.get(day, ()), office.office) for day in days))
            for limit in office.office.limits
            for of in (by_limit.get(found.numbers.get(limit.key, LimitId(0)), {}),)
        ),
    )


def layers_shown(found: Stand, zone: ZoneInfo) -> tuple[LayerShown, ...]:
    """Layers beside the configuration that hold or will, in order of their beginning."""
    return tuple(
        LayerShown(
            layer,
            Standing.IN_FORCE if _begins(layer, zone) <= found.now else Standing.TO_COME,
            added_by(layer),
        )
        for layer in sorted(found.layers, key=lambda each: (each.since, each.id or 0))
        if layer.origin is not Origin.CONFIG
        and (layer.until is None or layer.until > max(found.now, layer.since))
    )


def _begins(layer: Layer, zone: ZoneInfo) -> datetime:
    """When a layer changes something first: a closure is set long before its first day."""
    said = added_by(layer)
    if isinstance(said, Opened):
        return max(layer.since, said.opens)
    days = named_days(layer)
    if not days:
        return layer.since
    first = datetime.combine(min(first for first, _ in days), time(), zone)
    return max(layer.since, first.astimezone(UTC))


def _day(
    limit: Limit, day: date, of_day: Sequence[tuple[Tick, Cell]], office: Office
) -> DayOfLimit:
    each = [cell for _, cell in of_day]
    return DayOfLimit(
        limit.key,
        day,
        limit.period,
        tuple(_stretches(limit, day, of_day, office)),
        min((cell.capacity for cell in each), default=0),
        max((cell.capacity for cell in each), default=0),
        sum(cell.capacity for cell in each),
        sum(cell.taken for cell in each),
        sum(cell.left for cell in each),
    )


def _stretches(
    limit: Limit, day: date, of_day: Iterable[tuple[Tick, Cell]], office: Office
) -> list[Stretch]:
    zone = office.tz
    found: list[Stretch] = []
    for tick, cell in of_day:
        start = instant_of(tick).astimezone(zone)
        end = instant_of(end_of(tick, limit.period, office, day)).astimezone(zone)
        last = found[-1] if found else None
        alike = (
            last is not None
            and tick_of(last.end) == tick
            and limit.period is Period.TICK
            and (last.capacity, last.taken) == (cell.capacity, cell.taken)
        )
        if alike and last is not None:
            found[-1] = msgspec.structs.replace(last, end=end)
        else:
            found.append(Stretch(start, end, cell.capacity, cell.taken))
    return found


async def layers_of(house: House, office: Followed) -> tuple[LayerShown, ...]:
    """The layers alone."""
    return layers_shown(await cells.stand(house, office), office.office.tz)
