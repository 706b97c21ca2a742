"""Whom an office expects besides its appointments, until it has days of its own to learn from."""

import msgspec

from queue_service.model.ids import ServiceCode


class WalkIns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People who come for a service without appointment on a usual day."""

    service: ServiceCode
    a_day: float
    by_hour: tuple[float, ...] = ()
    """Weights of the first, second, … hour since opening; empty: the same in every hour."""


class Expecting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What forecasts of waits begin with."""

    walk_ins: tuple[WalkIns, ...] = ()
    show_percent: int = 85
    """Of the appointments that somebody comes to."""
