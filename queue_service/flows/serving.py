"""Serving: next, call, recall, missed, finish, undo - wishes of the office's turn, floor lane."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from queue_service.events.chapters import UnknownTagError, decode
from queue_service.floor import visit as engine
from queue_service.floor.line import served_by, target, why
from queue_service.flows.wish import Decide, ReceiptKey, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import BookingState
from queue_service.model.ids import ActorId, BookingId, CounterKey, VisitId, address, split_address
from queue_service.model.office import Counter
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import Visit, VisitState
from queue_service.model.world import Needs
from queue_service.store import offices as store_offices
from queue_service.store import visits as store
from queue_service.store.database import transaction

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


class UndoShown(msgspec.Struct, frozen=True):
    """What can be taken back, until when."""

    visit: str
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
    now = office.now()
    line = [v for v in office.line.waiting(now) if served_by(v, counter.skills)]
    current = office.line.at(counter.key)
    return DeskShown(
        address(office.key.slug, counter.key),
        counter.name["de"],
        office.key.slug,
        office.seq,
        now,
        _visit_shown(office, current, line, now) if current else None,
        _undo_shown(office, counter.key, now),
        len(line),
        office.line.emergencies(),
        tuple(_visit_shown(office, v, line, now) for v in line[:SHOWN_WAITING]),
    )


def _visit_shown(office: Followed, visit: Visit, line: list[Visit], now: datetime) -> VisitShown:
    zone = office.office.tz
    rules = office.office.line
    called = visit.state is VisitState.CALLED
    reason = office.line.why(visit.id) if called else None
    reason = reason or why(visit, [visit] if called else line, now, rules)
    return VisitShown(
        address(office.key.slug, visit.id),
        visit.number,
        visit.parts[0].service,
        visit.parts[0].persons,
        visit.language,
        visit.need.value,
        visit.arrived.astimezone(zone),
        visit.due.astimezone(zone),
        reason.waited_minutes,
        int(target(visit.need, rules) / timedelta(minutes=1)),
        reason.code,
        reason.ahead_passed,
        visit.called_at.astimezone(zone) if visit.called_at else None,
        visit.calls,
        visit.booking is not None,
        visit.flags,
    )


def _undo_shown(office: Followed, counter: CounterKey, now: datetime) -> UndoShown | None:
    last = office.line.last_act(counter)
    if last is None or last[2] not in engine.UNDOABLE:
        return None
    visit, when, act, seq = last
    until = when + office.clock.patience(timedelta(seconds=office.office.line.undo_seconds))
    found = office.line.visit(visit)
    if found is None or found.seq != seq or now >= until:
        return None
    public = address(office.key.slug, visit)
    return UndoShown(public, found.number, act, until.astimezone(office.office.tz))


async def call_next(
    house: House, public: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Call whoever is next for a counter; two desks never get the same person."""
    found = at(house, public)
    if isinstance(found, Refusal):
        return found
    office, counter = found
    rules = office.office.line
    receipt = receipt_for(f"{public} {by}", key, "next")
    return await _act(
        house,
        office,
        counter,
        by,
        Needs(line=True),
        lambda world: engine.call_next(world, counter.key, counter.skills, rules),
        receipt,
    )


async def call_number(
    house: House, public: str, number: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Call somebody by number, out of turn."""
    found = at(house, public)
    if isinstance(found, Refusal):
        return found
    office, counter = found
    rules, wanted = office.office.line, number.strip().upper().replace(" ", "")
    receipt = receipt_for(f"{public} {by}", key, "call", wanted)
    return await _act(
        house,
        office,
        counter,
        by,
        Needs(line=True),
        lambda world: engine.call_number(world, counter.key, wanted, rules),
        receipt,
    )


async def recall(
    house: House, visit: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Call the same number again."""
    return await _on_visit(house, visit, by, "recall", key)


async def missed(
    house: House, visit: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Nobody came to the counter."""
    return await _on_visit(house, visit, by, "missed", key)


async def finish(
    house: House, visit: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """The visit is served."""
    return await _on_visit(house, visit, by, "finish", key)


async def undo(
    house: House, visit: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Take the last act on a visit back within its seconds."""
    return await _on_visit(house, visit, by, "undo", key)


async def _on_visit(
    house: House, public: str, by: ActorId, act: str, key: str | None
) -> DeskShown | Refusal:
    found = await _visit(house, public)
    if isinstance(found, Refusal):
        return found
    office, visit = found
    last: engine.Last | Refusal | None = None
    if act == "undo" or visit.counter is None:
        # A repeated act finds the visit gone from its counter; where it was leads to the receipt.
        last = await _last_entry(house, office, visit)
    if isinstance(last, Refusal) and act == "undo":
        return last
    before = last.before.counter if isinstance(last, engine.Last) else None
    counter = visit.counter or before
    desk_at = office.office.counter(counter) if counter else None
    if desk_at is None:
        return Refusal(Code.NOT_AT_THIS_COUNTER, {"number": visit.number})
    bookings: tuple[BookingId, ...] = (visit.booking,) if visit.booking else ()
    needs = Needs(visits=(visit.id,), bookings=bookings, line=act == "undo")
    receipt = receipt_for(f"{public} {by}", key, act)
    decide = _decision(office, visit.id, act, last if isinstance(last, engine.Last) else None)
    return await _act(house, office, desk_at, by, needs, decide, receipt)


def _decision(office: Followed, visit: VisitId, act: str, last: engine.Last | None) -> Decide:
    rules, clock = office.office.line, office.clock
    if act == "undo" and last is not None:
        return lambda world: engine.undo(world, visit, last, rules, clock)
    decisions: dict[str, Decide] = {
        "recall": lambda world: engine.recall(world, visit),
        "missed": lambda world: engine.missed(world, visit, rules),
        "finish": lambda world: engine.finish(world, visit),
    }
    return decisions[act]


async def _visit(house: House, public: str) -> tuple[Followed, Visit] | Refusal:
    slug, local = split_address(public)
    office = house.follower.office(slug)
    try:
        number = VisitId(UUID(local))
    except ValueError:
        office = None
    if office is None:
        return Refusal(Code.UNKNOWN_VISIT)
    async with transaction(house.pool, office.key.authority) as connection:
        visit = await store.by_id(connection, office.key.office, number)
    return (office, visit) if visit else Refusal(Code.UNKNOWN_VISIT)


async def _last_entry(house: House, office: Followed, visit: Visit) -> engine.Last | Refusal:
    """The entry that wrote the visit last, with what the one before said."""
    async with transaction(house.pool, office.key.authority) as connection:
        last = await store_offices.entry(connection, office.key.office, visit.seq)
        if last is None:
            return Refusal(Code.NOTHING_TO_UNDO)
        try:
            now = next(v for v in decode(last).visits if v.id == visit.id)
            earlier = await store_offices.entry(connection, office.key.office, now.before)
            if earlier is None:
                return Refusal(Code.NOTHING_TO_UNDO)
            before = next(v for v in decode(earlier).visits if v.id == visit.id)
        except (UnknownTagError, StopIteration):
            return Refusal(Code.NOTHING_TO_UNDO)
    served = bool(decode(last).bookings) and last.tag == "finished"
    return engine.Last(
        last.seq, last.recorded, last.tag, before, BookingState.ARRIVED if served else None
    )


async def _act(
    house: House,
    office: Followed,
    counter: Counter,
    by: ActorId,
    needs: Needs,
    decide: Decide,
    receipt: ReceiptKey | None,
) -> DeskShown | Refusal:
    done = await house.turn(office.key, by, needs, decide, receipt=receipt, floor=True)
    if isinstance(done.answer, Refusal):
        return done.answer
    await house.follower.reach(office, done.seq)
    return shown(office, counter)
