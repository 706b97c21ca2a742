"""Kiosk: check in by code, get a number, learn what happens next; never a name, never the matter.

Every act is a form that answers with a redirect, so the kiosk works without scripts. What one
visitor did is kept in one cookie of two minutes, cleared by the start page: neither the address
nor the history tells the next visitor anything. Who is checked in already hears only that: a copy
of a code shows nobody a number. What happens without network is `alone`'s.
"""

from collections.abc import Mapping
from typing import Any

from litestar import get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect, Template

from queue_service.flows.access import sessions
from queue_service.flows.entrance import arriving, printing, tickets
from queue_service.flows.entrance.tickets import TicketShown
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import (
    LANGUAGES,
    about_minutes,
    catalogue,
    instruction,
    pick,
)
from queue_service.model.codes import CODE_ALPHABET, TOKEN_LENGTH
from queue_service.model.office import Office, Service
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import Visit, VisitState
from queue_service.printing.printers import Printed
from queue_service.rights import Act, Actor, check, claims
from queue_service.web.access import DEVICE_COOKIE
from queue_service.web.pages import Asked, Shown, known, page, see, spoken
from queue_service.web.pages.alone import reasons
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.applicant.ticket import plain_code
from queue_service.web.pages.kiosk import sorry
from queue_service.web.pages.kiosk.triage_shown import as_need

COOKIE = "queue_visitor"
COOKIE_SECONDS = 120
"""Longer than anybody looks at a number, too short for the next visitor to find it."""


@get("/{lang:str}/kiosk")
async def start(request: Asked, house: House, lang: str) -> Template:
    """The start page: hold up the code, type it, or get a number."""
    device = await device_of(request, house)
    if device is None or not known(lang):
        return _enrol(request, lang)
    followed = _office(house, device)
    shown = _page(request, followed, lang, "start", catalogue(lang)("Check in"))
    for name in (COOKIE, sorry.COOKIE):
        shown.cookies.append(Cookie(key=name, path="/", max_age=0))
    return shown


@get("/{lang:str}/kiosk/code")
async def typing(request: Asked, house: House, lang: str) -> Template:
    """Type the code by hand."""
    device = await device_of(request, house)
    if device is None or not known(lang):
        return _enrol(request, lang)
    title = catalogue(lang)("Type my code")
    return _page(request, _office(house, device), lang, "code", title, alphabet=CODE_ALPHABET)


@get("/{lang:str}/kiosk/number")
async def choosing(request: Asked, house: House, lang: str) -> Template:
    """Choose the service one comes for without an appointment."""
    device = await device_of(request, house)
    if device is None or not known(lang):
        return _enrol(request, lang)
    title = catalogue(lang)("What do you come for?")
    return _page(request, _office(house, device), lang, "number", title)


@post("/{lang:str}/kiosk/check-in", status_code=200)
async def check_in(request: Asked, house: House, lang: str) -> Shown:
    """Check in by code, by ticket or as a walk-in; the answer is a page of its own."""
    device = await device_of(request, house)
    if device is None or not known(lang):
        return _enrol(request, lang)
    form = await request.form()
    code, service = plain_code(text(form, "code")), text(form, "service")[:40]
    result = await _entered(house, device, lang, form, code=code, service=service)
    if isinstance(result, Refusal):
        back = see(f"/{lang}/kiosk/{'number' if service else 'code'}?sorry={result.code}")
        secure = house.settings.secure
        back.cookies.append(sorry.kept(result, seconds=COOKIE_SECONDS, secure=secure))
        return back
    if result[1] == "already_checked_in" and len(code) != TOKEN_LENGTH:
        return see(f"/{lang}/kiosk?sorry={Code.ALREADY_CHECKED_IN}")
    there = see(f"/{lang}/kiosk/done")
    there.cookies.append(
        Cookie(
            key=COOKIE,
            value=".".join(result),
            path="/",
            max_age=COOKIE_SECONDS,
            httponly=True,
            secure=house.settings.secure,
            samesite="strict",
        )
    )
    return there


@get("/{lang:str}/kiosk/done")
async def done(request: Asked, house: House, lang: str) -> Template | Redirect:
    """The number, what happens next, and the ticket's picture; printed by itself."""
    device = await device_of(request, house)
    if device is None or not known(lang):
        return _enrol(request, lang)
    code, told = _visitor(request)
    found = await tickets.of_ticket(house, code) if code else Refusal(Code.UNKNOWN_TICKET)
    if isinstance(found, Refusal):
        return see(f"/{lang}/kiosk")
    shown = tickets.shown(found[0], found[1].id, found[1])
    followed, t = _office(house, device), catalogue(lang)
    printed = request.query_params.get("printed", "")
    return _page(
        request,
        followed,
        lang,
        "done",
        t("Your number"),
        ticket=shown,
        code=code,
        counter=_counter(followed, shown, lang),
        instruction=instruction(told, lang),
        german=instruction(told, LANGUAGES[0]),
        wait=_wait(shown, lang),
        missing=_missing(followed.office, found[1], lang),
        printer=printing.printer_of(followed, device.name) is not None,
        again=told == "already_checked_in",
        printed=printed if printed in set(Printed) else "",
    )


@post("/{lang:str}/kiosk/print", status_code=200)
async def print_ticket(request: Asked, house: House, lang: str) -> Shown:
    """Print this visitor's ticket at the kiosk's own printer."""
    device = await device_of(request, house)
    if device is None or not known(lang):
        return _enrol(request, lang)
    code, told = _visitor(request)
    shown = await tickets.ticket(house, code) if code else Refusal(Code.UNKNOWN_TICKET)
    if isinstance(shown, Refusal) or shown.office != device.office:
        return see(f"/{lang}/kiosk")
    office = _office(house, device)
    printed = await printing.print_ticket(house, office, device.name, shown, code, told)
    return see(f"/{lang}/kiosk/done?printed={printed.value}")


def _visitor(request: Asked) -> tuple[str, str]:
    """Ticket and instruction of whoever stands here; empty for nobody."""
    code, _, told = request.cookies.get(COOKIE, "").partition(".")
    return code, told


async def _entered(
    house: House, device: Actor, lang: str, form: Mapping[str, object], *, code: str, service: str
) -> tuple[str, str] | Refusal:
    """Ticket and instruction for a code or a service; a ticket held up again is known, too."""
    key, urgency = text(form, "idempotency_key")[:64] or None, as_need(text(form, "need"))
    refusal = claims(device, urgency, device.office)
    if refusal is not None:
        return refusal
    if service:
        given = await arriving.walk_in(
            house,
            device.office,
            service=service,
            persons=_persons(text(form, "persons")),
            language=lang,
            urgency=urgency,
            by=device.id,
            key=key,
        )
    elif len(code) == TOKEN_LENGTH:
        shown = await tickets.ticket(house, code)
        if isinstance(shown, Refusal) or shown.office != device.office:
            return Refusal(Code.UNKNOWN_CODE)
        return code, "already_checked_in"
    else:
        given = await arriving.check_in(house, device.office, code, by=device.id, key=key)
    return given if isinstance(given, Refusal) else (given.ticket, given.instructions)


def _persons(typed: str) -> int:
    """So many persons; what nobody can choose is refused by the flow like too many."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 1


def _missing(office: Office, visit: Visit, lang: str) -> list[tuple[str, str]]:
    """Papers that the booking's answers said are missing still: text and its language."""
    every = [office.service(part.service) for part in visit.parts]
    texts = [
        flag.bring
        for service in every
        for flag in (service.flags if service else ())
        if flag.key in visit.flags and flag.missing and flag.bring
    ]
    return list(dict.fromkeys(pick(each, lang) for each in texts))


def _page(
    request: Asked, followed: Followed, lang: str, name: str, title: str, **facts: Any
) -> Template:
    services = [s for s in followed.office.services if s.walk_in and not s.emergency]
    home = f"/{LANGUAGES[0]}/kiosk"
    shown = page(
        f"kiosk/{name}.html",
        request,
        lang,
        title=title,
        here=f"/kiosk/{name}" if name in ("code", "number") else "/kiosk",
        office=followed.office,
        now=followed.now(),
        rate=followed.clock.rate,
        start=home,
        resting=name == "start" and lang == LANGUAGES[0] and "sorry" not in request.query_params,
        services=sorted(services, key=lambda service: service.order),
        doors=_doors(followed, services, lang),
        walk_ins=bool(services),
        triage=bool(followed.office.triage.questions),
        reasons=reasons(lang),
        sorry=sorry.said(request, lang),
        **facts,
    )
    shown.headers["cache-control"] = "no-store"
    return shown


async def device_of(request: Asked, house: House) -> Actor | None:
    """The kiosk this browser is, or whoever else may check people in; None for a stranger."""
    key = request.cookies.get(DEVICE_COOKIE, "")
    device = await sessions.actor(house, key) if key else None
    if device is None or check(device, Act.CHECK_IN, device.office) is not None:
        return None
    return device


def _enrol(request: Asked, lang: str) -> Template:
    language = lang if known(lang) else spoken(request)
    title = catalogue(language)("This device is not enrolled")
    return page("kiosk/enrol.html", request, language, title=title, status=403, here="/kiosk")


def _office(house: House, device: Actor) -> Followed:
    followed = house.follower.office(device.office)
    if followed is None:
        raise LookupError(device.office)
    return followed


def _counter(followed: Followed, shown: TicketShown, lang: str) -> str:
    if shown.state is not VisitState.CALLED or shown.counter is None:
        return ""
    counter = followed.office.counter(shown.counter)
    return pick(counter.name, lang)[0] if counter else shown.counter


def _doors(followed: Followed, services: list[Service], lang: str) -> dict[str, str]:
    """How long somebody who comes in for a service now would wait; only while that is known."""
    now, found = followed.now(), dict[str, str]()
    for service in services:
        wait = followed.waits.door(service.code, now)
        if wait is not None:
            minutes = about_minutes(wait.from_minutes, wait.to_minutes, lang)
            found[service.code] = catalogue(lang)("{minutes} wait", minutes=minutes)
    return found


def _wait(shown: TicketShown, lang: str) -> str:
    if shown.wait is None or shown.state is not VisitState.WAITING:
        return ""
    minutes = about_minutes(shown.wait.from_minutes, shown.wait.to_minutes, lang)
    return catalogue(lang)("Wait: {minutes}", minutes=minutes)


handlers = [start, typing, choosing, check_in, done, print_ticket]
