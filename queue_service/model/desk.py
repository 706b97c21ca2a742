"""A desk's day: whether a counter calls, takes a break, works behind the scenes or is closed."""

from datetime import datetime
from enum import StrEnum

import msgspec

from queue_service.model.ids import SYSTEM, ActorId, CounterKey


class DeskState(StrEnum):
    """What a counter does; only an open one calls."""

    OPEN = "open"
    BREAK = "break"
    BACK_OFFICE = "back_office"
    CLOSED = "closed"


class Desk(msgspec.Struct, frozen=True):
    """A counter's state; one that never said anything is open."""

    counter: CounterKey
    state: DeskState = DeskState.OPEN
    since: datetime | None = None
    by: ActorId = SYSTEM
    """Who works there: several desks for one clerk over a day, one at a time."""
    seq: int = 0
    """Set by the turn: number of the entry that wrote this row."""
