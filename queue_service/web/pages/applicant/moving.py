"""Moving an appointment: the present one stays until the new one is had."""

from datetime import date

from litestar import get, post
from litestar.response import Template

from queue_service.flows.bookings import moving
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.house import House
from queue_service.language import catalogue, sentence
from queue_service.model.refusal import Code, Refusal
from queue_service.web.pages import STATUS, Asked, Shown, page, see
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.applicant.mine import changeable, facts_of, office_of, opened
from queue_service.web.pages.applicant.ticket import plain_code
from queue_service.web.pages.applicant.times import as_day, as_instant, nearest, shown


@get("/{lang:str}/b/{code:str}/{secret:str}/move")
async def other_times(
    request: Asked, house: House, lang: str, code: str, secret: str, day: str = ""
) -> Shown:
    """Days and times to move to; an appointment that has ended says so instead."""
    result = await opened(request, house, lang, code, secret)
    if isinstance(result, Template):
        return result
    if not changeable(house, result):
        return see(f"/{lang}/b/{code}/{secret}")
    return _times(request, house, lang, result, day=as_day(day))


@post("/{lang:str}/b/{code:str}/{secret:str}/move", status_code=200)
async def moved(request: Asked, house: House, lang: str, code: str, secret: str) -> Shown:
    """Move to the chosen time; the old one is given back in the same claim."""
    form = await request.form()
    start = as_instant(text(form, "start"))
    key = text(form, "idempotency_key") or None
    if start is None:
        result: object = Refusal(Code.FIELD_REQUIRED, {"field": "start"})
    else:
        result = await moving.move(house, plain_code(code), Proof(secret=secret), start, key)
    if not isinstance(result, Refusal):
        return see(f"/{lang}/b/{code}/{secret}?moved=1")
    present = await opened(request, house, lang, code, secret)
    if isinstance(present, Template):
        return present
    if not changeable(house, present):
        return see(f"/{lang}/b/{code}/{secret}")
    return _times(request, house, lang, present, refusal=result)


def _times(
    request: Asked,
    house: House,
    lang: str,
    present: BookingGiven,
    *,
    day: date | None = None,
    refusal: Refusal | None = None,
) -> Template:
    followed, facts = office_of(house, present), facts_of(house, lang, present)
    here = f"/b/{present.code}/{present.secret}/move"
    return page(
        "apply/times.html",
        request,
        lang,
        title=catalogue(lang)("Move to another time"),
        kept=False,
        status=STATUS.get(refusal.code, 409) if refusal else 200,
        here=here,
        parts=present.parts,
        times=shown(followed, present.parts, day, lambda d: f"/{lang}{here}?day={d}"),
        near=nearest(followed, present.parts, refusal, None) if refusal else (),
        refusal=sentence(refusal, lang) if refusal else None,
        action=f"/{lang}{here}",
        hidden=(),
        back=facts["self_url"],
        moving=present.start,
        **facts,
    )


handlers = [other_times, moved]
