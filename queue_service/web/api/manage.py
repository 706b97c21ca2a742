"""For managers: capacity as it stands and as layers would change it."""

from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath, QueryParameter

from queue_service.flows.capacity import layering, overview
from queue_service.flows.capacity.overview import DayOfLimit, LayerShown, Overview
from queue_service.flows.capacity.previewing import Preview, Run
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor
from queue_service.slots.rehoming import Proposal
from queue_service.web.access import allowed
from queue_service.web.api.bookings import AnyRequest, Key, told
from queue_service.web.api.layer_shapes import LayersBody, PreviewBody, layer_of
from queue_service.web.cache import Cached, answer
from queue_service.web.days import beyond
from queue_service.web.problems import problem

_encode = msgspec.json.Encoder().encode


def _run(run: Run) -> dict[str, object]:
    return msgspec.structs.asdict(run)


def proposal_json(proposal: Proposal) -> dict[str, object]:
    """A booking that would lose its place or go along with its family, and where it could go."""
    booking = proposal.booking
    return {
        "booking": booking.code,
        "start": booking.start,
        "end": booking.end,
        "services": [{"service": p.service, "persons": p.persons} for p in booking.parts],
        "proposed": proposal.start,
        "along": proposal.along,
    }


def layer_json(shown: LayerShown) -> dict[str, object]:
    """A layer with its author, reason and validity."""
    layer = shown.layer
    return {
        "layer": layer.id,
        "state": shown.standing,
        "subject": layer.subject,
        "change": msgspec.Raw(layer.change.encode()),
        "since": layer.since,
        "until": layer.until,
        "author": layer.author,
        "reason": layer.reason,
        "origin": layer.origin,
    }


def _day(day: DayOfLimit, *, by_tick: bool) -> dict[str, object]:
    said: dict[str, object] = {
        "date": day.date,
        "least": day.least,
        "most": day.most,
        "capacity": day.capacity,
        "taken": day.taken,
        "left": day.left,
    }
    if by_tick:
        said["cells"] = [
            {"start": s.start, "end": s.end, "capacity": s.capacity, "taken": s.taken}
            | {"left": s.left}
            for s in day.stretches
        ]
    return said


def _overview(office: Followed, shown: Overview, *, by_tick: bool) -> dict[str, object]:
    return {
        "office": office.key.slug,
        "layers": [layer_json(layer) for layer in shown.layers],
        "limits": [
            {
                "limit": limit.key,
                "name": limit.name,
                "period": limit.period,
                "taker": limit.taker,
                "counters": limit.counters,
                "days": [_day(day, by_tick=by_tick) for day in days],
            }
            for limit, days in shown.limits
        ],
    }


async def _entered(
    request: AnyRequest, house: House, office: str, act: Act
) -> tuple[Actor, Followed] | Refusal:
    actor = await allowed(request, house, act, office)
    if isinstance(actor, Refusal):
        return actor
    followed = house.follower.office(office)
    if followed is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": office[:80]})
    return actor, followed


@get("/offices/{office:str}/capacity", summary="Capacity by limit and day")
async def capacity(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    first: Annotated[date | None, QueryParameter(query="from", description="First day")] = None,
    last: Annotated[date | None, QueryParameter(query="to", description="Last day")] = None,
    cells: Annotated[bool, QueryParameter(description="Also cell by cell, runs of equal ones")] = (
        False
    ),
) -> Response[Any]:
    """Layers in force and to come; places, taken and left of every limit, per day or cell.

    Sums of a day are places times cells; default a week from today, at most 62 days.
    """
    entered = await _entered(request, house, office, Act.SEE_CAPACITY)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    followed = entered[1]
    begin = first or followed.now().date()
    end = last or begin + timedelta(days=6)
    refusal = beyond(from_=begin)
    if refusal is not None:
        return problem(request, refusal)
    if not 0 <= (end - begin).days < overview.MOST_DAYS:
        reason = f"0 to {overview.MOST_DAYS - 1} days after from"
        return problem(request, Refusal(Code.INVALID, {"field": "to", "reason": reason}))
    shown = await overview.overview(house, followed, begin, end)
    return answer(request, Cached.of(_encode(_overview(followed, shown, by_tick=cells))))


@post("/offices/{office:str}/capacity/preview", summary="What layers would do", status_code=200)
async def preview(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    data: PreviewBody,
) -> Response[Any]:
    """Cells that gain or lose, who would lose a place, and where each could go; changes nothing."""
    entered = await _entered(request, house, office, Act.EDIT_CAPACITY)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    actor, followed = entered
    layers = tuple(layer_of(body, actor.id, followed.now()) for body in data.layers)
    shown = await layering.preview(house, followed, layers, data.end)
    return problem(request, shown) if isinstance(shown, Refusal) else told(preview_json(shown))


def preview_json(shown: Preview) -> dict[str, object]:
    """A preview as JSON."""
    return {
        "gained": [_run(run) for run in shown.gained],
        "lost": [_run(run) for run in shown.lost],
        "losing": [proposal_json(proposal) for proposal in shown.proposals],
    }


@post("/offices/{office:str}/capacity/layers", summary="Set layers", status_code=201)
async def set_layers(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    data: LayersBody,
    key: Key = None,
) -> Response[Any]:
    """Set layers together; the cells follow, no booking is touched."""
    entered = await _entered(request, house, office, Act.EDIT_CAPACITY)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    actor, followed = entered
    layers = tuple(layer_of(body, actor.id, followed.now()) for body in data.layers)
    asked = _encode(data)
    numbers = await layering.add(house, followed, layers, actor.id, key=key, asked=asked)
    if isinstance(numbers, Refusal):
        return problem(request, numbers)
    return told({"layers": numbers}, 201)


@delete("/offices/{office:str}/capacity/layers/{layer:int}", summary="Take back", status_code=200)
async def take_back(
    request: AnyRequest, house: House, office: FromPath[str], layer: FromPath[int]
) -> Response[Any]:
    """End a layer now; what it changed goes back by itself."""
    entered = await _entered(request, house, office, Act.EDIT_CAPACITY)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    actor, followed = entered
    refusal = await layering.end(house, followed, (layer,), actor.id)
    if refusal is not None:
        return problem(request, refusal)
    return Response(None, status_code=204)


handlers = [capacity, preview, set_layers, take_back]
