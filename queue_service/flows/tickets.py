"""What the owner of a ticket sees, and nothing of anybody else."""

from datetime import datetime

import msgspec

from queue_service.floor.line import Range
from queue_service.flows.proving import where
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.codes import TOKEN_LENGTH
from queue_service.model.ids import VisitId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import Visit, VisitState
from queue_service.store import visits as store
from queue_service.store.database import transaction
from queue_service.store.told import code_hash


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
    )
