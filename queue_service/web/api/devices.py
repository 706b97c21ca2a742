"""For devices and whoever looks after them: enrolling by a code, heartbeats, the list, revoking."""

from typing import Annotated, Any

from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from msgspec import Meta

from queue_service.flows.access import devices as flow
from queue_service.flows.access import heartbeats
from queue_service.flows.access.heartbeats import Beat
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Role
from queue_service.web.access import DEVICE_COOKIE, actor_of, allowed, enrolling_too_fast
from queue_service.web.api.bookings import told
from queue_service.web.api.shapes import Body
from queue_service.web.problems import problem

AnyRequest = Request[Any, Any, Any]
COOKIE_SECONDS = 400 * 86_400
"""As long as browsers keep one; every visit of the page does not renew it, an enrolment does."""


class EnrolBody(Body, frozen=True):
    """A code as somebody typed it."""

    code: Annotated[str, Meta(max_length=80)]


class InviteBody(Body, frozen=True):
    """A device to be: its name within the office, and what it is for."""

    device: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]
    role: Annotated[str, Meta(pattern="^(kiosk|display|tablet)$")]


@post("/devices/enrol", summary="Enrol by a code", status_code=201)
async def enrol(request: AnyRequest, house: House, data: EnrolBody) -> Response[Any]:
    """Trade a one-time code for this device's key, which also comes as a cookie.

    A code holds for ten minutes and once: sent again it is refused, and a manager invites anew.
    """
    if await enrolling_too_fast(request, house):
        return problem(request, Refusal(Code.TOO_MANY))
    enrolled = await flow.enrol(house, data.code)
    if isinstance(enrolled, Refusal):
        return problem(request, enrolled)
    response = told(enrolled, 201)
    response.set_cookie(carried(house, enrolled.key))
    return response


def carried(house: House, key: str) -> Cookie:
    """The cookie in which a browser carries a device's key."""
    return Cookie(
        DEVICE_COOKIE,
        value=key,
        httponly=True,
        secure=house.settings.secure,
        samesite="lax",
        max_age=COOKIE_SECONDS,
    )


@post("/devices/heartbeat", summary="Heartbeat", status_code=200)
async def heartbeat(request: AnyRequest, house: House, data: Beat) -> Response[Any]:
    """How a device is, each minute; the key says which one. Later beats replace earlier ones."""
    known = await actor_of(request, house)
    device = await allowed(request, house, Act.BEAT, known.office if known else "")
    if isinstance(device, Refusal):
        return problem(request, device)
    heard = await heartbeats.beat(house, device, data)
    return problem(request, heard) if isinstance(heard, Refusal) else told(heard)


@get("/offices/{office:str}/devices", summary="Devices")
async def devices(request: AnyRequest, house: House, office: FromPath[str]) -> Response[Any]:
    """Every device of the office, how it is, and who is invited; never a key or a code."""
    actor = await allowed(request, house, Act.SEE_DEVICES, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    return told({"office": office, "devices": await heartbeats.listed(house, office)})


@post("/offices/{office:str}/devices", summary="Invite a device", status_code=201)
async def invite(
    request: AnyRequest, house: House, office: FromPath[str], data: InviteBody
) -> Response[Any]:
    """A one-time code for a new device, or for one that needs a new key.

    Asked again it gives another code and the first is void; the present key lives until it is used.
    """
    actor = await allowed(request, house, Act.MANAGE_DEVICES, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    invited = await flow.invite(
        house, office, device=data.device, role=Role(data.role), by=actor.id
    )
    return problem(request, invited) if isinstance(invited, Refusal) else told(invited, 201)


@delete("/offices/{office:str}/devices/{device:str}", summary="Revoke a device", status_code=200)
async def revoke(
    request: AnyRequest, house: House, office: FromPath[str], device: FromPath[str]
) -> Response[Any]:
    """Its key dies at once, and so does a code it was given."""
    actor = await allowed(request, house, Act.MANAGE_DEVICES, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    if "\0" in device or not await flow.revoke(house, office, device):
        return problem(request, Refusal(Code.UNKNOWN_DEVICE))
    return Response(None, status_code=204)


handlers = [enrol, heartbeat, devices, invite, revoke]
