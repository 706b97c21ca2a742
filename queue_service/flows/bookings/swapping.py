"""Two bookings trade their times in one claim; neither is ever without a place.

Only staff do it: a trade among applicants themselves would be a market for places.
"""

import msgspec

from queue_service.events.booking import SwapReason
from queue_service.flows.bookings import resting
from queue_service.flows.bookings.booking import BookingGiven, booking_given
from queue_service.flows.bookings.holding import instant, visit_of, wanted
from queue_service.flows.bookings.staffing import look, receipt_of
from queue_service.flows.wish import Replayed
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.slots import life, trading
from queue_service.slots.claims import taken_by
from queue_service.slots.holds import given

_ATTEMPTS = 3
_pair = msgspec.json.Decoder(trading.Pair)


class Swapped(msgspec.Struct, frozen=True):
    """Two bookings after they traded their times."""

    one: BookingGiven
    other: BookingGiven


async def swap(
    house: House,
    slug: str,
    codes: tuple[str, str],
    *,
    reason: SwapReason,
    by: ActorId,
    key: str | None = None,
) -> Swapped | Refusal:
    """Let two bookings trade their times; codes are as people wrote them.

    Whoever finds them changed since they were looked up looks again, a few times.
    """
    done: Swapped | Refusal = Refusal(Code.BUSY_RETRY)
    for _ in range(_ATTEMPTS):
        done = await _swap(house, slug, codes, reason, by, key)
        if not isinstance(done, Refusal) or done.code is not Code.BUSY_RETRY:
            break
    return done


async def _swap(
    house: House,
    slug: str,
    codes: tuple[str, str],
    reason: SwapReason,
    by: ActorId,
    key: str | None,
) -> Swapped | Refusal:
    found = []
    for code in codes:
        looked = await look(house, slug, code)
        if isinstance(looked, Refusal):
            return looked
        found.append(looked)
    (office, one, first), (_, other, second) = found
    if one.id == other.id:
        return Refusal(Code.INVALID, {"field": "other"})
    shapes = _traded(office, one, other)
    if isinstance(shapes, Refusal):
        return shapes
    rest = resting.rest(office)

    def decide(world: World) -> Told | Refusal:
        return trading.swap(world, *shapes, reason=reason, rest=rest)

    needs = Needs(bookings=(one.id, other.id), cells=taken_by(shapes[0]) + taken_by(shapes[1]))
    receipt = receipt_of(office, by, key, "swap", one.id, other.id, reason)
    done = await house.turn(office.key, by, needs, decide, receipt=receipt)
    answer = done.answer
    if isinstance(answer, Refusal) and answer.code is Code.BUSY_RETRY:
        answer = await _meanwhile(house, slug, codes, shapes, answer)
    if isinstance(answer, Replayed):
        answer = _pair.decode(answer.answer)
    if isinstance(answer, Refusal):
        return answer
    if not isinstance(answer, trading.Pair):
        raise TypeError(f"a swap's turn answered {type(answer).__name__}")
    names = [person.name if person else "" for person in (first, second)]
    return Swapped(
        booking_given(house, office, answer.one, names[0]),
        booking_given(house, office, answer.other, names[1]),
    )


async def _meanwhile(
    house: House, slug: str, codes: tuple[str, str], shapes: tuple[Booking, Booking], busy: Refusal
) -> trading.Pair | Refusal:
    """What became of a trade whose bookings changed before its turn.

    Two presses at once are one trade: tried again the second would take the first one back.
    """
    stand = [await look(house, slug, code) for code in codes]
    now = [found[1] for found in stand if not isinstance(found, Refusal)]
    if len(now) != len(shapes) or any(
        (n.start, n.end, n.limits, n.state) != (s.start, s.end, s.limits, s.state)
        for n, s in zip(now, shapes, strict=True)
    ):
        return busy
    return trading.Pair(given(now[0]), given(now[1]))


def _traded(office: Followed, one: Booking, other: Booking) -> tuple[Booking, Booking] | Refusal:
    """Both as they shall be: alike, each takes the other's cells as they are; else by the rules."""
    if one.parts == other.parts:
        return trading.traded(one, other)
    shapes = []
    for mine, its in ((one, other), (other, one)):
        start = instant(its.start)
        request = wanted(office, mine.parts, start)
        if isinstance(request, Refusal):
            return request
        shape = visit_of(office, request, start, mine.language, mine.state)
        shapes.append(life.standing_in(mine, shape))
    return shapes[0], shapes[1]
