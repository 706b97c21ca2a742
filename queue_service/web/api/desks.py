"""For desks: who is here and why, calling, states of counters."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post, put
from litestar.params import FromPath, QueryParameter
from litestar.types import ASGIApp

from queue_service.events.chapters import AnyFact
from queue_service.flows.desks import journeys, serving
from queue_service.house import House
from queue_service.model.ids import split_address
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.web import live
from queue_service.web.access import allowed, still
from queue_service.web.api.bookings import Key
from queue_service.web.api.desk_answers import AnyRequest, desk_answer, desk_json, done, language_of
from queue_service.web.api.shapes_of_floor import CallBody, DeskStateBody, NumberBody
from queue_service.web.problems import problem

After = Annotated[int | None, QueryParameter(ge=0, description="Journal number already known")]
_encode = msgspec.json.Encoder().encode


@get("/desks/{counter:str}", summary="A desk")
async def desk(request: AnyRequest, house: House, counter: FromPath[str]) -> Response[Any]:
    """Who is here, who is next and why, who comes back, what can be undone."""
    actor = await allowed(request, house, Act.SHOW_DESK, split_address(counter)[0])
    return desk_answer(
        request, house, actor if isinstance(actor, Refusal) else serving.desk(house, counter)
    )


@get("/desks/{counter:str}/stream", summary="Desk stream")
async def desk_stream(
    request: AnyRequest, house: House, counter: FromPath[str], after: After = None
) -> ASGIApp:
    """Event `state` with the desk whenever the line moved."""
    actor = await allowed(request, house, Act.SHOW_DESK, split_address(counter)[0])
    found = serving.at(house, counter)
    refusal = actor if isinstance(actor, Refusal) else found if isinstance(found, Refusal) else None
    if refusal is not None or isinstance(found, Refusal):
        gone = refusal or Refusal(Code.UNKNOWN_COUNTER)
        return problem(request, gone).to_asgi_response(app=None, request=request)
    office, place = found
    language = language_of(request)

    async def state() -> tuple[int, bytes]:
        shown = serving.shown(office, place)
        return shown.seq, _encode(desk_json(house, shown, language))

    may = still(request, house, Act.SHOW_DESK, office.key.slug)
    return live.states(
        office, house.closing, after=after, concerns=_moves_line, state=state, still=may
    )


def _moves_line(fact: AnyFact) -> bool:
    return bool(fact.visits or fact.desks)


@post("/desks/{counter:str}/next", summary="Call the next", status_code=200)
async def call_next(
    request: AnyRequest, house: House, counter: FromPath[str], key: Key = None
) -> Response[Any]:
    """The answer says who and why; two desks never get the same person."""
    return await done(
        request,
        house,
        counter,
        Act.CALL,
        lambda house, by: serving.call_next(house, counter, by, key),
    )


@post("/desks/{counter:str}/call", summary="Call by number", status_code=200)
async def call(
    request: AnyRequest, house: House, counter: FromPath[str], data: CallBody, key: Key = None
) -> Response[Any]:
    """Call somebody out of turn; the reason stands in the journal as a code."""
    return await done(
        request,
        house,
        counter,
        Act.CALL,
        lambda house, by: serving.call_number(
            house, counter, data.number, by, key, data.reason or ""
        ),
    )


@post("/desks/{counter:str}/serve", summary="Serve now", status_code=200)
async def serve(
    request: AnyRequest, house: House, counter: FromPath[str], data: NumberBody, key: Key = None
) -> Response[Any]:
    """Serve somebody who stands at the counter, without a call: waiting, sent away or missed."""
    return await done(
        request,
        house,
        counter,
        Act.CALL,
        lambda house, by: serving.serve_now(house, counter, data.number, by, key),
    )


@post("/desks/{counter:str}/undo", summary="Take back at a desk", status_code=200)
async def undo(
    request: AnyRequest, house: House, counter: FromPath[str], key: Key = None
) -> Response[Any]:
    """Take back the last act at a counter within its seconds, also its change of state."""
    return await done(
        request,
        house,
        counter,
        Act.CALL,
        lambda house, by: serving.undo_at(house, counter, by, key),
    )


@put("/desks/{counter:str}/state", summary="Open, pause or close a counter", status_code=200)
async def change_state(
    request: AnyRequest, house: House, counter: FromPath[str], data: DeskStateBody, key: Key = None
) -> Response[Any]:
    """Only an open counter calls and counts in waits; one clerk has one open counter."""
    return await done(
        request,
        house,
        counter,
        Act.CHANGE_DESK,
        lambda house, by: journeys.desk_state(house, counter, data.state, by, key),
    )


handlers = [desk, desk_stream, call_next, call, serve, undo, change_state]
