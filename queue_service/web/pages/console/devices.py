"""Console: the office's devices, how each is, and the code that enrols a new one.

A code is shown once, on the answer to the form that asked for it; no address contains it.
"""

from datetime import datetime, timedelta

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath

from queue_service.clock import real_now
from queue_service.flows.access import devices as flow
from queue_service.flows.access import heartbeats
from queue_service.flows.access.devices import CODE_HOLDS, DEVICE_ROLES, Invited
from queue_service.flows.access.heartbeats import DeviceShown, Sound
from queue_service.house import House
from queue_service.language import Catalogue, catalogue, mark, sentence
from queue_service.model.refusal import Code, Refusal
from queue_service.printing.printers import Printed
from queue_service.rights import Act, Role
from queue_service.web.pages import STATUS, Asked, Shown, refused, see
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.compact import compact
from queue_service.web.pages.console.frame import Entered, enter, shown
from queue_service.web.pages.faults import PAGE_FAULTS

PLACE = "devices"
_MINUTE = timedelta(minutes=1)
ROLES: dict[str, str] = {
    Role.KIOSK: mark("Kiosk"),
    Role.DISPLAY: mark("Screen in the hall"),
    Role.TABLET: mark("Guide's tablet"),
}
STATES: dict[str, str] = {
    "enrolled": mark("enrolled"),
    "revoked": mark("revoked"),
    "invited": mark("invited"),
}
SOUNDS: dict[str, str] = {
    Sound.ON: mark("on"),
    Sound.OFF: mark("off"),
    Sound.NONE: mark("none"),
}
WARNINGS: dict[str, str] = {
    "stale": mark("not heard of for more than 2 min"),
    "sound_off": mark("its sound is off"),
    "clock_off": mark("its clock is wrong"),
    "paper_low": mark("paper runs out"),
    "paper_out": mark("no paper"),
    "printer": mark("printer at fault"),
}
PRINTERS: dict[str, str] = {
    Printed.UNREACHABLE: mark("printer does not answer"),
    Printed.NO_FONTS: mark("the server lacks the fonts for tickets"),
}
"""What the kiosk's last ticket found; another code is only a fault."""


class Line(msgspec.Struct, frozen=True):
    """A device as the table shows it."""

    name: str
    role_key: str
    role: str
    state: str
    living: bool
    """Enrolled and not revoked."""
    seen: str
    version: str
    event: str
    sound: str
    warnings: tuple[str, ...]
    invited: bool


@get("/{lang:str}/console/{office:str}/devices")
async def devices(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str]
) -> Shown:
    """The list and the form for a new device."""
    entered = await enter(request, house, lang, office, Act.SEE_DEVICES)
    return await _list(request, house, entered) if isinstance(entered, Entered) else entered


@post("/{lang:str}/console/{office:str}/devices", status_code=200)
async def invite(request: Asked, house: House, lang: FromPath[str], office: FromPath[str]) -> Shown:
    """Invite a device and show its code, this once."""
    entered = await enter(request, house, lang, office, Act.MANAGE_DEVICES)
    if not isinstance(entered, Entered):
        return entered
    form = await request.form()
    name, role = text(form, "device").lower(), text(form, "role")
    if role not in ROLES:
        return await _list(request, house, entered, name=name, error="role")
    if not flow.named(name):
        return await _list(request, house, entered, name=name, role=role, error="device")
    invited = await flow.invite(house, office, device=name, role=Role(role), by=entered.actor.id)
    if isinstance(invited, Refusal):
        return await _list(request, house, entered, name=name, role=role, refusal=invited)
    return await _list(request, house, entered, invited=invited)


@post("/{lang:str}/console/{office:str}/devices/{device:str}/revoke", status_code=200)
async def revoke(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str], device: FromPath[str]
) -> Shown:
    """End a device's key at once."""
    entered = await enter(request, house, lang, office, Act.MANAGE_DEVICES)
    if not isinstance(entered, Entered):
        return entered
    if not flow.named(device) or not await flow.revoke(house, office, device):
        return refused(
            request,
            entered.lang,
            Refusal(Code.UNKNOWN_DEVICE),
            onward=entered.address(PLACE),
            here=f"/console/{office}/{PLACE}",
            office=entered.followed.office,
        )
    return see(f"{entered.address(PLACE)}?done=revoked")


async def _list(
    request: Asked,
    house: House,
    entered: Entered,
    *,
    invited: Invited | None = None,
    refusal: Refusal | None = None,
    error: str = "",
    name: str = "",
    role: str = "",
) -> Shown:
    slug, t, now = entered.followed.key.slug, catalogue(entered.lang), real_now()
    wrong = error or refusal
    return shown(
        "console/devices.html",
        request,
        entered,
        PLACE,
        title=t("Devices"),
        status=STATUS.get(refusal.code, 409) if refusal else 422 if wrong else 200,
        here=f"/console/{slug}/{PLACE}",
        base=entered.address(PLACE),
        lines=[line(each, t, now) for each in await heartbeats.listed(house, slug)],
        roles=[(key.value, t(ROLES[key])) for key in DEVICE_ROLES],
        invited=invited,
        code=f"{invited.code[:4]} {invited.code[4:]}" if invited else "",
        link=f"{house.settings.base_url}/{entered.lang}/enrol",
        minutes=CODE_HOLDS // _MINUTE,
        refusal=sentence(refusal, entered.lang) if refusal else None,
        error=error,
        typed=name,
        role=role,
        done=request.query_params.get("done", ""),
    )


def line(each: DeviceShown, t: Catalogue, now: datetime) -> Line:
    """A device in words."""
    living = each.state == "enrolled"
    return Line(
        each.device,
        each.role,
        t(ROLES[each.role]),
        t(STATES[each.state]),
        living,
        _ago(each.seen, t, now),
        each.version,
        _event(each, t),
        t(SOUNDS[each.sound]) if each.seen else "",
        tuple(t(_warning(each, code)) for code in each.warnings),
        each.invited_until is not None,
    )


def _warning(each: DeviceShown, code: str) -> str:
    return PRINTERS.get(each.printer, WARNINGS[code]) if code == "printer" else WARNINGS[code]


def _ago(seen: datetime | None, t: Catalogue, now: datetime) -> str:
    if seen is None:
        return t("never")
    minutes = (now - seen) // _MINUTE
    if minutes < 1:
        return t("just now")
    if minutes < 120:
        return t("{n} min ago", n=minutes)
    return t("{n} h ago", n=minutes // 60)


def _event(each: DeviceShown, t: Catalogue) -> str:
    if each.last_event is None:
        return ""
    return f"{each.last_event}" + (f" ({t('{n} behind', n=each.behind)})" if each.behind else "")


handlers = [
    Router(
        "/",
        route_handlers=[devices, invite, revoke],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
