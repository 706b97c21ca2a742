"""What the API answers about capacity; handlers write the same by hand."""

from datetime import date, datetime
from typing import Any

import msgspec

from queue_service.flows.capacity.layering import LayersSet
from queue_service.flows.capacity.overview import Standing
from queue_service.flows.capacity.previewing import Run
from queue_service.model.layer import Origin
from queue_service.model.office import Period, Taker
from queue_service.web.api.answers.exact import Answer


class LayerTold(Answer, frozen=True):
    """A layer beside the configuration; what `change` says depends on the subject."""

    layer: int
    state: Standing
    subject: str
    change: dict[str, Any]
    since: datetime
    until: datetime | None
    author: int
    reason: str
    origin: Origin


class CellsTold(Answer, frozen=True):
    """Neighbouring cells that are alike; each has these places."""

    start: datetime
    end: datetime
    capacity: int
    taken: int
    left: int


class LimitDay(Answer, frozen=True):
    """A limit on a day: least and most places at once, and sums of places times cells."""

    date: date
    least: int
    most: int
    capacity: int
    taken: int
    left: int
    cells: tuple[CellsTold, ...] = ()


class LimitTold(Answer, frozen=True):
    """A limit and its days."""

    limit: str
    name: dict[str, str]
    period: Period
    taker: Taker
    counters: tuple[str, ...]
    days: tuple[LimitDay, ...]


class CapacityTold(Answer, frozen=True):
    """Capacity of an office over some days."""

    office: str
    layers: tuple[LayerTold, ...]
    limits: tuple[LimitTold, ...]


class ServiceFor(Answer, frozen=True):
    """One service for so many persons."""

    service: str
    persons: int


class Losing(Answer, frozen=True):
    """A booking that would lose its place; `proposed` is the nearest other start, if any.

    With `along` it keeps its place, but belongs to a family that can stay together only there.
    """

    booking: str | None
    start: datetime
    end: datetime
    services: tuple[ServiceFor, ...]
    proposed: datetime | None
    along: bool


class PreviewTold(Answer, frozen=True):
    """Where places would come and go, and who would lose one."""

    gained: tuple[Run, ...]
    lost: tuple[Run, ...]
    losing: tuple[Losing, ...]


CAPACITY_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "GET /offices/{office}/capacity": (200, CapacityTold),
    "POST /offices/{office}/capacity/preview": (200, PreviewTold),
    "POST /offices/{office}/capacity/layers": (201, LayersSet),
    "DELETE /offices/{office}/capacity/layers/{layer}": (204, None),
}
"""As `answers.ANSWERS`."""
