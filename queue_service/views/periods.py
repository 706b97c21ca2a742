"""The period ledger: what each visit spent its time with, at which counter, and by whose act.

A pure fold of the journal. An act that was taken back is gone from the ledger as if it had never
been; who did what is the number the journal has, never a name. What figures follow is left to
`day_report`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry, VisitNow
from queue_service.events.floor import CheckedIn, ComesLater, Missed, Undone
from queue_service.model.ids import ActorId, CounterKey, VisitId
from queue_service.model.visit import OPEN, VisitState


class Kind(StrEnum):
    """What a stretch of a visit was."""

    WAITING = "waiting"
    HELD = "held"
    """Handed over, and nobody has accepted yet."""
    CALLED = "called"
    """Called, and nobody came (yet)."""
    WALKING = "walking"
    """Called, and on the way until served."""
    SERVING = "serving"
    PARKED = "parked"


class Period(msgspec.Struct, frozen=True):
    """One stretch; `end` is None while it lasts."""

    kind: Kind
    start: datetime
    end: datetime | None
    counter: CounterKey | None
    by: ActorId
    """By whose act it began."""


class Mark(msgspec.Struct, frozen=True):
    """What one entry said of a visit."""

    seq: int
    at: datetime
    by: ActorId
    absent: bool
    """It said that nobody had come."""
    now: VisitNow


class Journey(msgspec.Struct, frozen=True):
    """One visit as the journal tells it: how it came, how it is now, and everything between."""

    first: VisitNow
    last: VisitNow
    marks: tuple[Mark, ...]
    periods: tuple[Period, ...]


class Ledger:
    """Every visit that the entries tell of, in the order they came."""

    def __init__(self) -> None:
        """Empty; `apply` fills it, entry by entry in order."""
        self._marks: dict[VisitId, list[Mark]] = {}

    def apply(self, entry: Entry, fact: AnyFact) -> None:
        """Take one entry in."""
        taken_back = entry.undoes if isinstance(fact, Undone) else None
        for now in fact.visits:
            marks = self._marks.setdefault(now.id, [])
            if taken_back is not None and len(marks) > 1 and marks[-1].seq == taken_back:
                marks.pop()
                continue
            # A device that was offline claims when it happened; nothing begins before it ended.
            at = now.arrived if isinstance(fact, CheckedIn) else entry.happened
            at = max(at, marks[-1].at) if marks else at
            absent = isinstance(fact, Missed | ComesLater | Undone)
            marks.append(Mark(entry.seq, at, entry.by, absent, now))

    def journey(self, visit: VisitId) -> Journey | None:
        """What is known of a visit."""
        marks = self._marks.get(visit)
        return _journey(marks) if marks else None

    def take_ended(self, before: datetime) -> list[Journey]:
        """Forget the visits that ended before an instant, and say what they were."""
        over = [
            visit
            for visit, marks in self._marks.items()
            if marks[-1].now.state not in OPEN and marks[-1].at < before
        ]
        return [_journey(self._marks.pop(visit)) for visit in over]

    def journeys(self) -> list[Journey]:
        """All of them, in the order of their first entries."""
        return [_journey(marks) for marks in self._marks.values()]


def ledger(entries: Iterable[tuple[Entry, AnyFact]]) -> Ledger:
    """The ledger of entries in their order."""
    made = Ledger()
    for entry, fact in entries:
        made.apply(entry, fact)
    return made


def periods(entries: Iterable[tuple[Entry, AnyFact]]) -> dict[VisitId, tuple[Period, ...]]:
    """The periods of every visit: without gap or overlap from the arrival to the end."""
    return {each.last.id: each.periods for each in ledger(entries).journeys()}


def _journey(marks: Sequence[Mark]) -> Journey:
    found: list[Period] = []
    for n, mark in enumerate(marks):
        if found and found[-1].end is None:
            found[-1] = msgspec.structs.replace(found[-1], end=mark.at)
        kind = _kind(marks, n)
        if kind is None:
            continue
        last = found[-1] if found else None
        counter = mark.now.counter
        if last is not None and (last.kind, last.counter, last.end) == (kind, counter, mark.at):
            found[-1] = msgspec.structs.replace(last, end=None)
        else:
            found.append(Period(kind, mark.at, None, counter, mark.by))
    return Journey(marks[0].now, marks[-1].now, tuple(marks), tuple(found))


def _kind(marks: Sequence[Mark], n: int) -> Kind | None:
    """What begins with a mark; None where the visit has ended."""
    now = marks[n].now
    if now.state not in OPEN:
        return None
    match now.state:
        case VisitState.PARKED:
            return Kind.PARKED
        case VisitState.SERVING:
            return Kind.SERVING
        case VisitState.CALLED:
            return _of_call(marks, n)
    return Kind.HELD if now.hand is not None else Kind.WAITING


def _of_call(marks: Sequence[Mark], n: int) -> Kind:
    """A call is known by what follows: they came, nobody did, or they were served straight off."""
    after = next((m for m in marks[n + 1 :] if m.now.state is not VisitState.CALLED), None)
    if after is None or after.absent:
        return Kind.CALLED
    return Kind.WALKING if after.now.state is VisitState.SERVING else Kind.SERVING
