"""What every arrival has in common: the visit made, its number, the turn, and what is answered.

Who may come in, and which number it is, the callers say: `arriving` with the office's line at hand,
`offline` for what a kiosk did alone.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import msgspec

from queue_service.events.entry import BookingNow, VisitNow
from queue_service.events.floor import CheckedIn
from queue_service.floor import steps
from queue_service.floor.line import Range
from queue_service.flows.entrance.tickets import first_wait
from queue_service.flows.wish import Decide, ReceiptKey, Replayed
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk import ticket as numbers
from queue_service.model.booking import Booking, Part
from queue_service.model.ids import ActorId, VisitId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import Need
from queue_service.model.visit import NeedClass, TicketSeries, Visit, VisitState
from queue_service.model.world import CellKey, Grant, Needs, Told, World
from queue_service.slots import claims
from queue_service.store import visits as store
from queue_service.store.database import transaction
from queue_service.store.told import code_hash


class TicketGiven(msgspec.Struct, frozen=True):
    """A number in the hall, with the phone's way to follow it."""

    ticket: str
    number: str
    wait: Range
    instructions: str
    """Code of what to do now: wait · wait_early · late_walk_in · already_checked_in · go_to."""
    language: str
    visit: VisitId


class Admitted(msgspec.Struct, frozen=True):
    """What the turn answers about an arrival, kept with its idempotency key."""

    visit: VisitId
    number: str
    instruction: str
    language: str


_admitted = msgspec.json.Decoder(Admitted)


def new_visit(
    visit: VisitId,
    need: NeedClass,
    parts: tuple[Part, ...],
    language: str,
    arrived: datetime,
    due: datetime,
    booking: Booking | None = None,
    urgency: Need | None = None,
) -> Visit:
    """Somebody who waits from now on, still without a number."""
    return Visit(
        visit,
        "",
        VisitState.WAITING,
        need,
        parts,
        language,
        arrived=arrived,
        due=due,
        booking=booking.id if booking else None,
        flags=booking.flags if booking else (),
        urgency=urgency,
    )


def enter(
    house: House,
    office: Followed,
    world: World,
    visit: Visit,
    instruction: str,
    *,
    fresh: TicketSeries | None = None,
    bookings: tuple[Booking, ...] = (),
    booking_before: int = 0,
    net: Mapping[CellKey, int] = MappingProxyType({}),
    grants: tuple[Grant, ...] = (),
    happened: datetime | None = None,
) -> Told:
    """Tell that somebody arrived, with the next number of the day; `fresh` opens its series.

    Without `fresh` the visit has its number already.
    """
    entered, series = visit, None
    if fresh is not None:
        letters = office.office.tickets.letters
        number, series = numbers.next_number(world.series(fresh.day) or fresh, letters)
        entered = msgspec.structs.replace(visit, number=number)
    code = house.keys.ticket(visit.id)
    entered = msgspec.structs.replace(
        entered, ticket_hash=code_hash(code), stops=steps.plan(office.office, visit.parts)
    )
    return Told(
        CheckedIn(
            visits=(VisitNow.of(entered, 0),),
            bookings=tuple(BookingNow.of(b, booking_before) for b in bookings),
            cells=claims.left_after(world, net),
        ),
        visits=(entered,),
        bookings=bookings,
        series=series,
        net=dict(net),
        grants=grants,
        public_codes=(code,),
        happened=happened,
        answer=Admitted(visit.id, entered.number, instruction, visit.language),
    )


async def settle(
    house: House,
    office: Followed,
    by: ActorId,
    needs: Needs,
    decide: Decide,
    receipt: ReceiptKey | None,
    *,
    even_ended: bool = False,
) -> Admitted | Refusal:
    """Have the office's turn decide; a known key and somebody already here get what they got.

    Whose visit is over is told that it is too late, unless `even_ended`.
    """
    done = await house.turn(office.key, by, needs, decide, receipt=receipt, floor=True)
    answer = done.answer
    if isinstance(answer, Replayed):
        answer = _admitted.decode(answer.answer)
    if isinstance(answer, Refusal) and "visit" in answer.data:
        visit = VisitId(UUID(str(answer.data["visit"])))
        return await _again(house, office, visit, even_ended=even_ended)
    if isinstance(answer, Refusal | Admitted):
        return answer
    raise TypeError(f"a check-in's turn answered {type(answer).__name__}")


async def _again(
    house: House, office: Followed, visit: VisitId, *, even_ended: bool
) -> Admitted | Refusal:
    """The ticket somebody has already, however often they scan."""
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store.by_id(connection, office.key.office, visit)
    over = found is not None and found.state in (VisitState.FINISHED, VisitState.MISSED)
    if found is None or (over and not even_ended):
        return Refusal(Code.TOO_LATE)
    return Admitted(found.id, found.number, "already_checked_in", found.language)


async def given(house: House, office: Followed, admitted: Admitted) -> TicketGiven:
    """What the visitor is told."""
    return TicketGiven(
        house.keys.ticket(admitted.visit),
        admitted.number,
        await first_wait(office, admitted.visit),
        admitted.instruction,
        admitted.language,
        admitted.visit,
    )
