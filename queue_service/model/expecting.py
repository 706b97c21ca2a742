"""Whom an office expects, and why a wait may become longer than was expected."""

from datetime import datetime
from enum import StrEnum

import msgspec

from queue_service.model.booking import Part
from queue_service.model.ids import BookingId, ServiceCode

QUANTILES = 20
"""So many equally likely values stand for what was seen."""
FEWEST = 5
"""What was seen more rarely says nothing."""
LEAST_MINUTES, MOST_MINUTES = 0.5, 240.0
"""Shorter visits were closed by mistake, longer ones forgotten."""


class WalkIns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People who come for a service without appointment on a usual day."""

    service: ServiceCode
    a_day: float
    by_hour: tuple[float, ...] = ()
    """Weights of the hours since opening, the last for all later ones; empty: all alike."""


class Expecting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What forecasts of waits begin with, until the office has days of its own to learn from."""

    walk_ins: tuple[WalkIns, ...] = ()
    show_percent: int = 85
    """Of the appointments that somebody comes to."""


class ToCome(msgspec.Struct, frozen=True):
    """An appointment of today that nobody has checked in for yet."""

    booking: BookingId
    start: datetime
    parts: tuple[Part, ...]


class Longer(StrEnum):
    """Why a wait became longer."""

    EMERGENCY = "emergency"
    """An emergency came in."""
    FEWER_COUNTERS = "fewer_counters"
    """A counter closed or takes a break."""
    SERVED_LONGER = "served_longer"
    """Somebody is served for longer than usual."""
    MORE_FIRST = "more_first"
    """More people came who go first."""
    CAME_BACK = "came_back"
    """Somebody who was sent to fetch something is back, and goes first."""
    WORKED_OUT = "worked_out"
    """Before, only the rough formula was known."""
