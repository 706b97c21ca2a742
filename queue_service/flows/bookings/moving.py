"""Moving a booking to another start, by applicants and by staff: one turn, one claim."""

from datetime import datetime

from queue_service.flows.bookings import resting
from queue_service.flows.bookings.booking import BookingGiven, booking_given
from queue_service.flows.bookings.holding import (
    as_given,
    instant,
    scope_of,
    visit_of,
    wanted,
    with_alternatives,
)
from queue_service.flows.bookings.proving import Proof, find
from queue_service.flows.wish import receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import LIVE, Booking, Person
from queue_service.model.ids import APPLICANT, ActorId
from queue_service.model.office import BookingRules
from queue_service.model.refusal import Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.slots import holds, life

MOST_AT_REST = 6
"""Places that one booking has left, and that rest, before it may leave another."""


async def move(
    house: House, code: str, proof: Proof, start: datetime, key: str | None = None
) -> BookingGiven | Refusal:
    """Take another start and give the old one back, in one claim."""
    found = await find(house, code, proof)
    if isinstance(found, Refusal):
        return found
    office, booking, _ = found
    rules, scope = office.rules_for(booking.parts), scope_of(office, booking.id)
    return await move_to(house, found, start, by=APPLICANT, rules=rules, scope=scope, key=key)


async def move_to(
    house: House,
    found: tuple[Followed, Booking, Person | None],
    start: datetime,
    *,
    by: ActorId,
    rules: BookingRules,
    scope: str,
    key: str | None,
) -> BookingGiven | Refusal:
    """Move a booking that was found, under the rules of `by`; `key` counts within `scope`."""
    office, booking, person = found
    start = instant(start)
    request = wanted(office, booking.parts, start)
    if isinstance(request, Refusal):
        return request
    rest, own = resting.rest(office), await resting.own(house, office, booking.id)
    # After an edit the visit takes what such a visit takes now: its old limits may be gone, and
    # new ones would be oversold by it.
    shape = visit_of(office, request, start, booking.language, booking.state)
    name = person.name if person else ""
    if booking.state in LIVE and (start, shape.end) == (booking.start, booking.end):
        # Where it is already: nothing to tell anybody of.
        return booking_given(house, office, holds.given(booking), name)

    def decide(world: World) -> Told | Refusal:
        return life.move(
            world,
            booking.id,
            start=start,
            once=shape.once,
            rules=rules,
            zone=office.office.tz,
            shape=shape,
            rest=rest,
            own=own,
            most_at_rest=MOST_AT_REST if by == APPLICANT else 0,
        )

    needs = Needs(bookings=(booking.id, *own), cells=office.openings.cells_for(request, start))
    receipt = receipt_for(scope, key, "move", booking.id, start.isoformat())
    answer = as_given(await house.turn(office.key, by, needs, decide, receipt=receipt))
    if isinstance(answer, Refusal):
        return with_alternatives(office, request, start, answer)
    return booking_given(house, office, answer, name)
