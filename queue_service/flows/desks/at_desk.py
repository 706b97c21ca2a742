"""How an act on a visit becomes a wish of the office's turn, in the lane of the floor."""

from collections.abc import Callable
from uuid import UUID

import asyncpg
import msgspec

from queue_service.events.chapters import UnknownTagError, decode
from queue_service.events.entry import VisitNow
from queue_service.floor.visit import elsewhere
from queue_service.flows.desks import notes
from queue_service.flows.desks.desk_shown import DeskShown, at, shown
from queue_service.flows.wish import Decide, Done, ReceiptKey, Replayed, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.hall import HallNeeds
from queue_service.model.ids import ActorId, BookingId, CounterKey, VisitId, address, split_address
from queue_service.model.office import Counter
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import Need
from queue_service.model.visit import NeedClass, Visit, VisitState
from queue_service.model.world import Needs, Told, World
from queue_service.store import offices as store_offices
from queue_service.store import visits as store
from queue_service.store.database import transaction

DESKS = HallNeeds(desks=True)
OnVisit = Callable[[World, Followed, Visit], Told | Refusal]
"""A decision about a visit of an office; the visit is as read before the turn."""
AtCounter = Callable[[World, Followed, Counter], Told | Refusal]
"""A decision about a counter of an office."""


class Stands(msgspec.Struct, frozen=True):
    """Where a visit stands after an act that no desk asked for."""

    visit: str
    number: str
    state: VisitState
    need: NeedClass
    urgency: Need | None = None


class Settled(msgspec.Struct, frozen=True):
    """An act that was done: where, on whom, and whether it had been done before."""

    office: Followed
    visit: Visit
    before: CounterKey | None
    """Where the visit was."""
    again: bool


async def visit_of(house: House, public: str) -> tuple[Followed, Visit] | Refusal:
    """Office and visit of a public visit id."""
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


async def on_visit(
    house: House,
    public: str,
    by: ActorId,
    key: str | None,
    decide: OnVisit,
    *act: object,
    line: bool = False,
    desks: bool = False,
    sentence: str = "",
    seen_at: str = "",
) -> Settled | Refusal:
    """Do `act` on a visit; `line` and `desks` say where its decision looks besides.

    `seen_at` is the public counter where whoever acts sees the visit: it is refused when the visit
    is not there any more, even though a colleague's counter might go on with it.
    A `sentence` that goes along is kept first, so that whoever hears of the act by its entry finds
    it there; it goes again when the act is refused or had been done before.
    """
    found = await visit_of(house, public)
    if isinstance(found, Refusal):
        return found
    office, visit = found
    place = at(house, seen_at) if seen_at else None
    if isinstance(place, Refusal):
        return place
    if place is not None and place[0] is not office:
        return Refusal(Code.UNKNOWN_COUNTER, {"counter": seen_at[:80]})
    here = place[1].key if place else None
    bookings: tuple[BookingId, ...] = (visit.booking,) if visit.booking else ()
    hall = DESKS if desks else HallNeeds()
    needs = Needs(visits=(visit.id,), bookings=bookings, line=line, hall=hall)
    receipt = receipt_for(f"{public} {by}", key, *act)
    note = await notes.leave(house, office, visit.id, sentence, by)

    def decided(world: World) -> Told | Refusal:
        stale = elsewhere(world, visit.id, here) if here is not None else None
        return stale or decide(world, office, visit)

    done = await settle(house, office, by, needs, decided, receipt)
    again = isinstance(done.answer, Replayed)
    if note is not None and (again or isinstance(done.answer, Refusal)):
        await notes.withdraw(house, office, note)
    if isinstance(done.answer, Refusal):
        return done.answer
    before = visit.counter
    if before is None and again:
        before = await _counter_before(house, office, visit)
    return Settled(office, visit, before, again)


async def from_desk(
    house: House,
    public: str,
    by: ActorId,
    key: str | None,
    decide: OnVisit,
    *act: object,
    desks: bool = False,
    seen_at: str = "",
) -> DeskShown | Refusal:
    """Do `act` on a visit, for the desk it belongs to; `seen_at` as `on_visit`."""
    found = await on_visit(house, public, by, key, decide, *act, desks=desks, seen_at=seen_at)
    return desk_after(found)


async def at_counter(
    house: House,
    place: tuple[Followed, Counter] | Refusal,
    by: ActorId,
    key: str | None,
    decide: AtCounter,
    *act: object,
    visits: tuple[VisitId, ...] = (),
) -> DeskShown | Refusal:
    """Do `act` at a counter where there is one; `visits` are those it needs besides the line."""
    if isinstance(place, Refusal):
        return place
    office, counter = place
    needs = Needs(visits=visits, line=True, hall=DESKS)
    receipt = receipt_for(f"{address(office.key.slug, counter.key)} {by}", key, *act)
    done = await settle(
        house, office, by, needs, lambda world: decide(world, office, counter), receipt
    )
    return done.answer if isinstance(done.answer, Refusal) else shown(office, counter)


async def settle(
    house: House,
    office: Followed,
    by: ActorId,
    needs: Needs,
    decide: Decide,
    receipt: ReceiptKey | None,
) -> Done:
    """One wish of the floor; answered when this process's views have it."""
    done = await house.turn(office.key, by, needs, decide, receipt=receipt, floor=True)
    if not isinstance(done.answer, Refusal):
        await house.follower.reach(office, done.seq)
    return done


def desk_after(settled: Settled | Refusal) -> DeskShown | Refusal:
    """The desk the act belongs to: where the visit was, where it is to go, else one that may."""
    if isinstance(settled, Refusal):
        return settled
    office = settled.office
    now = office.line.visit(settled.visit.id) or settled.visit
    keys = (settled.before, now.counter, now.only, settled.visit.only)
    named = (office.office.counter(key) for key in keys if key is not None)
    return shown(office, next((c for c in named if c), None) or _any(office, now))


def _any(office: Followed, visit: Visit) -> Counter:
    """A counter that may call the visit; the first one where none does."""
    now = office.now()
    may = (c for c in office.office.counters if visit in office.line.for_counter(c, now))
    return next(may, office.office.counters[0])


def stands(settled: Settled | Refusal) -> Stands | Refusal:
    """Where the visit stands now."""
    if isinstance(settled, Refusal):
        return settled
    now = settled.office.line.visit(settled.visit.id) or settled.visit
    public = address(settled.office.key.slug, now.id)
    return Stands(public, now.number, now.state, now.need, now.urgency)


async def _counter_before(house: House, office: Followed, visit: Visit) -> CounterKey | None:
    """Where a visit was before the entry that wrote it last; None when nobody can say."""
    async with transaction(house.pool, office.key.authority) as connection:
        now = await _said(connection, office, visit.seq, visit.id)
        before = await _said(connection, office, now.before, visit.id) if now else None
    return before.counter if before else None


async def _said(
    connection: asyncpg.Connection, office: Followed, seq: int, visit: VisitId
) -> VisitNow | None:
    """What entry `seq` says of a visit."""
    entry = await store_offices.entry(connection, office.key.office, seq)
    try:
        told = decode(entry).visits if entry else ()
    except UnknownTagError:
        return None
    return next((now for now in told if now.id == visit), None)
