"""What the owner of a ticket sees and may do, and nothing of anybody else."""

from datetime import datetime, timedelta

import msgspec

from queue_service.events.chapters import UnknownTagError, decode
from queue_service.events.floor import ComesLater
from queue_service.floor import line as engine
from queue_service.floor import steps
from queue_service.floor import visit as visits
from queue_service.floor.line import Range
from queue_service.flows.bookings.proving import where
from queue_service.flows.wish import receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.codes import TOKEN_LENGTH
from queue_service.model.expecting import Longer
from queue_service.model.ids import APPLICANT, VisitId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import AT_COUNTER, OPEN, NeedClass, Step, Visit, VisitState
from queue_service.model.world import Needs, Told, World
from queue_service.store import offices as store_offices
from queue_service.store import visits as store
from queue_service.store.database import transaction
from queue_service.store.told import code_hash
from queue_service.views import desks as duty

MOST_LATE_MINUTES = 10
TIMES_LATE = 2
SAFETY = timedelta(minutes=5)
"""Before the earliest likely call."""
WORTH_LEAVING = timedelta(minutes=10)
_TRIES = 3
_MOST_ENTRIES = 100
"""Of one visit; no journey has so many."""


class TicketShown(msgspec.Struct, frozen=True):
    """What the owner of a ticket sees; nothing of anybody else."""

    number: str
    state: VisitState
    ahead: int
    wait: Range | None
    counter: str | None
    counter_name: str | None
    called_at: datetime | None
    language: str
    office: str
    seq: int
    back_by: datetime | None = None
    """So long somebody may leave the waiting room; they will hardly be called before."""
    away_until: datetime | None = None
    """Said "later": is not called before."""
    longer: Longer | None = None
    """Why the wait became longer lately."""
    next_step: Step | None = None
    """Where a journey of several stops goes on."""
    parked: str = ""
    """Code of what somebody was sent to fetch."""
    may_be_late: bool = False


class Reasons(msgspec.Struct, frozen=True):
    """Why somebody still waits, in counts: nobody else can be recognised."""

    arrived: datetime
    due: datetime
    need: NeedClass
    has_appointment: bool
    target_minutes: int
    emergencies: int
    """Of the people before them."""
    appointments: int
    others: int
    on_duty: int
    """Counters that could call them now."""
    counters: int
    """Counters of the office that are open."""
    longer: Longer | None


async def first_wait(office: Followed, visit: VisitId) -> Range:
    """The range for somebody who has just arrived: this process's views may be a moment behind."""
    for _ in range(20):
        found = office.line.visit(visit)
        if found is not None:
            return office.line.wait(found, office.now())
        await office.changed(office.seq, 0.05)
    return Range(0, 60)


async def ticket(house: House, code: str) -> TicketShown | Refusal:
    """What the owner of a ticket sees now."""
    found = await of_ticket(house, code)
    if isinstance(found, Refusal):
        return found
    office, visit = found
    return shown(office, visit.id, visit)


async def of_ticket(house: House, code: str) -> tuple[Followed, Visit] | Refusal:
    """The office and visit a ticket opens."""
    office = await where(house, code) if len(code) == TOKEN_LENGTH else None
    if office is None:
        return Refusal(Code.UNKNOWN_TICKET)
    async with transaction(house.pool, office.key.authority) as connection:
        visit = await store.by_ticket(connection, code_hash(code))
    return (office, visit) if visit is not None else Refusal(Code.UNKNOWN_TICKET)


def shown(office: Followed, visit: VisitId, stored: Visit) -> TicketShown:
    """A ticket as the views have it; `stored` stands in for visits of another day."""
    found = office.line.visit(visit) or stored
    now, waiting = office.now(), found.state is VisitState.WAITING
    counter = office.office.counter(found.counter) if found.counter else None
    called = found.state is VisitState.CALLED
    away = found.away_until if waiting and engine.is_away(found, now) else None
    forecast = office.waits.shown(found.id, now) if waiting else None
    return TicketShown(
        found.number,
        found.state,
        office.line.ahead(found, now) if waiting else 0,
        office.line.wait(found, now) if waiting else None,
        found.counter if called else None,
        counter.name.get(found.language, counter.name["de"]) if counter and called else None,
        found.called_at.astimezone(office.office.tz) if found.called_at and called else None,
        found.language,
        office.key.slug,
        office.seq,
        back_by=_back_by(office, found, now) if waiting else None,
        away_until=away.astimezone(office.office.tz) if away else None,
        longer=forecast.reason if forecast else None,
        next_step=_next_step(found),
        parked=found.parked if found.state is VisitState.PARKED else "",
        may_be_late=waiting and away is None and found.hand is None,
    )


def _back_by(office: Followed, visit: Visit, now: datetime) -> datetime | None:
    """On the safe side: five minutes before one in ten is called, rounded down to five."""
    earliest = office.waits.back_by(visit.id, now)
    if earliest is None or visit.hand is not None:
        return None
    by = (earliest - SAFETY).astimezone(office.office.tz)
    by = by.replace(minute=by.minute - by.minute % 5, second=0, microsecond=0)
    return by if by - now >= WORTH_LEAVING else None


def _next_step(visit: Visit) -> Step | None:
    """The stop somebody waits for or goes to after this one; None where there is only one."""
    if not visit.stops or visit.state not in OPEN:
        return None
    left = steps.open_stops(visit)
    if visit.state in AT_COUNTER:
        return left[1].step if len(left) > 1 else None
    return left[0].step if left else None


def reasons(office: Followed, visit: Visit) -> Reasons:
    """Why somebody who waits is not called yet."""
    now, rules = office.now(), office.office.line
    order = [v for v in office.line.waiting(now) if v.id != visit.id]
    before = order[: office.line.ahead(visit, now)]
    on_duty = duty.on_duty(office.office, office.desks)
    forecast = office.waits.shown(visit.id, now)
    return Reasons(
        visit.arrived.astimezone(office.office.tz),
        visit.due.astimezone(office.office.tz),
        visit.need,
        visit.booking is not None,
        int(engine.target(visit.need, rules) / timedelta(minutes=1)),
        sum(1 for v in before if v.need is NeedClass.EMERGENCY),
        sum(1 for v in before if v.need is NeedClass.BOOKING),
        sum(1 for v in before if v.need is NeedClass.WALK_IN),
        sum(1 for c in on_duty if visit.only in (None, c.key) and engine.serves(visit, c)),
        len(on_duty),
        forecast.reason if forecast else None,
    )


async def come_later(
    house: House, code: str, minutes: int, key: str | None = None
) -> TicketShown | Refusal:
    """Somebody says they are late: not called for so long, and keeps their turn; at most twice."""
    found = await of_ticket(house, code)
    if isinstance(found, Refusal):
        return found
    office, stored = found
    if not 1 <= minutes <= MOST_LATE_MINUTES:
        reason = f"must be 1 to {MOST_LATE_MINUTES}"
        return Refusal(Code.INVALID, {"field": "minutes", "reason": reason})
    for _ in range(_TRIES):
        seen = await _fresh(house, office, stored.id)
        if seen is None:
            return Refusal(Code.UNKNOWN_TICKET)
        said = await _times_late(house, office, seen)

        def decide(world: World, seen: Visit = seen, said: int = said) -> Told | Refusal:
            now = world.visit(seen.id)
            if now is not None and now.seq != seen.seq:
                return Refusal(Code.BUSY_RETRY)
            if said >= TIMES_LATE:
                return Refusal(Code.LATE_TOO_OFTEN, {"times": TIMES_LATE})
            return visits.come_later(world, seen.id, world.now + timedelta(minutes=minutes))

        receipt = receipt_for(f"ticket {seen.id}", key, "late", minutes)
        needs = Needs(visits=(seen.id,))
        done = await house.turn(office.key, APPLICANT, needs, decide, receipt=receipt, floor=True)
        if isinstance(done.answer, Refusal):
            if done.answer.code is Code.BUSY_RETRY:
                continue
            return done.answer
        await house.follower.reach(office, done.seq)
        return shown(office, seen.id, seen)
    return Refusal(Code.BUSY_RETRY)


async def _fresh(house: House, office: Followed, visit: VisitId) -> Visit | None:
    async with transaction(house.pool, office.key.authority) as connection:
        return await store.by_id(connection, office.key.office, visit)


async def _times_late(house: House, office: Followed, visit: Visit) -> int:
    """How often somebody said so: entries name the one before, so the visit's own lead back."""
    said, seq = 0, visit.seq
    async with transaction(house.pool, office.key.authority) as connection:
        for _ in range(_MOST_ENTRIES):
            entry = await store_offices.entry(connection, office.key.office, seq) if seq else None
            if entry is None or entry.body is None:
                break
            try:
                fact = decode(entry)
            except UnknownTagError:
                break
            said += isinstance(fact, ComesLater)
            seq = next((now.before for now in fact.visits if now.id == visit.id), 0)
    return said
