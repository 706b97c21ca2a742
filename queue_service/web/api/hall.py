"""For devices and desks in the house: sessions, tickets, calling."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, QueryParameter
from litestar.types import ASGIApp

from queue_service.events.chapters import AnyFact
from queue_service.events.floor import WhyNext
from queue_service.flows import serving, sessions, tickets
from queue_service.flows.serving import DeskShown, VisitShown
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import negotiate, pick, why_next
from queue_service.model.ids import ActorId, split_address
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor
from queue_service.web import live
from queue_service.web.access import STAFF_COOKIE, allowed, credentials
from queue_service.web.api.bookings import Key, told
from queue_service.web.api.shapes import CallBody, SessionBody
from queue_service.web.problems import problem

AnyRequest = Request[Any, Any, Any]
After = Annotated[int | None, QueryParameter(ge=0, description="Journal number already known")]
_encode = msgspec.json.Encoder().encode


@post("/sessions", summary="Sign in", status_code=201)
async def sign_in(request: AnyRequest, house: House, data: SessionBody) -> Response[Any]:
    """Open a session; the token also comes as a cookie."""
    signed = await sessions.sign_in(house, data.login, data.password)
    if isinstance(signed, Refusal):
        return problem(request, signed)
    response = told(signed, 201)
    response.set_cookie(
        Cookie(
            STAFF_COOKIE,
            value=signed.token,
            httponly=True,
            secure=house.settings.secure,
            samesite="lax",
        )
    )
    return response


@delete("/sessions", summary="Sign out", status_code=200)
async def sign_out(request: AnyRequest, house: House) -> Response[Any]:
    """End the session."""
    for credential in credentials(request):
        await sessions.sign_out(house, credential)
    response: Response[Any] = Response(None, status_code=204)
    response.delete_cookie(STAFF_COOKIE)
    return response


@get("/tickets/{code:str}", summary="One's own ticket")
async def ticket(request: AnyRequest, house: House, code: FromPath[str]) -> Response[Any]:
    """Place, range of wait, and the counter when called."""
    found = await tickets.ticket(house, code)
    return problem(request, found) if isinstance(found, Refusal) else told(_ticket(found))


def _ticket(shown: tickets.TicketShown) -> dict[str, object]:
    said = msgspec.structs.asdict(shown)
    wait = shown.wait
    said["wait"] = {"from": wait.from_minutes, "to": wait.to_minutes} if wait else None
    return said


@get("/tickets/{code:str}/stream", summary="Ticket stream", include_in_schema=False)
async def ticket_stream(
    request: AnyRequest, house: House, code: FromPath[str], after: After = None
) -> ASGIApp:
    """Event `state` with the ticket whenever its place may have changed."""
    found = await tickets.of_ticket(house, code)
    if isinstance(found, Refusal):
        return problem(request, found).to_asgi_response(app=None, request=request)
    office, visit = found

    async def state() -> tuple[int, bytes]:
        return office.seq, _encode(_ticket(tickets.shown(office, visit.id, visit)))

    return live.states(office, house.closing, after=after, concerns=_moves_line, state=state)


def _moves_line(fact: AnyFact) -> bool:
    return bool(fact.visits)


def _language(request: AnyRequest) -> str:
    return negotiate(request.headers.get("accept-language", ""))


def desk_json(house: House, shown: DeskShown, language: str) -> dict[str, object]:
    """A desk with the sentences its clerk reads."""
    office = house.follower.offices[shown.office]
    said = msgspec.structs.asdict(shown)
    said["current"] = _visit(office, shown.current, language) if shown.current else None
    said["waiting"] = [_visit(office, v, language) for v in shown.waiting]
    return said


def _visit(office: Followed, shown: VisitShown, language: str) -> dict[str, object]:
    said = msgspec.structs.asdict(shown)
    service = office.office.service(shown.service)
    said["service_name"] = pick(service.name, language)[0] if service else shown.service
    why = WhyNext(
        shown.why or "by_number", shown.waited_minutes, shown.target_minutes, shown.ahead_passed
    )
    said["why"] = {
        "code": shown.why,
        "waited_minutes": shown.waited_minutes,
        "target_minutes": shown.target_minutes,
    }
    said["text"] = why_next(why, language) if shown.why else ""
    return said


@get("/desks/{counter:str}", summary="A desk")
async def desk(request: AnyRequest, house: House, counter: FromPath[str]) -> Response[Any]:
    """Who is here, who is next and why, what can be undone."""
    actor = await allowed(request, house, Act.SHOW_DESK, split_address(counter)[0])
    if isinstance(actor, Refusal):
        return problem(request, actor)
    return _desk_answer(request, house, serving.desk(house, counter))


@get("/desks/{counter:str}/stream", summary="Desk stream", include_in_schema=False)
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
    language = _language(request)

    async def state() -> tuple[int, bytes]:
        shown = serving.shown(office, place)
        return shown.seq, _encode(desk_json(house, shown, language))

    return live.states(office, house.closing, after=after, concerns=_moves_line, state=state)


def _desk_answer(request: AnyRequest, house: House, shown: DeskShown | Refusal) -> Response[Any]:
    if isinstance(shown, Refusal):
        return problem(request, shown)
    return told(desk_json(house, shown, _language(request)))


@post("/desks/{counter:str}/next", summary="Call the next", status_code=200)
async def call_next(
    request: AnyRequest, house: House, counter: FromPath[str], key: Key = None
) -> Response[Any]:
    """The answer says who and why; two desks never get the same person."""
    actor = await allowed(request, house, Act.CALL, split_address(counter)[0])
    if isinstance(actor, Refusal):
        return problem(request, actor)
    return _desk_answer(request, house, await serving.call_next(house, counter, actor.id, key))


@post("/desks/{counter:str}/call", summary="Call by number", status_code=200)
async def call(
    request: AnyRequest, house: House, counter: FromPath[str], data: CallBody, key: Key = None
) -> Response[Any]:
    """Call somebody out of turn."""
    actor = await allowed(request, house, Act.CALL, split_address(counter)[0])
    if isinstance(actor, Refusal):
        return problem(request, actor)
    shown = await serving.call_number(house, counter, data.number, actor.id, key)
    return _desk_answer(request, house, shown)


ActOnVisit = Callable[[House, str, ActorId, str | None], Awaitable[DeskShown | Refusal]]
_ACTS: dict[str, ActOnVisit] = {
    "recall": serving.recall,
    "missed": serving.missed,
    "finish": serving.finish,
    "undo": serving.undo,
}


async def _on_visit(
    request: AnyRequest, house: House, visit: str, act: str, key: str | None
) -> Response[Any]:
    actor: Actor | Refusal = await allowed(request, house, Act.CALL, split_address(visit)[0])
    if isinstance(actor, Refusal):
        return problem(request, actor)
    return _desk_answer(request, house, await _ACTS[act](house, visit, actor.id, key))


@post("/visits/{visit:str}/recall", summary="Call again", status_code=200)
async def recall(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None
) -> Response[Any]:
    """Call the same number again."""
    return await _on_visit(request, house, visit, "recall", key)


@post("/visits/{visit:str}/missed", summary="Not here", status_code=200)
async def missed(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None
) -> Response[Any]:
    """Nobody came: back into the line, or missed for good after the last call."""
    return await _on_visit(request, house, visit, "missed", key)


@post("/visits/{visit:str}/finish", summary="Served", status_code=200)
async def finish(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None
) -> Response[Any]:
    """The visit is served."""
    return await _on_visit(request, house, visit, "finish", key)


@post("/visits/{visit:str}/undo", summary="Take back", status_code=200)
async def undo(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None
) -> Response[Any]:
    """Take the last act on a visit back within its seconds."""
    return await _on_visit(request, house, visit, "undo", key)


handlers = [
    sign_in,
    sign_out,
    ticket,
    ticket_stream,
    desk,
    desk_stream,
    call_next,
    call,
    recall,
    missed,
    finish,
    undo,
]
