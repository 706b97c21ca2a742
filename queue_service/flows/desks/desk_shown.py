"""What one desk shows: who is here, who is next and why, who comes back, what can be undone."""

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import msgspec

from queue_service.events.floor import WhyNext
from queue_service.floor import steps
from queue_service.floor.line import is_away, target_minutes, why, whys
from queue_service.floor.undoing import UNDOABLE
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.desk import Desk, DeskState
from queue_service.model.ids import CounterKey, address, split_address
from queue_service.model.office import Counter
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import Need
from queue_service.model.visit import AT_COUNTER, Aid, Stop, Visit, VisitState

SHOWN_WAITING = 20


class VisitShown(msgspec.Struct, frozen=True):
    """A visit as a desk sees it; the reason is a code with numbers, `language` makes the line."""

    visit: str
    number: str
    service: str
    persons: int
    language: str
    need: str
    arrived: datetime
    due: datetime
    waited_minutes: int
    target_minutes: int
    why: str = ""
    ahead_passed: int = 0
    called_at: datetime | None = None
    calls: int = 0
    has_appointment: bool = False
    flags: tuple[str, ...] = ()
    state: VisitState = VisitState.WAITING
    served_at: datetime | None = None
    services: tuple[str, ...] = ()
    """All of the visit, in order."""
    here: tuple[Stop, ...] = ()
    """What this counter does in one go."""
    later: tuple[Stop, ...] = ()
    """What is still to be done elsewhere."""
    aids: tuple[Aid, ...] = ()
    parked: str = ""
    """Code of why somebody was sent away; also once they are back and wait to be called."""
    handed_at: datetime | None = None
    away_until: datetime | None = None
    reason: str = ""
    """Code of why the clerk called by number (`events.floor.CallReason`)."""
    urgency: Need | None = None
    """Need class of an emergency; told to staff alone."""


class UndoShown(msgspec.Struct, frozen=True):
    """What can be taken back, until when."""

    visit: str
    """Empty where the act was about the counter itself: `undo_at` takes that back."""
    number: str
    act: str
    until: datetime


class DeskShown(msgspec.Struct, frozen=True):
    """Everything one desk shows."""

    counter: str
    counter_name: str
    office: str
    seq: int
    now: datetime
    current: VisitShown | None
    undo: UndoShown | None
    waiting_count: int
    emergencies: int
    waiting: tuple[VisitShown, ...]
    state: DeskState = DeskState.OPEN
    since: datetime | None = None
    parked: tuple[VisitShown, ...] = ()
    """Who was sent to fetch something and comes back to this counter."""
    handed: int = 0
    """Emergencies that wait for a case worker to accept."""


def at(house: House, public: str) -> tuple[Followed, Counter] | Refusal:
    """Office and counter of a public counter id such as ``heidelberg.5``."""
    slug, local = split_address(public)
    office = house.follower.office(slug)
    counter = office.office.counter(local) if office else None
    if office is None or counter is None:
        return Refusal(Code.UNKNOWN_COUNTER, {"counter": public[:80]})
    return office, counter


def desk(house: House, public: str) -> DeskShown | Refusal:
    """What a desk shows now."""
    found = at(house, public)
    return found if isinstance(found, Refusal) else shown(*found)


def shown(office: Followed, counter: Counter) -> DeskShown:
    """A desk as the views have it."""
    now, zone = office.now(), office.office.tz
    many, waiting = _waiting(office, counter, now)
    current = office.line.at(counter.key)
    own = office.desks.get(counter.key) or Desk(counter.key)
    parked = [v for v in office.line.parked() if v.only in (None, counter.key)]
    return DeskShown(
        address(office.key.slug, counter.key),
        counter.name["de"],
        office.key.slug,
        office.seq,
        now,
        _by_itself(office, counter, current, now) if current else None,
        _undo_shown(office, counter.key, now),
        many,
        office.line.emergencies(),
        waiting,
        own.state,
        own.since.astimezone(zone) if own.since else None,
        tuple(_by_itself(office, counter, v, now) for v in parked[:SHOWN_WAITING]),
        len(office.line.handed()),
    )


Waiting = tuple[int, tuple[VisitShown, ...]]
_lists: WeakKeyDictionary[Followed, tuple[object, dict[object, Waiting]]] = WeakKeyDictionary()
"""Of each office the lists of one moment: sixteen desks that press together share theirs."""


def _waiting(office: Followed, counter: Counter, now: datetime) -> Waiting:
    """How many wait for a counter, and the first of them; the same for counters of one kind."""
    moment = (office.waits.moved, int(now.timestamp()), office.office)
    known = _lists.get(office)
    if known is None or known[0] != moment:
        known = _lists[office] = (moment, {})
    kind: object = (counter.skills, counter.steps, counter.fallback)
    if office.line.is_personal():
        kind = counter.key
    found = known[1].get(kind)
    if found is None:
        line = office.line.for_counter(counter, now)
        found = known[1][kind] = len(line), _shown(office, counter, line, SHOWN_WAITING, now)
    return found


def _by_itself(office: Followed, counter: Counter, visit: Visit, now: datetime) -> VisitShown:
    """Who is at `counter`, with the reason of the call, or comes back to it."""
    reason = office.line.why(visit.id) if visit.state in AT_COUNTER else None
    reason = reason or why(visit, [visit], now, office.office.line, counter)
    return _visit(office, counter, visit, reason, now)


def _shown(
    office: Followed, counter: Counter, line: list[Visit], most: int, now: datetime
) -> tuple[VisitShown, ...]:
    """The first of a line, each as `counter` sees them among the others."""
    first = line[:most]
    reasons = whys(first, line, now, office.office.line, counter)
    told = zip(first, reasons, strict=True)
    return tuple(_visit(office, counter, visit, reason, now) for visit, reason in told)


def _visit(
    office: Followed, counter: Counter, visit: Visit, reason: WhyNext, now: datetime
) -> VisitShown:
    zone = office.office.tz
    open_stops, here = steps.open_stops(visit), steps.here(visit, counter)
    return VisitShown(
        address(office.key.slug, visit.id),
        visit.number,
        visit.parts[0].service,
        max(part.persons for part in visit.parts),
        visit.language,
        visit.need.value,
        visit.arrived.astimezone(zone),
        visit.due.astimezone(zone),
        reason.waited_minutes,
        target_minutes(visit.need, office.office.line),
        reason.code,
        reason.ahead_passed,
        visit.called_at.astimezone(zone) if visit.called_at else None,
        visit.calls,
        visit.booking is not None,
        visit.flags,
        visit.state,
        visit.served_at.astimezone(zone) if visit.served_at else None,
        tuple(part.service for part in visit.parts),
        here,
        tuple(stop for stop in open_stops if stop not in here) if here != open_stops else (),
        visit.aids,
        visit.parked,
        visit.hand.at.astimezone(zone) if visit.hand else None,
        visit.away_until.astimezone(zone) if visit.away_until and is_away(visit, now) else None,
        reason.reason,
        visit.urgency,
    )


def _undo_shown(office: Followed, counter: CounterKey, now: datetime) -> UndoShown | None:
    last = office.line.last_act(counter)
    if last is None or last.tag not in UNDOABLE:
        return None
    until = last.when + office.clock.patience(timedelta(seconds=office.office.line.undo_seconds))
    if now >= until:
        return None
    until = until.astimezone(office.office.tz)
    if last.visit is None:
        own = office.desks.get(counter)
        overtaken = own is None or own.seq != last.seq
        return None if overtaken else UndoShown("", counter, last.tag, until)
    found = office.line.visit(last.visit)
    if found is None or found.seq != last.seq:
        return None
    return UndoShown(address(office.key.slug, found.id), found.number, last.tag, until)
