"""Enrolment on the device itself: type the code, or open the link, once; then its screen is shown.

The key stays in an HttpOnly cookie of this browser; no page ever shows it.
"""

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from queue_service.flows.access import devices as flow
from queue_service.house import House
from queue_service.language import catalogue, sentence
from queue_service.model.codes import CODE_LENGTH
from queue_service.model.refusal import Code, Refusal
from queue_service.web.access import enrolling_too_fast
from queue_service.web.api.devices import carried
from queue_service.web.pages import STATUS, Asked, Shown, known, page, see, spoken
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS


@get("/enrol/{key:str}")
async def by_link(request: Asked, house: House, key: FromPath[str]) -> Redirect:
    """Give this device the key in the link and show its screen."""
    device = await flow.by_key(house, key)
    if device is None:
        return see(f"/{spoken(request)}/enrol")
    (role,) = device.roles
    shown = see(flow.screen_of(device.office, device.name, role, "de"))
    shown.set_cookie(carried(house, key))
    return shown


@get("/{lang:str}/enrol")
async def asking(request: Asked, lang: FromPath[str]) -> Template:
    """The form for the code."""
    return _form(request, lang if known(lang) else spoken(request))


@post("/{lang:str}/enrol", status_code=200)
async def by_code(request: Asked, house: House, lang: FromPath[str]) -> Shown:
    """Trade the code for a key and show the device's screen."""
    lang = lang if known(lang) else spoken(request)
    form = await request.form()
    if await enrolling_too_fast(request, house):
        return _form(request, lang, Refusal(Code.TOO_MANY))
    enrolled = await flow.enrol(house, text(form, "code"))
    if isinstance(enrolled, Refusal):
        return _form(request, lang, enrolled)
    shown = see(flow.screen_of(enrolled.office, enrolled.device, enrolled.role, lang))
    shown.set_cookie(carried(house, enrolled.key))
    return shown


def _form(request: Asked, lang: str, refusal: Refusal | None = None) -> Template:
    return page(
        "staff/enrol.html",
        request,
        lang,
        title=catalogue(lang)("Enrol this device"),
        status=STATUS.get(refusal.code, 409) if refusal else 200,
        here="/enrol",
        kept=False,
        length=CODE_LENGTH,
        refusal=sentence(refusal, lang) if refusal else None,
    )


handlers = [
    Router(
        "/",
        route_handlers=[by_link, asking, by_code],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
