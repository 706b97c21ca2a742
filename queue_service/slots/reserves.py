"""Places that are kept back and flow back by themselves: last-minute shares, reserves of a day.

A kept place is a booking at rest over its cells until its moment comes: no mechanism of its own.
Which blocks, and when each opens, follows from a secret of the day, so that every process finds
the same and nobody outside can compute it.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from queue_service.model.booking import Booking, BookingState
from queue_service.model.ids import TICK_SECONDS, BookingId, LimitId, Tick
from queue_service.model.office import Limit, Period
from queue_service.model.release import LastMinute, Reserve
from queue_service.model.world import CellKey
from queue_service.slots.calendar import Span, instant_of
from queue_service.slots.release import fraction

HOUR = timedelta(hours=1)


def quantile(mean: float, share: float) -> int:
    """The fewest places that suffice with probability `share` for Poisson demand of that mean."""
    term = total = math.exp(-mean)
    places = 0
    while total < share:
        places += 1
        term *= mean / places
        total += term
    return places


def still_to_come(reserve: Reserve, opens: datetime, closes: datetime, now: datetime) -> float:
    """Mean demand from the hour that has begun at `now` until closing."""
    hours = max(1, math.ceil((closes - opens) / HOUR))
    weights = (*(reserve.by_hour or (1,) * hours), *(0,) * hours)[:hours]
    begun = max(0, (now - opens) // HOUR)
    # A short day may have none of the hours that weigh anything.
    return reserve.a_day * sum(weights[begun:]) / (sum(weights) or 1) if now < closes else 0.0


def kept_at(
    reserve: Reserve, opens: datetime, closes: datetime, now: datetime, zone: ZoneInfo
) -> int:
    """How many places a reserve keeps at `now`: it falls over the day and is 0 once it closes."""
    if now >= closes:
        return 0
    said = []
    if reserve.a_day:
        said.append(quantile(still_to_come(reserve, opens, closes, now), reserve.quantile))
    if reserve.steps:
        clock = now.astimezone(zone).time() if now > opens else opens.astimezone(zone).time()
        steps = sorted(reserve.steps, key=lambda step: step.at)
        begun = [step for step in steps if step.at <= clock]
        said.append((begun[-1] if begun else steps[0]).places)
    return min(said, default=0)


def kept_back(
    limit: Limit,
    number: LimitId,
    capacity: Mapping[Tick, int],
    spans: Sequence[Span],
    *,
    secret: bytes,
    zone: ZoneInfo,
) -> tuple[Booking, ...]:
    """Every place of one limit and local day that is kept back, with the moment it opens.

    `capacity` says the limit's cells of that day, `spans` when it is open. Never more than that.
    """
    if not spans:
        return ()
    made = _Making(limit, number, secret)
    if limit.period is Period.TICK:
        for stage, share in enumerate(limit.last_minute):
            made.keep_blocks(stage, share, capacity)
    else:
        for tick, places in sorted(capacity.items()):
            made.keep_units(Tick(tick), places, spans, zone)
    return tuple(made.found)


class _Making:
    """Collects kept places of one limit on one day."""

    def __init__(self, limit: Limit, number: LimitId, secret: bytes) -> None:
        self.found: list[Booking] = []
        self._limit = limit
        self._number = number
        self._secret = secret
        self._kept: dict[Tick, int] = {}

    def keep_blocks(self, stage: int, share: LastMinute, capacity: Mapping[Tick, int]) -> None:
        """A share of tick cells, block by block; the rounding begins at a secret point."""
        owed = fraction(self._secret, f"{self._limit.key} {stage}".encode())
        most = self._limit.reserve.keep
        for block in _blocks(capacity, share.block_minutes):
            room = min(capacity[tick] - self._kept.get(tick, 0) for tick in block)
            owed += min(capacity[tick] for tick in block) * share.percent / 100
            many = max(0, min(room, int(owed), room if most is None else most))
            owed -= int(owed)
            start, end = instant_of(block[0]), instant_of(Tick(block[-1] + 1))
            for unit in range(many):
                mark = f"{self._limit.key} {stage} {block[0]} {unit}"
                until = start - share.hours * HOUR + self._later(mark, share.jitter_minutes)
                self._add(mark, start, end, until, limits=(self._number,))
            for tick in block:
                self._kept[tick] = self._kept.get(tick, 0) + many

    def keep_units(self, tick: Tick, places: int, spans: Sequence[Span], zone: ZoneInfo) -> None:
        """Places of a cell that counts once a visit, of shares and of the reserve."""
        begin = instant_of(tick)
        inside = [(max(a, begin), b) for a, b in spans if b > begin]
        if not inside:
            return
        opens, closes = inside[0][0], inside[-1][1]
        ends = [
            *self._ends_of_shares(tick, places, opens),
            *self._ends_of_reserve(tick, opens, closes, zone),
        ]
        keep = self._limit.reserve.keep
        most = places if keep is None else min(keep, places)
        for unit, until in enumerate(sorted(ends, reverse=True)[:most]):
            mark = f"{self._limit.key} {tick} {unit}"
            self._add(mark, opens, closes, until, once=((self._number, tick),))

    def _ends_of_shares(self, tick: Tick, places: int, opens: datetime) -> Iterator[datetime]:
        for stage, share in enumerate(self._limit.last_minute):
            for unit in range(places * share.percent // 100):
                mark = f"{self._limit.key} share {stage} {tick} {unit}"
                yield opens - share.hours * HOUR + self._later(mark, share.jitter_minutes)

    def _ends_of_reserve(
        self, tick: Tick, opens: datetime, closes: datetime, zone: ZoneInfo
    ) -> Iterator[datetime]:
        reserve = self._limit.reserve
        moments = list(_moments(reserve, opens, closes, zone))
        for unit in range(kept_at(reserve, opens, closes, opens, zone)):
            back = next(
                (t for t in moments if kept_at(reserve, opens, closes, t, zone) <= unit), closes
            )
            mark = f"{self._limit.key} reserve {tick} {unit}"
            yield min(closes, back + self._later(mark, reserve.jitter_minutes))

    def _later(self, mark: str, minutes: int) -> timedelta:
        return timedelta(minutes=minutes) * fraction(self._secret, mark.encode())

    def _add(
        self,
        mark: str,
        start: datetime,
        end: datetime,
        until: datetime,
        *,
        limits: tuple[LimitId, ...] = (),
        once: tuple[CellKey, ...] = (),
    ) -> None:
        digest = hashlib.blake2b(f"id {mark}".encode(), key=self._secret, digest_size=16).digest()
        self.found.append(
            Booking(
                BookingId(UUID(bytes=digest, version=4)),
                BookingState.RESTING,
                start,
                end,
                (),
                limits,
                "de",
                once,
                until=until,
            )
        )


def _moments(
    reserve: Reserve, opens: datetime, closes: datetime, zone: ZoneInfo
) -> Iterable[datetime]:
    """When what a reserve keeps may fall, in order: each full hour, and its fixed times."""
    hours = {opens + n * HOUR for n in range(1, math.ceil((closes - opens) / HOUR))}
    day = opens.astimezone(zone)
    fixed = {
        day.replace(hour=s.at.hour, minute=s.at.minute, second=s.at.second, fold=0)
        for s in reserve.steps
    }
    instants = {at.timestamp(): at for at in (*hours, *fixed)}
    return (instants[key].astimezone(opens.tzinfo) for key in sorted(instants))


def _blocks(capacity: Mapping[Tick, int], minutes: int) -> Iterator[tuple[Tick, ...]]:
    """Runs of open ticks, cut into blocks of so many minutes from the begin of each run."""
    most = max(1, minutes * 60 // TICK_SECONDS)
    block: list[Tick] = []
    for tick in sorted(tick for tick, places in capacity.items() if places > 0):
        if block and (tick != block[-1] + 1 or len(block) == most):
            yield tuple(block)
            block = []
        block.append(tick)
    if block:
        yield tuple(block)
