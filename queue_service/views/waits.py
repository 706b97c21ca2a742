"""Everybody's wait as last played forward, and what they are shown of it.

Fed by a worker's answers; a forecast counts while it is fresh, and an older one says nothing. What
was shown to somebody bounds what they are shown next (`rehearsal.shown`).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from queue_service.events.entry import Fact
from queue_service.floor.line import Range
from queue_service.model.expecting import Longer
from queue_service.model.ids import ServiceCode, VisitId
from queue_service.model.visit import NeedClass
from queue_service.rehearsal.outlook import Outlook, Scene
from queue_service.rehearsal.shown import Shown, in_minutes, shown
from queue_service.rehearsal.wait import Wait

FRESH = timedelta(seconds=90)
CAUSE_COUNTS = timedelta(minutes=5)
"""So long after it happened something explains a longer wait."""
MOST_PROMISES = 2_000
_MINUTE = timedelta(minutes=1)
_LONG = 0.8
"""Served for longer than so many of ten visits."""
Formula = Callable[[VisitId], Range | None]
"""What somebody was shown before there was a forecast."""


class Promise(msgspec.Struct, frozen=True):
    """The first forecast for a visit; minutes from `given_at`."""

    given_at: datetime
    p50: float
    p80: float
    naive: float


class Waits:
    """The waits of one office, as of the last scene."""

    def __init__(self) -> None:
        """Nothing is known until the first answer."""
        self._at: datetime | None = None
        self._lasts = FRESH
        self._waits: dict[VisitId, Wait] = {}
        self._needs: dict[VisitId, NeedClass] = {}
        self._shown: dict[VisitId, Shown] = {}
        self._promises: dict[VisitId, Promise] = {}
        self._doors: dict[ServiceCode, tuple[NeedClass, Wait]] = {}
        self._causes: dict[Longer, datetime] = {}
        self._scene: Scene | None = None
        self.moved = 0
        """Rises with every entry that moved the line or a desk."""
        self.answered = 0
        """Rises with every answer."""

    def apply(self, fact: Fact) -> None:
        """Notice whether the entry moved the line."""
        if fact.visits or fact.desks:
            self.moved += 1

    def take(
        self,
        scene: Scene,
        outlook: Outlook,
        at: datetime,
        *,
        lasts: timedelta = FRESH,
        formula: Formula = lambda _visit: None,
    ) -> None:
        """Take over the answer for a scene of `at`; it counts for `lasts`."""
        causes = self._causes_of(scene, at)
        found: dict[VisitId, Shown] = {}
        for visit, wait in zip(scene.visits, outlook.waits, strict=True):
            fresh = in_minutes(wait)
            if fresh is None:
                continue
            before = self._shown.get(visit)
            why = causes
            if before is None and (rough := formula(visit)) is not None:
                before, why = shown(None, rough, (), at), [*causes, Longer.WORKED_OUT]
            found[visit] = shown(before, fresh, why, at)
        people = zip(scene.visits, scene.line, strict=True)
        self._needs = {visit: waiting.need for visit, waiting in people}
        self._waits = dict(zip(scene.visits, outlook.waits, strict=True))
        self._shown = found
        self._promise(outlook, at)
        doors = zip(scene.doors, outlook.doors, strict=True)
        self._doors = {door.service: (door.person.need, wait) for door, wait in doors}
        self._scene, self._at, self._lasts = scene, at, lasts
        self.answered += 1

    def _promise(self, outlook: Outlook, at: datetime) -> None:
        """Keep the first forecast of each visit, also a while after it was called."""
        for visit, wait in self._waits.items():
            if visit not in self._promises and not math.isinf(wait.p80):
                self._promises[visit] = Promise(at, wait.p50, wait.p80, outlook.naive)
        while len(self._promises) > MOST_PROMISES:
            del self._promises[next(iter(self._promises))]

    def _causes_of(self, scene: Scene, at: datetime) -> list[Longer]:
        """What happened lately that makes waits longer, the weightiest first."""
        before = self._scene
        if before is not None:
            known = {*before.visits, *before.away}
            new = [w for v, w in zip(scene.visits, scene.line, strict=True) if v not in known]
            if any(w.need is NeedClass.EMERGENCY for w in new):
                self._causes[Longer.EMERGENCY] = at
            if any(w.need is NeedClass.BOOKING for w in new):
                self._causes[Longer.MORE_FIRST] = at
            if not set(before.away).isdisjoint(scene.visits):
                self._causes[Longer.CAME_BACK] = at
            if len(scene.counters) < len(before.counters):
                self._causes[Longer.FEWER_COUNTERS] = at
        if _serves_long(scene):
            self._causes[Longer.SERVED_LONGER] = at
        return [why for why in Longer if why in self._causes and self._counts(why, at)]

    def _counts(self, why: Longer, at: datetime) -> bool:
        return at - self._causes[why] <= CAUSE_COUNTS

    def is_fresh(self, now: datetime) -> bool:
        """Whether the last answer still counts."""
        return self._at is not None and now - self._at <= self._lasts

    def shown(self, visit: VisitId, now: datetime) -> Shown | None:
        """What somebody in the line is shown; None without a fresh forecast."""
        return self._shown.get(visit) if self.is_fresh(now) else None

    def bounded(self, visit: VisitId, formula: Range, now: datetime) -> Range:
        """The formula's range, where a forecast was shown before: without a jump."""
        return shown(self._shown.get(visit), formula, (), now).range

    def door(self, service: ServiceCode, now: datetime) -> Range | None:
        """The wait of somebody who comes in for a service now; None without a fresh forecast."""
        known = self._doors.get(service) if self.is_fresh(now) else None
        return in_minutes(known[1]) if known else None

    def back_by(self, visit: VisitId, now: datetime) -> datetime | None:
        """Until when somebody will hardly be called: one in ten is called before."""
        wait = self._waits.get(visit)
        if wait is None or self._at is None or not self.is_fresh(now) or math.isinf(wait.p10):
            return None
        return self._at + wait.p10 * _MINUTE

    def p80(self, need: NeedClass, now: datetime) -> float | None:
        """Minutes within which eight of ten are called, for the worst off of a need class.

        Of those who wait, and of who would come in now; None without a fresh forecast or where
        nobody of the class can be called.
        """
        if not self.is_fresh(now):
            return None
        waiting = [w.p80 for v, w in self._waits.items() if self._needs[v] is need]
        doors = [wait.p80 for kind, wait in self._doors.values() if kind is need]
        return max((p for p in _finite(waiting, doors)), default=None)

    def promise(self, visit: VisitId) -> Promise | None:
        """The first forecast of somebody who waits or was called lately."""
        return self._promises.get(visit)


def _finite(*lists: Sequence[float]) -> Iterable[float]:
    return (p for each in lists for p in each if not math.isinf(p))


def _serves_long(scene: Scene) -> bool:
    durations = dict(scene.durations)
    for counter in scene.counters:
        sample = sorted(durations.get(counter.serving or frozenset(), ()))
        if sample and counter.since > sample[int(_LONG * len(sample))]:
            return True
    return False
