"""What guides give: a number now, an appointment from tomorrow on, word about a card, a lost code.

Nothing is decided here: walk-ins, bookings and cards follow the rules they follow everywhere.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from litestar import Router, get, post
from litestar.response import Template

from queue_service.flows.bookings import cards, staffing
from queue_service.flows.bookings.booking import Applicant
from queue_service.flows.entrance import arriving, finding
from queue_service.flows.entrance.finding import SoughtReason
from queue_service.house import House
from queue_service.language import LANGUAGES, catalogue, day_long
from queue_service.language.guide_words import SOUGHT
from queue_service.model.booking import Part
from queue_service.model.ids import address
from queue_service.model.office import Service
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.slots.openings import DayState
from queue_service.web.access import crowding
from queue_service.web.pages import Asked, Shown, see
from queue_service.web.pages.applicant.answers import as_birth_date, text
from queue_service.web.pages.applicant.times import as_instant
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.guide.room import Entrance, entered, shown
from queue_service.web.pages.guide.visit import visit_page
from queue_service.web.pages.kiosk.triage_shown import as_need
from queue_service.web.pages.staff.words import STATES

STARTS_SHOWN = 6
DAYS_AHEAD = 14
_SOUGHT = ("letters", "birth_date", "reason")


@get("/{lang:str}/guide/number")
async def number(
    request: Asked, house: House, lang: str, language: str = "", persons: str = ""
) -> Shown:
    """Service, persons and language of somebody without an appointment."""
    at = await entered(request, house, lang, Act.CHECK_IN)
    if not isinstance(at, Entrance):
        return at
    services = [s for s in at.followed.office.services if s.walk_in and not s.emergency]
    return shown(
        request,
        at,
        "number",
        catalogue(at.lang)("Number now"),
        here="/number",
        services=sorted(services, key=lambda service: service.order),
        chosen_language=language if language in LANGUAGES else "",
        persons=persons[:3] or "1",
    )


@post("/{lang:str}/guide/walk-in", status_code=200)
async def walk_in(request: Asked, house: House, lang: str) -> Shown:
    """A number now; the visit's screen shows it to the visitor."""
    at = await entered(request, house, lang, Act.CHECK_IN)
    if not isinstance(at, Entrance):
        return at
    form = await request.form()
    slug = at.followed.key.slug
    said = text(form, "language")
    spoken_there = said if said in LANGUAGES else at.lang
    given = await arriving.walk_in(
        house,
        slug,
        service=text(form, "service")[:40],
        persons=_number(form, "persons"),
        language=spoken_there,
        urgency=as_need(text(form, "need")),
        by=at.actor.id,
        key=text(form, "idempotency_key")[:64] or None,
    )
    if isinstance(given, Refusal):
        typed = urlencode(
            {"sorry": given.code, "language": spoken_there, "persons": text(form, "persons")[:3]}
        )
        return see(f"/{at.own}/guide/number?{typed}")
    return see(visit_page(at, address(slug, given.visit), given.instructions))


@get("/{lang:str}/guide/later")
async def later(
    request: Asked, house: House, lang: str, service: str = "", language: str = ""
) -> Shown:
    """The next free times from tomorrow on; only who signed in books."""
    at = await entered(request, house, lang, Act.BOOK_BY_STAFF)
    if not isinstance(at, Entrance):
        return at
    return _later(request, at, {"service": service, "language": language})


@post("/{lang:str}/guide/later", status_code=200)
async def book(request: Asked, house: House, lang: str) -> Shown:
    """Book one of those times for somebody who stands here."""
    at = await entered(request, house, lang, Act.BOOK_BY_STAFF)
    if not isinstance(at, Entrance):
        return at
    form = await request.form()
    start, typed = as_instant(text(form, "start")), text(form, "birth_date")
    wanted, born = _bookable(at, text(form, "service")), as_birth_date(typed)
    if wanted is None or start is None or not text(form, "name"):
        missing = [*([] if start else ["start"]), *([] if text(form, "name") else ["name"])]
        return _later(request, at, form, Refusal(Code.FIELD_REQUIRED, {"fields": missing}))
    if typed and born is None:
        return _later(request, at, form, Refusal(Code.INVALID, {"field": "birth_date"}))
    spoken_there = text(form, "language")
    given = await staffing.book(
        house,
        at.followed.key.slug,
        parts=(Part(wanted.code, _number(form, "persons")),),
        start=start,
        applicant=Applicant(name=text(form, "name")[:120], birth_date=born),
        language=spoken_there if spoken_there in LANGUAGES else at.lang,
        by=at.actor.id,
        key=text(form, "idempotency_key")[:64] or None,
    )
    if isinstance(given, Refusal):
        return _later(request, at, form, given)
    return shown(
        request,
        at,
        "booked",
        catalogue(at.lang)("The appointment is booked."),
        here="/later",
        code=given.code,
        start=given.start.astimezone(at.followed.office.tz),
        service=wanted,
        card_lang=given.language,
    )


def _later(
    request: Asked, at: Entrance, said: Mapping[str, object], refusal: Refusal | None = None
) -> Template:
    office, chosen = at.followed.office, _bookable(at, text(said, "service"))
    starts = _starts(at, chosen) if chosen else []
    return shown(
        request,
        at,
        "later",
        catalogue(at.lang)("Appointment from tomorrow on"),
        here="/later",
        refusal=refusal,
        services=[s for s in office.services if s.bookable and not s.not_needed],
        chosen_service=chosen,
        starts=[(start, day_long(start, at.lang)) for start in starts],
        chosen_start=text(said, "start"),
        who=text(said, "name")[:120],
        birth_date=text(said, "birth_date")[:20],
        chosen_language=text(said, "language") or at.lang,
        persons=text(said, "persons")[:3] or "1",
    )


def _bookable(at: Entrance, code: str) -> Service | None:
    service = at.followed.office.service(code)
    return service if service and service.bookable and not service.not_needed else None


def _starts(at: Entrance, service: Service) -> list[datetime]:
    """The first free starts from tomorrow on, whatever day they are."""
    now = at.followed.now()
    first = now.date() + timedelta(days=1)
    last = first + timedelta(days=DAYS_AHEAD - 1)
    days = at.followed.openings.month((Part(service.code, 1),), first, last, now)
    free = [s.start for day in days for s in day.starts if s.state is DayState.FREE]
    return free[:STARTS_SHOWN]


@get("/{lang:str}/guide/card")
async def card(request: Asked, house: House, lang: str) -> Shown:
    """Ask for the number of a card."""
    at = await entered(request, house, lang)
    return _card(request, at) if isinstance(at, Entrance) else at


@post("/{lang:str}/guide/card", status_code=200)
async def card_state(request: Asked, house: House, lang: str) -> Shown:
    """Ready, or not ready and when it is looked at next."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    if await crowding(request, f"card {at.actor.id}"):
        return _card(request, at, Refusal(Code.TOO_MANY))
    serial = text(await request.form(), "card")[:60]
    pickups = [s for s in at.followed.office.services if s.pickup is not None]
    if not serial or not pickups:
        return _card(request, at, Refusal(Code.FIELD_REQUIRED, {"fields": ["cards"]}))
    keys = cards.keys_of(house, at.followed, (serial,))
    found = await cards.checked(house, at.followed, (Part(pickups[0].code, 1),), keys)
    refusal = found if isinstance(found, Refusal) else None
    ready = refusal is None and at.followed.cards_listed
    return _card(request, at, refusal, ready=ready, unknown=refusal is None and not ready)


def _card(
    request: Asked,
    at: Entrance,
    refusal: Refusal | None = None,
    *,
    ready: bool = False,
    unknown: bool = False,
) -> Template:
    title = catalogue(at.lang)("Is the card ready?")
    return shown(
        request, at, "card", title, here="/card", refusal=refusal, ready=ready, unknown=unknown
    )


@get("/{lang:str}/guide/find")
async def find(request: Asked, house: House, lang: str) -> Shown:
    """Ask for two letters, the date of birth and why."""
    at = await entered(request, house, lang, Act.FIND_PERSON)
    return _find(request, at, {}) if isinstance(at, Entrance) else at


@post("/{lang:str}/guide/find", status_code=200)
async def found(request: Asked, house: House, lang: str) -> Shown:
    """Who fits exactly, without a name."""
    at = await entered(request, house, lang, Act.FIND_PERSON)
    if not isinstance(at, Entrance):
        return at
    form = await request.form()
    if await crowding(request, f"person {at.actor.id}"):
        return _find(request, at, form, Refusal(Code.TOO_MANY))
    born, reason = as_birth_date(text(form, "birth_date")), text(form, "reason")
    if born is None or reason not in set(SoughtReason):
        empty = [field for field in _SOUGHT if not text(form, field)]
        faulty = Refusal(Code.INVALID, {"field": "reason" if born else "birth_date"})
        missing = Refusal(Code.FIELD_REQUIRED, {"fields": empty})
        return _find(request, at, form, missing if empty else faulty)
    people = await finding.find(
        house,
        at.followed.key.slug,
        letters=text(form, "letters")[:10],
        birth_date=born,
        reason=SoughtReason(reason),
        by=at.actor.id,
    )
    if isinstance(people, Refusal):
        return _find(request, at, form, people)
    t, office = catalogue(at.lang), at.followed.office
    return shown(
        request,
        at,
        "found",
        t("Find a person without code"),
        here="/find",
        people=[
            (each, office.service(each.parts[0].service), t(STATES[each.state])) for each in people
        ],
    )


def _find(
    request: Asked, at: Entrance, said: Mapping[str, object], refusal: Refusal | None = None
) -> Template:
    t = catalogue(at.lang)
    return shown(
        request,
        at,
        "find",
        t("Find a person without code"),
        here="/find",
        refusal=refusal,
        letters=text(said, "letters")[:2],
        birth_date=text(said, "birth_date")[:20],
        reason=text(said, "reason"),
        reasons=[(reason.value, t(SOUGHT[reason.value])) for reason in SoughtReason],
    )


def _number(form: Mapping[str, object], field: str) -> int:
    """A number as typed, one where none is; what cannot be meant is 0, which nobody may choose."""
    said = text(form, field) or "1"
    return int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 0


handlers = [
    Router(
        "/",
        route_handlers=[number, walk_in, later, book, card, card_state, find, found],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
