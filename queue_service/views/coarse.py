"""How much is free by half day, so coarsely that nobody gains by asking often.

For everybody who lists offices: search engines, counselling centres, other authorities. When it is
told, and how late, is left to who publishes it.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import msgspec

from queue_service.model.booking import Part
from queue_service.model.ids import TICK_SECONDS
from queue_service.model.refusal import Refusal
from queue_service.slots import bitmaps
from queue_service.views.openings import Openings
from queue_service.views.wanted import Wanted

STEPS = (1, 5, 10, 20, 50, 100, 200, 500)
"""Counts are told as the step they reach: one freed place changes nothing but at a step."""


class HalfDay(msgspec.Struct, frozen=True):
    """The open part of a morning or an afternoon; `places` is at least so many, 0 for none."""

    date: date
    half: str
    start: datetime
    end: datetime
    places: int


def half_days(openings: Openings, parts: Sequence[Part], now: datetime) -> Iterator[HalfDay]:
    """Every half day of the booking window on which such a visit may start at all.

    Counted as visits one after another: those that overlap are not had together.
    """
    request = openings.request(parts)
    if isinstance(request, Refusal):
        return
    for wanted, day, soonest in openings.bookable(request, now):
        opened, free = wanted.starts_of(day)
        cut = max(0, soonest - day.begin)
        opened, free = opened >> cut << cut, free >> cut << cut
        morning = (1 << (day.noon - day.begin)) - 1
        for half, starts in (("am", opened & morning), ("pm", opened & ~morning)):
            if not starts:
                continue
            first = (starts & -starts).bit_length() - 1
            over = day.begin + starts.bit_length() - 1 + wanted.length
            end = datetime.fromtimestamp(over * TICK_SECONDS, day.zone)
            places = _one_after_another(wanted, day.begin, free & starts)
            yield HalfDay(day.date, half, day.instant(first), end, coarse(places))


def coarse(places: int) -> int:
    """The step that so many places reach."""
    return max((step for step in STEPS if step <= places), default=0)


def _one_after_another(wanted: Wanted, begin: int, free: int) -> int:
    places = 0
    after = 0
    for index in bitmaps.positions(free):
        if index < after:
            continue
        places += wanted.start_at(begin + index).places
        if places >= STEPS[-1]:
            break
        after = index + wanted.length
    return places
