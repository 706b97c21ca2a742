"""The line's journal judged by the pure line function: who was called, and who should have been.

Replays the entries in their order. Each call of "next" is compared with what `floor.line.choose`
says of the world as that turn saw it: everything written before, at the turn's time.
"""

from collections.abc import Iterable

import msgspec

from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry, VisitNow
from queue_service.events.floor import Called, CheckedIn
from queue_service.floor import line
from queue_service.model.ids import VisitId
from queue_service.model.office import Office
from queue_service.model.visit import AT_COUNTER, OPEN, Visit, VisitState

BY_HAND = frozenset({"by_number", "serve_now", "accepted"})
"""Codes of calls that a person chose; `floor.line` chose all others."""


class Judged(msgspec.Struct):
    """What the journal came to; all but the first two must be 0."""

    calls: int = 0
    numbers: int = 0
    called_twice: int = 0
    """Somebody already called, or a counter that had somebody."""
    skipped: int = 0
    """Another person was next by the discipline."""
    duplicate_numbers: int = 0
    first_wrong: str = ""


def judge(entries: Iterable[tuple[Entry, AnyFact]], office: Office) -> Judged:
    """Judge every call and every number of one day's journal."""
    found, visits = Judged(), dict[VisitId, Visit]()
    numbers = set[str]()
    for entry, fact in entries:
        if isinstance(fact, Called):
            for now in fact.visits:
                _judge_call(found, entry, fact, now, visits, office)
        for now in fact.visits:
            if isinstance(fact, CheckedIn):
                found.numbers += 1
                found.duplicate_numbers += now.number in numbers
                numbers.add(now.number)
            if now.state in OPEN:
                visits[now.id] = visit_of(now, entry.seq)
            else:
                visits.pop(now.id, None)
    return found


def visit_of(now: VisitNow, seq: int) -> Visit:
    """The visit as the entry left it."""
    said = msgspec.structs.asdict(now)
    del said["before"]
    return Visit(**said, seq=seq)


def _judge_call(
    found: Judged,
    entry: Entry,
    fact: Called,
    now: VisitNow,
    visits: dict[VisitId, Visit],
    office: Office,
) -> None:
    found.calls += 1
    before = visits.get(now.id)
    counter = office.counter(now.counter or "")
    occupied = any(v.state in AT_COUNTER and v.counter == now.counter for v in visits.values())
    if before is None or before.state is not VisitState.WAITING or occupied or counter is None:
        found.called_twice += 1
        found.first_wrong = found.first_wrong or f"{entry.seq}: {now.number} called twice"
        return
    if fact.why.code in BY_HAND:
        return
    chosen = line.choose(visits.values(), counter, entry.recorded, office.line, entry.by)
    if chosen is None or chosen[0].id != now.id or chosen[1] != fact.why:
        found.skipped += 1
        said = f"{chosen[0].number} {chosen[1]}" if chosen else "nobody"
        wrong = f"{entry.seq}: {now.number} {fact.why} called, {said} was next"
        found.first_wrong = found.first_wrong or wrong
