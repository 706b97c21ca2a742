"""How long single stops took and how long people were away, from the journal's served periods.

A fold that forgets: a visit counts once it is over, and what it was is dropped but for its minutes.
A stop lasts from the call, the way to the counter included, as whole visits do (`store.habits`).
Nothing of it leads to a person.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeVar

import msgspec

from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry
from queue_service.model.expecting import FEWEST, LEAST_MINUTES, MOST_MINUTES, QUANTILES
from queue_service.model.ids import VisitId
from queue_service.model.visit import AT_COUNTER, OPEN, Stop, VisitState
from queue_service.views.habits import Did, Learned, did_of
from queue_service.views.periods import Journey, Kind, Ledger, Mark

SETTLED = timedelta(minutes=10)
"""So long after its last act a visit is not taken back any more."""
MOST_KEPT = 500
"""Of each kind, the newest: more says nothing more."""
_MINUTE = timedelta(minutes=1)
_Seen = deque[tuple[datetime, float]]
Key = TypeVar("Key")


class Told(msgspec.Struct, frozen=True):
    """What past days say of stops and absences; kinds seen too rarely are left out."""

    stops: Mapping[Did, Learned]
    away: Mapping[str, Learned]
    returned: int
    sent: int


class Lengths:
    """Minutes of the stops and absences of one office."""

    def __init__(self) -> None:
        """Empty; `apply` takes entries in their order."""
        self._ledger = Ledger()
        self._stops: dict[Did, _Seen] = {}
        self._away: dict[str, _Seen] = {}
        self._sent: deque[tuple[datetime, bool]] = deque(maxlen=MOST_KEPT)

    def apply(self, entry: Entry, fact: AnyFact) -> None:
        """Take one entry in."""
        self._ledger.apply(entry, fact)

    def told(self, since: datetime, now: datetime) -> Told:
        """What visits of [since, now) that are over say."""
        for journey in self._ledger.take_ended(now - SETTLED):
            self._settle(journey)
        while self._sent and self._sent[0][0] < since:
            self._sent.popleft()
        return Told(
            _learned(self._stops, since),
            _learned(self._away, since),
            sum(came for _, came in self._sent),
            len(self._sent),
        )

    def away_since(self, visits: Iterable[VisitId]) -> dict[VisitId, datetime]:
        """Since when those are away who are; others are left out."""
        found = {}
        for visit in visits:
            journey = self._ledger.journey(visit)
            if journey is not None and journey.periods and journey.periods[-1].end is None:
                last = journey.periods[-1]
                if last.kind is Kind.PARKED:
                    found[visit] = last.start
        return found

    def _settle(self, journey: Journey) -> None:
        for before, after in pairwise(journey.marks):
            state = before.now.state
            if state is VisitState.PARKED and after.now.state is not VisitState.PARKED:
                came = after.now.state in OPEN
                self._sent.append((after.at, came))
                if came:
                    minutes = (after.at - before.at) / _MINUTE
                    _keep(self._away.setdefault(before.now.parked, _seen()), after.at, minutes)
            elif state in AT_COUNTER and (done := _newly_done(before, after)):
                began = before.now.called_at or before.at
                did = did_of(before.now.parts, done)
                minutes = (after.at - began) / _MINUTE
                _keep(self._stops.setdefault(did, _seen()), after.at, minutes)


def _seen() -> _Seen:
    return deque(maxlen=MOST_KEPT)


def _keep(seen: _Seen, at: datetime, minutes: float) -> None:
    if LEAST_MINUTES <= minutes <= MOST_MINUTES:
        seen.append((at, minutes))


def _newly_done(before: Mark, after: Mark) -> tuple[Stop, ...]:
    """What was done at the counter that somebody has just left."""
    if after.now.state in AT_COUNTER or after.absent:
        return ()
    was = [stop for stop in before.now.stops if stop.done]
    found = []
    for stop in after.now.stops:
        if stop.done and stop in was:
            was.remove(stop)
        elif stop.done:
            found.append(stop)
    return tuple(found)


def _learned(kinds: dict[Key, _Seen], since: datetime) -> dict[Key, Learned]:
    """The kinds seen often enough since then."""
    found = {}
    for kind, seen in kinds.items():
        while seen and seen[0][0] < since:
            seen.popleft()
        if len(seen) >= FEWEST:
            found[kind] = Learned(len(seen), _quantiles(sorted(minutes for _, minutes in seen)))
    return found


def _quantiles(minutes: list[float]) -> tuple[float, ...]:
    """Equally likely values, as `percentile_cont` of the database has them."""
    found = []
    for n in range(QUANTILES):
        place = (n + 0.5) / QUANTILES * (len(minutes) - 1)
        low = int(place)
        high = min(low + 1, len(minutes) - 1)
        found.append(minutes[low] + (minutes[high] - minutes[low]) * (place - low))
    return tuple(found)
