"""For desks and guides: what is done with a visit on its way through the house."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter

from queue_service.flows.desks import hands, journeys, notes, serving
from queue_service.flows.desks.at_desk import visit_of
from queue_service.house import House
from queue_service.model.ids import ActorId, CounterKey, split_address
from queue_service.model.refusal import Refusal
from queue_service.rights import Act
from queue_service.web.access import allowed
from queue_service.web.api.bookings import Key, told
from queue_service.web.api.desk_answers import AnyRequest, done
from queue_service.web.api.shapes_of_floor import (
    AcceptBody,
    AddBody,
    ForwardBody,
    HandBody,
    MarkBody,
    ParkBody,
)
from queue_service.web.problems import problem

SeenAt = Annotated[
    str,
    QueryParameter(max_length=90, description="Only while the visit is at this counter"),
]
"""A desk that shows something old does nothing to whom a colleague serves by now."""


@post("/visits/{visit:str}/recall", summary="Call again", status_code=200)
async def recall(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None, counter: SeenAt = ""
) -> Response[Any]:
    """Call the same number again."""
    return await done(
        request,
        house,
        visit,
        Act.CALL,
        lambda house, by: serving.recall(house, visit, by, key, seen_at=counter),
    )


@post("/visits/{visit:str}/start", summary="Has come", status_code=200)
async def start(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None, counter: SeenAt = ""
) -> Response[Any]:
    """They have come to the counter: the board lets the number go."""
    return await done(
        request,
        house,
        visit,
        Act.CALL,
        lambda house, by: serving.start(house, visit, by, key, seen_at=counter),
    )


@post("/visits/{visit:str}/missed", summary="Not here", status_code=200)
async def missed(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None, counter: SeenAt = ""
) -> Response[Any]:
    """Nobody came: back into the line, or missed for good after the last call."""
    return await done(
        request,
        house,
        visit,
        Act.CALL,
        lambda house, by: serving.missed(house, visit, by, key, seen_at=counter),
    )


@post("/visits/{visit:str}/finish", summary="Served", status_code=200)
async def finish(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None, counter: SeenAt = ""
) -> Response[Any]:
    """What this counter does is done: on to the next step, or the visit is served."""
    return await done(
        request,
        house,
        visit,
        Act.CALL,
        lambda house, by: serving.finish(house, visit, by, key, seen_at=counter),
    )


@post("/visits/{visit:str}/undo", summary="Take back", status_code=200)
async def undo(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None
) -> Response[Any]:
    """Take the last act on a visit back within its seconds."""
    return await done(
        request, house, visit, Act.CALL, lambda house, by: serving.undo(house, visit, by, key)
    )


@post("/visits/{visit:str}/park", summary="Send away for a while", status_code=200)
async def park(
    request: AnyRequest,
    house: House,
    visit: FromPath[str],
    data: ParkBody,
    key: Key = None,
    counter: SeenAt = "",
) -> Response[Any]:
    """Somebody fetches something and comes back to where they stood."""
    return await done(
        request,
        house,
        visit,
        Act.CALL,
        lambda house, by: journeys.park(house, visit, data.reason, by, key, seen_at=counter),
    )


@post("/visits/{visit:str}/resume", summary="Is back", status_code=200)
async def resume(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None, counter: SeenAt = ""
) -> Response[Any]:
    """Back from being sent away."""
    return await done(
        request,
        house,
        visit,
        Act.CALL,
        lambda house, by: journeys.resume(house, visit, by, key, seen_at=counter),
    )


@post("/visits/{visit:str}/forward", summary="Hand over", status_code=200)
async def forward(
    request: AnyRequest,
    house: House,
    visit: FromPath[str],
    data: ForwardBody,
    key: Key = None,
    counter: SeenAt = "",
) -> Response[Any]:
    """To another counter, station or case worker, with the same number and a sentence."""
    to = CounterKey(data.to) if data.to is not None else None
    return await done(
        request,
        house,
        visit,
        Act.CALL,
        lambda house, by: journeys.forward(
            house,
            visit,
            by,
            to=to,
            step=data.step,
            sentence=data.sentence,
            key=key,
            seen_at=counter,
        ),
    )


@post("/visits/{visit:str}/add", summary="One more service", status_code=200)
async def add(
    request: AnyRequest,
    house: House,
    visit: FromPath[str],
    data: AddBody,
    key: Key = None,
    counter: SeenAt = "",
) -> Response[Any]:
    """One more service in the same visit, or more persons for one it has."""
    return await done(
        request,
        house,
        visit,
        Act.CALL,
        lambda house, by: journeys.add_service(
            house, visit, data.service, by, persons=data.persons, key=key, seen_at=counter
        ),
    )


@post("/visits/{visit:str}/mark", summary="Mark", status_code=200)
async def mark(
    request: AnyRequest,
    house: House,
    visit: FromPath[str],
    data: MarkBody,
    key: Key = None,
    counter: SeenAt = "",
) -> Response[Any]:
    """Note aids, class of need and language, as a guide sees them."""
    return await done(
        request,
        house,
        visit,
        Act.GUIDE,
        lambda house, by: journeys.mark(
            house,
            visit,
            by,
            aids=data.aids,
            need=data.need,
            urgency=data.urgency,
            language=data.language,
            key=key,
            seen_at=counter,
        ),
    )


@post("/visits/{visit:str}/hand-over", summary="Hand an emergency over", status_code=200)
async def hand_over(
    request: AnyRequest,
    house: House,
    visit: FromPath[str],
    data: HandBody,
    key: Key = None,
    counter: SeenAt = "",
) -> Response[Any]:
    """To a named or any free case worker; the clock begins."""
    return await done(
        request,
        house,
        visit,
        Act.GUIDE,
        lambda house, by: hands.hand_over(
            house, visit, by, to=ActorId(data.to), sentence=data.sentence, key=key, seen_at=counter
        ),
    )


@post("/visits/{visit:str}/accept", summary="Accept an emergency", status_code=200)
async def accept(
    request: AnyRequest, house: House, visit: FromPath[str], data: AcceptBody, key: Key = None
) -> Response[Any]:
    """The emergency is called to the case worker's counter."""
    return await done(
        request,
        house,
        visit,
        Act.ACCEPT_HAND,
        lambda house, by: hands.accept(house, visit, data.counter, by, key),
    )


@post("/visits/{visit:str}/pass", summary="Pass an emergency on", status_code=200)
async def pass_on(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None
) -> Response[Any]:
    """The other case workers may take it."""
    return await done(
        request,
        house,
        visit,
        Act.ACCEPT_HAND,
        lambda house, by: hands.pass_on(house, visit, by, key),
    )


@get("/visits/{visit:str}/notes", summary="Sentences left with a visit")
async def left(request: AnyRequest, house: House, visit: FromPath[str]) -> Response[Any]:
    """What colleagues wrote for whoever is next, the newest first."""
    actor = await allowed(request, house, Act.SHOW_DESK, split_address(visit)[0])
    found = actor if isinstance(actor, Refusal) else await visit_of(house, visit)
    if isinstance(found, Refusal):
        return problem(request, found)
    office, known = found
    return told({"notes": await notes.of_visit(house, office, known.id)})


@get("/offices/{office:str}/hands", summary="Emergencies to be accepted")
async def handed(request: AnyRequest, house: House, office: FromPath[str]) -> Response[Any]:
    """Who waits for a case worker and for how long, and which case workers are there."""
    actor = await allowed(request, house, Act.GUIDE, office)
    found = actor if isinstance(actor, Refusal) else await hands.hands(house, office, actor.id)
    return problem(request, found) if isinstance(found, Refusal) else told(found)


handlers = [
    recall,
    start,
    missed,
    finish,
    undo,
    park,
    resume,
    forward,
    add,
    mark,
    hand_over,
    accept,
    pass_on,
    left,
    handed,
]
