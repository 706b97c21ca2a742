"""The day on paper for staff: a page to print before it is needed, with numbers kept for paper."""

from datetime import timedelta

from litestar import Router, get, post
from litestar.response import Template

from queue_service.flows.days import day_list as flow
from queue_service.flows.days.day_list import Expected, Present
from queue_service.house import House
from queue_service.language import catalogue, clock, sentence
from queue_service.language.paper import part_words, row_notes, spoken_in
from queue_service.model.refusal import Refusal
from queue_service.rights import Act, check
from queue_service.web.pages import STATUS, Asked, Shown, page, see
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.applicant.times import as_day
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.staff.appointments import Room, room


@get("/{lang:str}/staff/{office:str}/day-list")
async def shown(request: Asked, house: House, lang: str, office: str, day: str = "") -> Shown:
    """The list of a day as it will be printed."""
    at = await room(request, house, lang, office, Act.SEE_BOOKINGS)
    return await _shown(request, house, at, day) if isinstance(at, Room) else at


@post("/{lang:str}/staff/{office:str}/day-list", status_code=200)
async def reserve(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Keep one more sheet of numbers for paper; told twice, it is still one."""
    at = await room(request, house, lang, office, Act.SEE_BOOKINGS)
    if not isinstance(at, Room):
        return at
    form = await request.form()
    said, many = text(form, "day"), text(form, "sheets")
    day = as_day(said) or at.followed.now().date()
    sheets = int(many) if many.isascii() and many.isdigit() and len(many) < 3 else 1
    done = await flow.reserve(house, at.followed, day, sheets, at.actor.id)
    if isinstance(done, Refusal):
        return await _shown(request, house, at, said, done)
    return see(f"/{at.lang}/staff/{office}/day-list?day={day}")


async def _shown(
    request: Asked, house: House, at: Room, said: str, refusal: Refusal | None = None
) -> Template:
    t, office, today = catalogue(at.lang), at.followed.office, at.followed.now().date()
    day = as_day(said) or today
    found = await flow.day_list(house, at.followed, day)
    slug = at.followed.key.slug
    return page(
        "staff/day_list.html",
        request,
        at.lang,
        title=t("Day list"),
        status=STATUS.get(refusal.code, 409) if refusal else 200,
        kept=False,
        here=f"/staff/{slug}/day-list?day={day}",
        office=office,
        self_url=f"/{at.lang}/staff/{slug}/day-list",
        day=day,
        today=today,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        made=found.made,
        expected=[(clock(e.start), e.short, e.code, *_cells(e, at)) for e in found.expected],
        present=[(clock(p.since), p.number, *_cells(p, at), p.emergency) for p in found.present],
        sheets=found.sheets,
        may_reserve=today <= day <= today + timedelta(days=flow.MOST_DAYS_AHEAD)
        and len(found.sheets) < flow.MOST_SHEETS,
        a_sheet=flow.A_SHEET,
        may_return=day == today and check(at.actor, Act.RETURN_PAPER, slug) is None,
        refusal=sentence(refusal, at.lang) if refusal else None,
    )


def _cells(each: Expected | Present, at: Room) -> tuple[list[str], int, str, list[str]]:
    office = at.followed.office
    return (
        [part_words(part, office, at.lang, persons=False) for part in each.parts],
        max(part.persons for part in each.parts),
        spoken_in(each.language, at.lang),
        row_notes(each.parts, each.flags, office, at.lang),
    )


handlers = [
    Router(
        "/",
        route_handlers=[shown, reserve],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
