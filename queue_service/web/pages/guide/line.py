"""Walk the line: look at what somebody holds up, check them in, explain where they stand.

A look is a form that leads to a page of its own; the code itself never stands in an address.
"""

from urllib.parse import urlencode

import msgspec
from litestar import Router, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from queue_service.flows.entrance import arriving, guiding, pictures
from queue_service.flows.entrance.guiding import Seen
from queue_service.house import House
from queue_service.kiosk.signed import Verdict
from queue_service.language import (
    catalogue,
    sentence,
)
from queue_service.language.relief_words import notices
from queue_service.language.verdicts import verdict as verdict_in_words
from queue_service.model.ids import address, split_address
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.web.access import crowding
from queue_service.web.pages import Asked, Shown, see
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.applicant.times import as_instant
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.guide.room import Entrance, entered, remember, shown
from queue_service.web.pages.guide.visit import told_missing, visit_page

_FORM_BYTES = pictures.MOST_BYTES + 10_000


@get("/{lang:str}/guide")
async def home(request: Asked, house: House, lang: str) -> Shown:
    """Scan, type, photograph or ask with cards; the guide's own language is remembered."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    at = msgspec.structs.replace(at, own=at.lang)
    hands = sum(visit.hand is not None for visit in at.followed.line.waiting(at.followed.now()))
    title = catalogue(at.lang)("At the entrance")
    wanted = notices(at.followed.office, at.followed.now(), at.lang)
    answer = shown(request, at, "home", title, hands=hands, notices=wanted)
    return remember(answer, at.lang, secure=house.settings.secure)


@post("/{lang:str}/guide/check", status_code=200)
async def check(request: Asked, house: House, lang: str) -> Shown:
    """Look at a code, a signed confirmation, a ticket or its number."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    return await _looked(house, at, text(await request.form(), "said"))


@post("/{lang:str}/guide/photo", status_code=200, request_max_body_size=_FORM_BYTES)
async def photo(request: Asked, house: House, lang: str) -> Shown:
    """The same for a photo of the code."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    if await crowding(request, f"photo {at.actor.id}"):
        return see(f"{at.home}?sorry={Code.TOO_MANY}")
    sent = (await request.form()).get("photo")
    content = await sent.read() if isinstance(sent, UploadFile) else b""
    found = await pictures.decode(content)
    if isinstance(found, Refusal):
        return see(f"{at.home}?sorry={found.code}")
    return await _looked(house, at, found)


async def _looked(house: House, at: Entrance, said: str) -> Redirect:
    found = await guiding.look(house, at.followed, said)
    if isinstance(found, Refusal):
        return see(f"{at.home}?sorry={found.code}")
    return see(_where(at, found))


def _where(at: Entrance, found: Seen) -> str:
    slug, base = at.followed.key.slug, f"/{at.own}/guide"
    asked = urlencode({"signed": found.verdict.value} if found.verdict else {})
    if found.booking is not None and found.visit is None:
        return f"{base}/booking/{address(slug, found.booking.id)}?{asked}"
    if found.visit is not None:
        return f"{base}/visit/{address(slug, found.visit.id)}?{asked}"
    start = found.start.isoformat() if found.start else ""
    return f"{base}/verdict?{asked}&{urlencode({'office': found.office, 'start': start})}"


@get("/{lang:str}/guide/verdict")
async def told(
    request: Asked, house: House, lang: str, signed: str = "", office: str = "", start: str = ""
) -> Shown:
    """What a confirmation is worth that is not for this office, or for none."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    if signed not in set(Verdict):
        return see(at.home)
    elsewhere, when = house.follower.office(office), as_instant(start)
    return shown(
        request,
        at,
        "verdict",
        verdict_in_words(Verdict(signed), at.lang).title,
        here="/verdict",
        told=verdict_in_words(Verdict(signed), at.lang),
        forged=signed == Verdict.ALTERED,
        elsewhere=elsewhere.office if elsewhere else None,
        start=when.astimezone(elsewhere.office.tz) if when and elsewhere else None,
    )


@get("/{lang:str}/guide/booking/{public:str}")
async def booking(request: Asked, house: House, lang: str, public: str, signed: str = "") -> Shown:
    """An appointment with what a check-in would say, and the papers to look at."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    found = await _of_booking(house, at, public)
    if isinstance(found, Refusal) or found.booking is None:
        return see(f"{at.home}?sorry={Code.UNKNOWN_BOOKING}")
    if found.visit is not None:
        return see(f"/{at.lang}/guide/visit/{address(at.followed.key.slug, found.visit.id)}")
    refused = found.admission if isinstance(found.admission, Refusal) else None
    title = catalogue(at.lang)("Appointment")
    return shown(
        request,
        at,
        "booking",
        title,
        here=f"/booking/{public}",
        public=public,
        booking=found.booking,
        start=found.start,
        told=verdict_in_words(Verdict(signed), at.lang) if signed in set(Verdict) else None,
        genuine=signed == Verdict.GENUINE,
        not_now=sentence(refused, at.lang) if refused else None,
        papers=guiding.papers(at.followed, found.booking.parts),
    )


@post("/{lang:str}/guide/booking/{public:str}/check-in", status_code=200)
async def check_in(request: Asked, house: House, lang: str, public: str) -> Shown:
    """Check somebody in whose appointment is shown."""
    at = await entered(request, house, lang, Act.CHECK_IN)
    if not isinstance(at, Entrance):
        return at
    form = await request.form()
    found = await _of_booking(house, at, public)
    if isinstance(found, Refusal) or found.booking is None or found.booking.code is None:
        return see(f"{at.home}?sorry={Code.UNKNOWN_BOOKING}")
    given = await arriving.check_in(
        house,
        at.followed.key.slug,
        found.booking.code,
        by=at.actor.id,
        key=text(form, "idempotency_key")[:64] or None,
    )
    if isinstance(given, Refusal):
        return see(f"/{at.lang}/guide/booking/{public}?sorry={given.code}")
    await told_missing(house, at, found.booking.parts, given.visit, form)
    return see(visit_page(at, address(at.followed.key.slug, given.visit), given.instructions))


async def _of_booking(house: House, at: Entrance, public: str) -> Seen | Refusal:
    slug, local = split_address(public)
    if slug != at.followed.key.slug:
        return Refusal(Code.UNKNOWN_BOOKING)
    return await guiding.of_booking(house, at.followed, local)


handlers = [
    Router(
        "/",
        route_handlers=[home, check, photo, told, booking, check_in],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
