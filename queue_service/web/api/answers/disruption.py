"""What the API answers about disruptions."""

from datetime import datetime

import msgspec

from queue_service.events.booking import Why
from queue_service.flows.capacity.disruption import CarriedOut


class PartOfMove(msgspec.Struct, frozen=True):
    """A service with persons."""

    service: str
    persons: int


class Move(msgspec.Struct, frozen=True):
    """An appointment and where it would go; `start` is null where nothing else is free."""

    code: str | None
    before: datetime
    start: datetime | None
    services: tuple[PartOfMove, ...]


class Moves(msgspec.Struct, frozen=True):
    """Whom missing counters would move."""

    moves: tuple[Move, ...]


class CancelledMany(msgspec.Struct, frozen=True):
    """How many appointments were cancelled."""

    cancelled: int


class Call(msgspec.Struct, frozen=True):
    """Somebody to be phoned; `now` is null for a cancelled appointment."""

    name: str
    phone: str
    before: datetime
    now: datetime | None
    services: tuple[PartOfMove, ...]
    language: str
    why: Why


class Calls(msgspec.Struct, frozen=True):
    """Everybody to be phoned."""

    calls: tuple[Call, ...]


DISRUPTION_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "POST /offices/{office}/disruption/proposal": (200, Moves),
    "POST /offices/{office}/disruption": (201, CarriedOut),
    "POST /offices/{office}/disruption/cancellation": (201, CancelledMany),
    "GET /offices/{office}/disruption/calls": (200, Calls),
}
"""By operation: status and what is answered."""
