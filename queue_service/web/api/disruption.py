"""For managers: what missing counters ask for, groups that need not come, and whom to phone."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from queue_service.events.booking import Why
from queue_service.flows.bookings import calling
from queue_service.flows.capacity import disruption
from queue_service.flows.capacity.disruption import CancelAll, Missing
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.ids import ActorId, CounterKey, ServiceCode
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.web.access import allowed
from queue_service.web.api.answers.disruption import (
    Call,
    Calls,
    CancelledMany,
    Move,
    Moves,
    PartOfMove,
)
from queue_service.web.api.bookings import AnyRequest, Key, told
from queue_service.web.api.shapes import Dated, Instant, Short
from queue_service.web.problems import problem


class MissingBody(Dated, frozen=True):
    """Counters at which nobody serves for a while."""

    counters: Annotated[tuple[Short, ...], Meta(min_length=1, max_length=200)]
    since: Instant
    until: Instant
    why: Why


class CancelBody(Dated, frozen=True):
    """A group: appointments of these services that start in [first, end)."""

    services: Annotated[tuple[Short, ...], Meta(min_length=1, max_length=200)]
    first: Instant
    end: Instant
    why: Why


def _missing(office: Followed, body: MissingBody) -> Missing | Refusal:
    known = {counter.key for counter in office.office.counters}
    unknown = [key for key in body.counters if key not in known]
    if unknown:
        return Refusal(Code.UNKNOWN_COUNTER, {"counter": unknown[0]})
    # What is over is refused by the flow: a key given again is answered before.
    refusal = _interval(body.since, body.until, ("since", "until"))
    if refusal is not None:
        return refusal
    zone = office.office.tz
    counters = tuple(CounterKey(key) for key in dict.fromkeys(body.counters))
    return Missing(counters, body.since.astimezone(zone), body.until.astimezone(zone), body.why)


def _parts(parts: tuple[Part, ...]) -> tuple[PartOfMove, ...]:
    return tuple(PartOfMove(part.service, part.persons) for part in parts)


def _interval(first: datetime, end: datetime, names: tuple[str, str]) -> Refusal | None:
    if end <= first:
        return Refusal(Code.INVALID, {"field": names[1], "reason": f"not after {names[0]}"})
    return None


async def _entered(
    request: AnyRequest, house: House, slug: str
) -> tuple[Followed, ActorId] | Refusal:
    actor = await allowed(request, house, Act.EDIT_CAPACITY, slug)
    if isinstance(actor, Refusal):
        return actor
    office = house.follower.office(slug)
    return (office, actor.id) if office else Refusal(Code.UNKNOWN_OFFICE, {"office": slug})


@post(
    "/offices/{office:str}/disruption/proposal",
    summary="Whom missing counters would move, and where",
    status_code=200,
)
async def proposal(
    request: AnyRequest, house: House, office: FromPath[str], data: MissingBody
) -> Response[Any]:
    """Nothing changes; `start` is null where no other time is free."""
    entered = await _entered(request, house, office)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    followed, _ = entered
    missing = _missing(followed, data)
    if isinstance(missing, Refusal):
        return problem(request, missing)
    found = await disruption.propose(house, followed, missing)
    if isinstance(found, Refusal):
        return problem(request, found)
    moves = (
        Move(each.booking.code, each.booking.start, each.start, _parts(each.booking.parts))
        for each in found.proposals
    )
    return told(Moves(tuple(moves)))


@post(
    "/offices/{office:str}/disruption",
    summary="Take counters out and move whom that asks to",
    status_code=201,
)
async def carry_out(
    request: AnyRequest, house: House, office: FromPath[str], data: MissingBody, key: Key = None
) -> Response[Any]:
    """Proposed anew at this moment; `left` keep their time, above what the counters can serve."""
    entered = await _entered(request, house, office)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    followed, by = entered
    missing = _missing(followed, data)
    if isinstance(missing, Refusal):
        return problem(request, missing)
    done = await disruption.carry_out(house, followed, missing, by, key=key)
    return problem(request, done) if isinstance(done, Refusal) else told(done, 201)


@post(
    "/offices/{office:str}/disruption/cancellation",
    summary="Cancel a group, with a letter that says why",
    status_code=201,
)
async def cancel(
    request: AnyRequest, house: House, office: FromPath[str], data: CancelBody
) -> Response[Any]:
    """Cancelling twice cancels nothing more."""
    entered = await _entered(request, house, office)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    followed, by = entered
    unknown = [code for code in data.services if followed.office.service(code) is None]
    if unknown:
        return problem(request, Refusal(Code.UNKNOWN_SERVICE, {"service": unknown[0]}))
    refusal = _interval(data.first, data.end, ("first", "end"))
    if refusal is None and data.end <= followed.now():
        refusal = Refusal(Code.PAST, {"field": "end"})
    if refusal is not None:
        return problem(request, refusal)
    services = tuple(ServiceCode(code) for code in data.services)
    before = await disruption.standing(house, followed, data.first, data.end, services)
    wanted = CancelAll(by, data.why, data.first, data.end, services)
    await disruption.cancel_all(house, followed, wanted)
    after = await disruption.standing(house, followed, data.first, data.end, services)
    return told(CancelledMany(max(0, len(before) - len(after))), 201)


@get("/offices/{office:str}/disruption/calls", summary="Whom to phone")
async def to_call(request: AnyRequest, house: House, office: FromPath[str]) -> Response[Any]:
    """People whose appointment the office changed and whom no letter reaches."""
    entered = await _entered(request, house, office)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    listed = await calling.to_call(house, entered[0])
    calls = (
        Call(c.name, c.phone, c.before, c.now, _parts(c.parts), c.language, c.why) for c in listed
    )
    return told(Calls(tuple(calls)))


handlers = [proposal, carry_out, cancel, to_call]
