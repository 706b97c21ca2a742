"""What becomes bookable when, as configuration: rests, shares for the last minute, reserves."""

from datetime import date, time

import msgspec


class LastMinute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A share of a limit's places that opens only shortly before."""

    percent: int
    hours: int = 48
    """So long before their start at the earliest."""
    jitter_minutes: int = 360
    """Each block opens up to so much later, at a moment nobody can compute."""
    block_minutes: int = 60
    """Places of a tick limit are kept back in blocks of this length."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From this local time on, so many places are kept at most."""

    at: time
    places: int


class Reserve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Places of a day or half day kept for people who come without booking; it flows back."""

    a_day: float = 0.0
    """Mean demand over the opening hours; what is kept covers what is still to come of it."""
    quantile: float = 0.95
    by_hour: tuple[int, ...] = ()
    """Weights of that demand, hour by hour from opening on; empty: even."""
    steps: tuple[Step, ...] = ()
    """Fixed times; with `a_day` the smaller number counts."""
    jitter_minutes: int = 20
    """Each place flows back up to so much later, at a moment nobody can compute."""
    keep: int | None = None
    """At most so many, of shares for the last minute too: what a rule or a manager releases."""


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes bookable when; without a word of it at once, and a new day at midnight."""

    rest_minutes: tuple[int, ...] = ()
    """Least and most: a place that was cancelled, moved from or lapsed rests for a random while."""
    hold_rest_minutes: tuple[int, ...] = ()
    """The same for a hold given up by its own browser; empty: as `rest_minutes`."""
    rest_to: tuple[time, ...] = ()
    """Instead of a while: freed places rest until the next of these local times."""
    open_between: tuple[time, ...] = ()
    """A new day of the horizon opens at a secret moment between these two local times."""
    moved_on: date | None = None
    """The last local day on which that happened: a layer of the house's own says so."""
    busy_above: float = 1.0
    """Demand over supply from which a service is no longer first come, first served."""
    calm_below: float = 0.8
    """Below it first come, first served holds again."""
    busy_window_days: int = 0
    """Horizon of a service while it is busy; 0: unchanged, and nothing is switched."""
