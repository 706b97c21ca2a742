"""A layer: who changed what of an office, from when until when, and why."""

from datetime import datetime
from enum import StrEnum

import msgspec

from queue_service.model.ids import CONFIGURATION, ActorId


class Origin(StrEnum):
    """Who speaks; loading configuration touches only layers of origin config."""

    CONFIG = "config"
    MANAGER = "manager"
    SURGE = "surge"
    DISRUPTION = "disruption"
    RELEASE = "release"
    """The house itself: the horizon moved on, first come, first served switched."""


class Layer(msgspec.Struct, frozen=True):
    """A change to one subject while ``since <= t < until``; taking it back shortens `until`.

    Subjects: ``office``, ``service:PICK``, ``counter:5``, ``limit:pickup``, ``hours``,
    ``closures``, ``rules``: config layers say all of it, others patch it (JSON merge patch).
    ``capacity:<key>`` adds to cells: places of a limit, a desk in every limit that names the
    counter, or a window (`offices.layers`: Added, DeskAdded, Opened).
    """

    subject: str
    change: str
    """JSON."""
    since: datetime
    until: datetime | None = None
    author: ActorId = CONFIGURATION
    reason: str = ""
    origin: Origin = Origin.CONFIG
    id: int | None = None

    def in_force(self, at: datetime) -> bool:
        """Whether the layer holds at the instant `at`."""
        return self.since <= at and (self.until is None or at < self.until)
