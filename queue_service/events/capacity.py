"""What can happen to capacity and settings."""

from datetime import date

from queue_service.events.entry import Fact


class Planned(Fact, frozen=True, tag="planned"):
    """Cells of one day were made or changed."""

    day: date


class Recounted(Fact, frozen=True, tag="recounted"):
    """Bookings are counted in the limits in force; their time and state are as before."""


class KeptBack(Fact, frozen=True, tag="kept_back"):
    """Places of a share or a reserve are kept for later, or no longer."""


class Configured(Fact, frozen=True, tag="configured"):
    """Layers changed: whoever holds an Office reads it again."""

    subjects: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    """Numbers of those that a manager, a rule or a disruption began."""
    ended: tuple[int, ...] = ()


class ClockSet(Fact, frozen=True, tag="clock_set"):
    """The map from real to office time changed (demo and tests only)."""
