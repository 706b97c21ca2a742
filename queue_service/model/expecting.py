"""Whom an office expects besides its appointments, until it has days of its own to learn from."""

from datetime import datetime

import msgspec

from queue_service.model.booking import Part
from queue_service.model.ids import BookingId, ServiceCode


class WalkIns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People who come for a service without appointment on a usual day."""

    service: ServiceCode
    a_day: float
    by_hour: tuple[float, ...] = ()
    """Weights of the hours since opening, the last for all later ones; empty: all alike."""


class Expecting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What forecasts of waits begin with."""

    walk_ins: tuple[WalkIns, ...] = ()
    show_percent: int = 85
    """Of the appointments that somebody comes to."""


class ToCome(msgspec.Struct, frozen=True):
    """An appointment of today that nobody has checked in for yet."""

    booking: BookingId
    start: datetime
    parts: tuple[Part, ...]
