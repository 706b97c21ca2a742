"""Is this confirmation genuine? For anybody who is shown one; nothing about the person.

The picture on pages and letters leads here. Day, time and office are told as they were signed, so
that a genuine picture on an altered paper does not help.
"""

from litestar import get
from litestar.response import Redirect, Template

from queue_service.flows.bookings import sealing
from queue_service.house import House
from queue_service.kiosk.signed import Verdict
from queue_service.kiosk.ticket import code_in
from queue_service.language import catalogue
from queue_service.language.verdicts import verdict
from queue_service.web.pages import Asked, Shown, known, page, spoken

_LONGEST = 400


@get("/V/{signed:str}")
async def scanned(request: Asked, signed: str) -> Redirect:
    """Where the picture of a confirmation leads."""
    there = f"/{spoken(request)}/verify/{code_in(signed[:_LONGEST])}"
    return Redirect(there, headers={"vary": "accept-language"})


@get("/{lang:str}/verify")
async def asked(request: Asked, lang: str, code: str = "") -> Shown:
    """Ask for what a scanner reads."""
    lang = lang if known(lang) else spoken(request)
    if code.strip():
        return Redirect(f"/{lang}/verify/{code_in(code[:_LONGEST]) or '-'}", status_code=303)
    title = catalogue(lang)("Check a confirmation")
    return page("status/verify.html", request, lang, title=title, here="/verify", told=None)


@get("/{lang:str}/verify/{signed:str}")
async def checked(request: Asked, house: House, lang: str, signed: str) -> Template:
    """The verdict, and what was signed."""
    lang = lang if known(lang) else spoken(request)
    text = code_in(signed[:_LONGEST])
    found = await sealing.check(house, text)
    followed = house.follower.office(found.office)
    told = verdict(found.verdict, lang)
    return page(
        "status/verify.html",
        request,
        lang,
        title=told.title,
        kept=False,
        here=f"/verify/{text or '-'}",
        told=told,
        genuine=found.verdict is Verdict.GENUINE,
        forged=found.verdict is Verdict.ALTERED,
        office=followed.office if followed else None,
        start=found.start.astimezone(followed.office.tz) if found.start and followed else None,
    )


handlers = [scanned, asked, checked]
