"""For people in the house: sessions and tickets."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, QueryParameter
from litestar.types import ASGIApp

from queue_service.events.chapters import AnyFact
from queue_service.flows.access import sessions
from queue_service.flows.entrance import tickets
from queue_service.house import House
from queue_service.model.refusal import Refusal
from queue_service.web import live
from queue_service.web.access import STAFF_COOKIE, credentials, crowded
from queue_service.web.api.bookings import Key, told
from queue_service.web.api.shapes import LateBody, SessionBody
from queue_service.web.problems import problem

AnyRequest = Request[Any, Any, Any]
After = Annotated[int | None, QueryParameter(ge=0, description="Journal number already known")]
_encode = msgspec.json.Encoder().encode


@post("/sessions", summary="Sign in", status_code=201)
async def sign_in(request: AnyRequest, house: House, data: SessionBody) -> Response[Any]:
    """Open a session; the token also comes as a cookie. Guessed no faster than on the page."""
    many = await crowded(request, house)
    if many is not None:
        return problem(request, many)
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


@post("/tickets/{code:str}/late", summary="Say that one is late", status_code=200)
async def late(
    request: AnyRequest, house: House, code: FromPath[str], data: LateBody, key: Key = None
) -> Response[Any]:
    """The turn is kept, and nobody calls before the minutes are over; twice at most."""
    done = await tickets.come_later(house, code, data.minutes, key)
    return problem(request, done) if isinstance(done, Refusal) else told(_ticket(done))


def _ticket(shown: tickets.TicketShown) -> dict[str, object]:
    said = msgspec.structs.asdict(shown)
    wait = shown.wait
    said["wait"] = {"from": wait.from_minutes, "to": wait.to_minutes} if wait else None
    return said


@get("/tickets/{code:str}/stream", summary="Ticket stream")
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
    return bool(fact.visits or fact.desks)


handlers = [sign_in, sign_out, ticket, late, ticket_stream]
