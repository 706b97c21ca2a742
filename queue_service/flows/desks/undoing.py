"""Undo: what entries before said is read from the journal, then claimed in a turn."""

import asyncpg

from queue_service.events.chapters import AnyFact, UnknownTagError, decode
from queue_service.events.entry import DeskNow, Entry, VisitNow
from queue_service.floor import undoing as engine
from queue_service.flows.desks import notes
from queue_service.flows.desks.at_desk import DESKS, Settled, desk_after, settle, visit_of
from queue_service.flows.desks.desk_shown import DeskShown, at, shown
from queue_service.flows.wish import receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import BookingState
from queue_service.model.desk import DeskState
from queue_service.model.ids import ActorId, BookingId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.slots.claims import cells_named, given_back
from queue_service.store import offices as store
from queue_service.store.database import transaction

NOTHING = Refusal(Code.NOTHING_TO_UNDO)
_WITH_SENTENCE = frozenset({"forwarded", "handed_over", "checked_in"})


async def undo(
    house: House, visit: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Take the last act on a visit back within its seconds, if it was one's own.

    A colleague may have gone on with the visit a moment ago: that is theirs to take back.
    """
    found = await visit_of(house, visit)
    if isinstance(found, Refusal):
        return found
    office, known = found
    last = await last_entry(house, office, known.seq)
    if last is None or last[1].arrived:
        return NOTHING
    refusal = await taken_back(house, office, by, key, visit, last, own=True)
    if refusal is not None:
        return refusal
    counters = (v.counter for v in last[1].visits if v.id == known.id)
    return desk_after(Settled(office, known, known.counter or next(counters, None), again=False))


async def undo_at(
    house: House, public: str, by: ActorId, key: str | None = None
) -> DeskShown | Refusal:
    """Take back the last act at a counter, also one about the counter itself."""
    found = at(house, public)
    if isinstance(found, Refusal):
        return found
    office, counter = found
    act = office.line.last_act(counter.key)
    last = await last_entry(house, office, act.seq) if act else None
    if last is None:
        return NOTHING
    refusal = await taken_back(house, office, by, key, public, last)
    return refusal or shown(office, counter)


async def taken_back(
    house: House,
    office: Followed,
    by: ActorId,
    key: str | None,
    public: str,
    found: tuple[Entry, engine.Last],
    *,
    own: bool = False,
) -> Refusal | None:
    """Undo what `last_entry` found; with `own` only what `by` did."""
    entry, last = found
    needs = Needs(
        cells=last.cells,
        visits=(*(v.id for v in last.visits), *last.arrived),
        bookings=tuple(booking for booking, _ in last.bookings),
        line=True,
        hall=DESKS,
    )
    theirs = own and entry.by != by and entry.tag in engine.UNDOABLE
    numbers = [visit.number for visit in last.visits]

    def decide(world: World) -> Told | Refusal:
        if theirs:
            return Refusal(Code.UNDO_OVERTAKEN, {"number": numbers[0]})
        told = engine.undo(world, last, office.office.line, office.clock)
        return told if isinstance(told, Refusal) else given_back(world, told, last.cells)

    receipt = receipt_for(f"{public} {by}", key, "undo")
    done = await settle(house, office, by, needs, decide, receipt)
    if isinstance(done.answer, Refusal):
        return done.answer
    if last.tag in _WITH_SENTENCE:
        since = entry.recorded - notes.SKEW
        for visit in needs.visits:
            await notes.take_back(house, office, visit, entry.by, since=since)
    return None


async def last_entry(house: House, office: Followed, seq: int) -> tuple[Entry, engine.Last] | None:
    """An entry with what those before it said of everything it touched."""
    async with transaction(house.pool, office.key.authority) as connection:
        entry = await store.entry(connection, office.key.office, seq)
        if entry is None:
            return None
        if entry.tag not in engine.UNDOABLE | engine.OF_GUIDES:
            return entry, engine.Last(seq, entry.recorded, entry.tag)
        try:
            return entry, await _before(connection, office, entry)
        except (UnknownTagError, LookupError):
            return None


async def _before(connection: asyncpg.Connection, office: Followed, entry: Entry) -> engine.Last:
    """Raises LookupError where an entry before is missing."""
    fact = decode(entry)
    known: dict[int, AnyFact] = {}

    async def said(seq: int) -> AnyFact:
        if seq not in known:
            found = await store.entry(connection, office.key.office, seq)
            if found is None:
                raise LookupError(seq)
            known[seq] = decode(found)
        return known[seq]

    visits: list[VisitNow] = []
    for visit in fact.visits:
        if visit.before == 0:
            continue
        earlier = await said(visit.before)
        visits += [v for v in earlier.visits if v.id == visit.id]
    bookings: list[tuple[BookingId, BookingState]] = []
    for booking in fact.bookings:
        earlier = await said(booking.before)
        bookings += [(b.id, b.state) for b in earlier.bookings if b.id == booking.id]
    desks: list[DeskNow] = []
    for desk in fact.desks:
        if desk.before == 0:
            desks.append(DeskNow(desk.counter, DeskState.OPEN))
            continue
        earlier = await said(desk.before)
        desks += [d for d in earlier.desks if d.counter == desk.counter]
    arrived = tuple(visit.id for visit in fact.visits if visit.before == 0)
    return engine.Last(
        entry.seq,
        entry.recorded,
        entry.tag,
        tuple(visits),
        tuple(bookings),
        tuple(desks),
        arrived,
        cells_named(fact) if arrived else (),
    )
