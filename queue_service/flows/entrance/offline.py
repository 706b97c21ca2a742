"""What a kiosk did alone is told afterwards: once, in its order, under the numbers it gave away.

The number is on paper already, so nothing here gives another one. Who a number is follows from its
block and place: told twice, it is one visit. The idempotency key is that of the form, which may
have been sent before the network went: then the visit stands already and only takes the number that
its owner holds. Emergencies are never told afterwards; a guide was called.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from queue_service.events.entry import VisitNow
from queue_service.events.floor import Renumbered
from queue_service.flows.entrance.arriving import (
    admit,
    booking_of,
    code_receipt,
    numbers_from,
    on_offer,
    walk_in_receipt,
)
from queue_service.flows.entrance.entering import (
    Admitted,
    TicketGiven,
    enter,
    given,
    new_visit,
    settle,
)
from queue_service.flows.entrance.reserving import believed
from queue_service.flows.wish import ReceiptKey
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk.blocks import GivenOffline, bounded
from queue_service.model.booking import Booking, Part
from queue_service.model.ids import ActorId, ServiceCode, VisitId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass, Visit
from queue_service.model.world import CellKey, Grant, Needs, Told, World
from queue_service.slots import claims
from queue_service.store import blocks as store
from queue_service.store import visits as store_visits
from queue_service.store.database import transaction
from queue_service.store.told import code_hash


class _Claim(msgspec.Struct, frozen=True):
    """A number that is believed, and the visit it is."""

    office: Followed
    given: GivenOffline
    visit: VisitId
    at: datetime


async def check_in(
    house: House,
    slug: str,
    code: str,
    told: GivenOffline,
    by: ActorId,
    key: str | None = None,
) -> TicketGiven | Refusal:
    """A booking that checked in without network; whoever is here already hears only that."""
    claim = await _claim(house, slug, told)
    if isinstance(claim, Refusal):
        return claim
    booking = await booking_of(house, claim.office, code)
    if isinstance(booking, Refusal):
        return booking
    return await _arrive(house, claim, booking, "", by, code_receipt(slug, by, key, booking))


async def _arrive(
    house: House,
    claim: _Claim,
    booking: Booking,
    language: str,
    by: ActorId,
    receipt: ReceiptKey | None,
) -> TicketGiven | Refusal:
    """The booking comes in; in its own language unless another `language` was heard."""
    office, number = claim.office, booking.id

    def decide(world: World) -> Told | Refusal:
        before = world.visit_of(number)
        if before is not None and before.id != claim.visit:
            return Refusal(Code.ALREADY_CHECKED_IN)
        if world.visit(claim.visit) is not None:
            return Refusal(Code.ALREADY_BOOKED, {"visit": str(claim.visit)})
        admitted = admit(office, world, number, claim.at)
        if isinstance(admitted, Refusal):
            return admitted
        admission, found, after = admitted
        entered = new_visit(
            claim.visit,
            admission.need,
            found.parts,
            language or found.language,
            claim.at,
            admission.due,
            found,
        )
        return enter(
            house,
            office,
            world,
            _numbered(entered, claim),
            admission.instruction,
            bookings=(after,),
            booking_before=found.seq,
            happened=claim.at,
        )

    needs = Needs(bookings=(number,), visits_of=(number,), visits=(claim.visit,))
    settled = await settle(house, office, by, needs, decide, receipt, even_ended=True)
    return await _answer(house, claim, settled, by)


async def walk_in(
    house: House,
    slug: str,
    told: GivenOffline,
    *,
    service: str,
    persons: int = 1,
    language: str = "de",
    postcode: str = "",
    by: ActorId,
    key: str | None = None,
) -> TicketGiven | Refusal:
    """Somebody without an appointment who got a number without network.

    The half day's quota does not turn them away any more: they count beyond it.
    """
    claim = await _claim(house, slug, told)
    if isinstance(claim, Refusal):
        return claim
    receipt = walk_in_receipt(slug, by, key, service, persons, language, postcode)
    return await _come_in(house, claim, service, persons, language, postcode, by, receipt)


async def on_paper(
    house: House,
    office: Followed,
    given: GivenOffline,
    *,
    service: str,
    persons: int,
    language: str,
    by: ActorId,
) -> TicketGiven | Refusal:
    """Somebody who got a number on paper, as staff say who have looked where it comes from."""
    claim = _paper(house, office, given)
    return await _come_in(house, claim, service, persons, language, "", by, None)


async def booked_on_paper(
    house: House,
    office: Followed,
    given: GivenOffline,
    booking: Booking,
    *,
    language: str,
    by: ActorId,
) -> TicketGiven | Refusal:
    """A booking that got a number on paper; `language` may be empty: that of the booking."""
    return await _arrive(house, _paper(house, office, given), booking, language, by, None)


def _paper(house: House, office: Followed, given: GivenOffline) -> _Claim:
    visit, now = house.keys.block_visit(given.block, given.place), office.now()
    return _Claim(office, given, visit, bounded(given.happened, now.date(), now))


async def _come_in(
    house: House,
    claim: _Claim,
    service: str,
    persons: int,
    language: str,
    postcode: str,
    by: ActorId,
    receipt: ReceiptKey | None,
) -> TicketGiven | Refusal:
    office = claim.office
    # Who stands at the door before numbers are given, or met a kiosk whose clock was slow, has one
    # in their hand: it counts as one of the first.
    opens = numbers_from(office, ServiceCode(service), claim.at, days=1)
    offered = on_offer(office, service, persons, postcode, opens or claim.at)
    if isinstance(offered, Refusal):
        return offered
    if offered.service.emergency:
        return Refusal(Code.EMERGENCY_NEEDS_GUIDE)
    part = Part(offered.service.code, persons)

    def decide(world: World) -> Told | Refusal:
        if world.visit(claim.visit) is not None:
            return Refusal(Code.ALREADY_BOOKED, {"visit": str(claim.visit)})
        entered = new_visit(claim.visit, NeedClass.WALK_IN, (part,), language, claim.at, claim.at)
        net, grants = _beyond(world, dict.fromkeys(offered.quotas, 1))
        return enter(
            house,
            office,
            world,
            _numbered(entered, claim),
            "wait",
            net=net,
            grants=grants,
            happened=claim.at,
        )

    needs = Needs(cells=offered.quotas, visits=(claim.visit,))
    settled = await settle(house, office, by, needs, decide, receipt, even_ended=True)
    return await _answer(house, claim, settled, by)


async def _claim(house: House, slug: str, told: GivenOffline) -> _Claim | Refusal:
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
    async with transaction(house.pool, office.key.authority) as connection:
        block = await store.by_id(connection, office.key.office, told.block)
    if block is None or not believed(house, office, block, told):
        return Refusal(Code.UNKNOWN_NUMBER)
    now = office.now()
    if block.day != now.date():
        # Whoever it was has gone home; a person looks what became of them.
        return Refusal(Code.TOO_LATE, {"day": block.day.isoformat()})
    visit = house.keys.block_visit(block.id, told.place)
    return _Claim(office, told, visit, bounded(told.happened, block.day, now))


def _numbered(visit: Visit, claim: _Claim) -> Visit:
    return msgspec.structs.replace(visit, number=claim.given.number)


def _beyond(
    world: World, net: Mapping[CellKey, int]
) -> tuple[Mapping[CellKey, int], tuple[Grant, ...]]:
    """The unit taken even where none is left; none where that half day has no quota at all."""
    grants = claims.exceeding(world, net)
    return ({}, ()) if isinstance(grants, Refusal) else (net, grants)


async def _answer(
    house: House, claim: _Claim, settled: Admitted | Refusal, by: ActorId
) -> TicketGiven | Refusal:
    """The ticket; what came before the network went takes the number that was given since."""
    if isinstance(settled, Refusal):
        return settled
    if settled.visit == claim.visit:
        return await given(house, claim.office, settled)
    refusal = await _renumber(house, claim, settled.visit, by)
    if refusal is not None:
        return refusal
    shown = await given(house, claim.office, settled)
    code = house.keys.ticket(claim.visit)
    return msgspec.structs.replace(shown, ticket=code, number=claim.given.number)


async def _renumber(house: House, claim: _Claim, visit: VisitId, by: ActorId) -> Refusal | None:
    """The visit `visit` goes on under the number and ticket that its owner was given."""
    code = house.keys.ticket(claim.visit)

    def decide(world: World) -> Told | Refusal:
        before = world.visit(visit)
        if before is None:
            return Refusal(Code.UNKNOWN_VISIT)
        if before.ticket_hash == code_hash(code):
            return Refusal(Code.ALREADY_CHECKED_IN)
        after = msgspec.structs.replace(
            before, number=claim.given.number, ticket_hash=code_hash(code)
        )
        fact = Renumbered(visits=(VisitNow.of(after, before.seq),))
        return Told(fact, visits=(after,), public_codes=(code,), happened=claim.at)

    office = claim.office
    await house.turn(office.key, by, Needs(visits=(visit,)), decide, floor=True)
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store_visits.by_id(connection, office.key.office, visit)
    # However often it is told: what counts is what the visit is called now.
    return None if found and found.number == claim.given.number else Refusal(Code.BUSY_RETRY)
