"""What somebody is shown of a forecast: whole minutes, and no jump upwards without a reason.

A wait that grows by more than ten minutes is told together with why; where nothing is known that
made it longer, it grows by ten minutes at most in each ten minutes. It may fall at any time.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from queue_service.floor.line import Range
from queue_service.model.expecting import Longer
from queue_service.rehearsal.wait import Wait

MOST_JUMP = 10
"""Minutes."""
WINDOW = timedelta(minutes=10)
REASON_STAYS = timedelta(minutes=15)
_GRID = 5


class Shown(msgspec.Struct, frozen=True):
    """A range as somebody sees it, and why it grew lately."""

    range: Range
    reason: Longer | None = None
    reason_at: datetime | None = None
    low: Range | None = None
    """Both ends at their lowest in the running window of ten minutes, which began `low_at`."""
    low_at: datetime | None = None


def in_minutes(wait: Wait) -> Range | None:
    """P50 to P80 in whole minutes, outwards to five; None where no counter will call."""
    if math.isinf(wait.p80):
        return None
    first = max(0, math.floor(wait.p50 / _GRID) * _GRID)
    return Range(first, max(first + _GRID, math.ceil(wait.p80 / _GRID) * _GRID))


def shown(previous: Shown | None, fresh: Range, reasons: Sequence[Longer], now: datetime) -> Shown:
    """What to show after `previous`, now that `fresh` is known.

    The first of `reasons` is told when the range jumps; without any the jump is bounded.
    """
    if previous is None:
        return Shown(fresh, low=fresh, low_at=now)
    low, low_at = previous.low or previous.range, previous.low_at or now
    if now - low_at >= WINDOW:
        low, low_at = previous.range, now
    if _jumps(low, fresh):
        if reasons:
            return Shown(fresh, reasons[0], now, fresh, now)
        fresh = _bounded(low, fresh)
    kept = previous.reason_at is not None and now - previous.reason_at < REASON_STAYS
    least = Range(min(low.from_minutes, fresh.from_minutes), min(low.to_minutes, fresh.to_minutes))
    return Shown(
        fresh,
        previous.reason if kept else None,
        previous.reason_at if kept else None,
        least,
        low_at if least == low else now,
    )


def _jumps(before: Range, after: Range) -> bool:
    return (
        after.from_minutes - before.from_minutes > MOST_JUMP
        or after.to_minutes - before.to_minutes > MOST_JUMP
    )


def _bounded(before: Range, after: Range) -> Range:
    return Range(
        min(after.from_minutes, before.from_minutes + MOST_JUMP),
        min(after.to_minutes, before.to_minutes + MOST_JUMP),
    )
