"""Choosing an appointment: office, service, persons, day and time; one question a page.

Works whole without scripts: every step is a link or a form, state-changing ones answer with a
redirect. Who comes and the booking itself stand in `details`.
"""

from datetime import date, datetime

from litestar import Response, Router, get, post
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Template

from queue_service.house import House
from queue_service.language import catalogue, pick, sentence
from queue_service.model.refusal import Code, Refusal
from queue_service.slots.together import beside
from queue_service.web.pages import STATUS, Asked, Shown, known, page, refused, see, spoken
from queue_service.web.pages.applicant import cards as card_pages
from queue_service.web.pages.applicant import details as detail_pages
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.applicant.cards import cards_wanted
from queue_service.web.pages.applicant.holding import take, with_hold
from queue_service.web.pages.applicant.times import as_day, as_instant, nearest, shown
from queue_service.web.pages.applicant.wanted import Wanted, unknown_service, visited, wanted_of
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS, on_http

_ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    b'<rect width="32" height="32" rx="6" fill="#1b3f9c"/>'
    b'<path d="M8 17l5 5L24 10" fill="none" stroke="#fff" stroke-width="4"/></svg>'
)


@get("/")
async def start(request: Asked) -> Redirect:
    """The browser's language decides where to begin."""
    return Redirect(f"/{spoken(request)}", headers={"vary": "accept-language"})


@get("/favicon.ico", cache_control=CacheControlHeader(public=True, max_age=7 * 24 * 3600))
async def icon() -> Response[bytes]:
    """Browsers ask for it unasked; a link to it would be one more request of every page."""
    return Response(_ICON, media_type="image/svg+xml")


@get("/{lang:str}")
async def offices(request: Asked, house: House, lang: str) -> Template:
    """All offices of this house."""
    if not known(lang):
        language = spoken(request)
        return refused(
            request, language, Refusal(Code.UNKNOWN_OFFICE), onward=f"/{language}", here=""
        )
    every = [followed.office for followed in house.follower.offices.values()]
    return page(
        "apply/offices.html",
        request,
        lang,
        title=catalogue(lang)("Book an appointment"),
        offices=sorted(every, key=lambda office: pick(office.name, lang)[0]),
    )


@get("/{lang:str}/{office:str}")
async def services(request: Asked, house: House, lang: str, office: str) -> Template:
    """What this office offers."""
    followed = visited(request, house, lang, office)
    if isinstance(followed, Template):
        return followed
    return page(
        "apply/services.html",
        request,
        lang,
        title=catalogue(lang)("What do you need?"),
        office=followed.office,
        home=f"/{lang}/{office}",
        services=sorted(followed.office.services, key=lambda each: each.order),
    )


@get("/{lang:str}/{office:str}/service/{code:str}")
async def service(request: Asked, house: House, lang: str, office: str, code: str) -> Template:
    """What to bring, what it costs, how many come."""
    followed = visited(request, house, lang, office)
    if isinstance(followed, Template):
        return followed
    asked = followed.office.service(code)
    if asked is None:
        return unknown_service(request, lang, followed)
    return page(
        "apply/service.html",
        request,
        lang,
        title=pick(asked.name, lang)[0],
        office=followed.office,
        home=f"/{lang}/{office}",
        service=asked,
        bookable=asked.bookable and not pick(asked.not_needed, lang)[0],
        also=beside(followed.office, asked),
        until=asked.not_needed_to,
        ask_place=bool(followed.office.jurisdiction.ags),
        must_say=followed.office.jurisdiction.ask,
        today=followed.now().date(),
    )


@get("/{lang:str}/{office:str}/book")
async def times(
    request: Asked,
    house: House,
    lang: str,
    office: str,
    day: str = "",
) -> Shown:
    """Days and times with room, once it is known that somebody may come for this."""
    wanted = wanted_of(request, house, lang, office, request.query_params)
    if isinstance(wanted, Template):
        return wanted
    cards = cards_wanted(wanted)
    if cards and len(wanted.cards) != cards:
        return see(f"/{lang}/{office}/cards?{wanted.query}")
    return _times(request, lang, wanted, day=as_day(day))


@post("/{lang:str}/{office:str}/book", status_code=200)
async def hold(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Take the chosen time for a while, giving back this browser's earlier one."""
    form = await request.form()
    wanted = wanted_of(request, house, lang, office, form)
    if isinstance(wanted, Template):
        return wanted
    given = await take(request, house, lang, wanted, form)
    if isinstance(given, Refusal):
        return _times(request, lang, wanted, refusal=given, start=as_instant(text(form, "start")))
    answer = see(f"/{lang}/{office}/details?{wanted.query}")
    return with_hold(answer, house, given)


def _times(
    request: Asked,
    lang: str,
    wanted: Wanted,
    *,
    day: date | None = None,
    refusal: Refusal | None = None,
    start: datetime | None = None,
) -> Template:
    office = wanted.followed.office
    here = f"/{office.slug}/book?{wanted.query}"
    if start is not None:
        day = start.astimezone(office.tz).date()
    return page(
        "apply/times.html",
        request,
        lang,
        title=catalogue(lang)("Choose day and time"),
        status=STATUS.get(refusal.code, 409) if refusal else 200,
        here=here,
        office=office,
        home=f"/{lang}/{office.slug}",
        parts=wanted.parts,
        times=shown(wanted.followed, wanted.parts, day, lambda d: f"/{lang}{here}&day={d}"),
        near=nearest(wanted.followed, wanted.parts, refusal, start) if refusal else (),
        refusal=sentence(refusal, lang) if refusal else None,
        action=f"/{lang}/{office.slug}/book",
        hidden=wanted.hidden,
        back=f"/{lang}/{office.slug}/service/{wanted.service.code}",
        moving=None,
    )


@get("/{lang:str}/{office:str}/{rest:path}")
async def nowhere(request: Asked, lang: str, office: str, rest: str) -> Template:
    """No page of ours."""
    return on_http(request, NotFoundException())


handlers = [
    Router(
        "/",
        route_handlers=[
            start,
            icon,
            offices,
            services,
            service,
            times,
            hold,
            *card_pages.handlers,
            *detail_pages.handlers,
            nowhere,
        ],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
