"""My appointment: look, move, cancel, confirm, keep; by the long link or by code and second factor.

A link that was opened or a button that was pressed twice gets a kind answer, never an error.
"""

from datetime import timedelta

from litestar import Response, Router, get, post
from litestar.response import Template

from queue_service.flows.bookings import booking, sealing
from queue_service.flows.bookings.because import why_changed
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.proving import Proof, find
from queue_service.house import House
from queue_service.language import Catalogue, catalogue, mark, sentence
from queue_service.model.booking import BookingState
from queue_service.model.refusal import Code, Refusal
from queue_service.notify.letters import Facts as LetterFacts
from queue_service.notify.letters import Method, because, calendar
from queue_service.slots.calendar import later
from queue_service.web.access import crowded
from queue_service.web.pages import STATUS, Asked, Shown, known, page, see, spoken
from queue_service.web.pages.applicant import moving, verify
from queue_service.web.pages.applicant import ticket as ticket_pages
from queue_service.web.pages.applicant.answers import as_birth_date, text
from queue_service.web.pages.applicant.mine import (
    changeable,
    facts_of,
    not_opened,
    office_of,
    opened,
)
from queue_service.web.pages.applicant.questions import papers
from queue_service.web.pages.applicant.ticket import plain_code
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS

_PIN_DIGITS = 6
_NOTICES = {
    "new": mark("Your appointment is booked."),
    "moved": mark("Your appointment was moved."),
    "confirmed": mark("Your appointment is confirmed."),
}
_SAID_THERE = frozenset({Code.HOLD_EXPIRED, Code.CANCELLED, Code.TOO_LATE})
"""The appointment itself says what became of it, and how to book anew."""
_ENDED = {
    BookingState.CANCELLED: mark("This appointment was cancelled. You need not do anything."),
    BookingState.LAPSED: mark(
        "This appointment was not confirmed in time and was given to others."
    ),
    BookingState.OFFERED: mark(
        "This place is offered to you. Please answer by the link in our message."
    ),
    BookingState.NO_SHOW: mark("This appointment is over."),
    BookingState.SERVED: mark("This appointment is over. Thank you for coming."),
    BookingState.ARRIVED: mark("You have checked in. Please look at your ticket."),
}


@get("/{lang:str}/b")
async def asked(request: Asked, lang: str, code: str = "") -> Template:
    """Ask for code and second factor."""
    return _factor(request, lang, code)


@get("/{lang:str}/b/{code:str}")
async def asked_for(request: Asked, lang: str, code: str) -> Template:
    """Ask for the second factor of this code, as after a scan."""
    return _factor(request, lang, code)


@post("/{lang:str}/b", status_code=200)
async def proved(request: Asked, house: House, lang: str) -> Shown:
    """Open an appointment by code and birth date or PIN."""
    form = await request.form()
    code = plain_code(text(form, "code"))
    too_fast = await crowded(request, house, code)
    if too_fast is not None:
        return _factor(request, lang, code, too_fast)
    result = await booking.show(house, code, _proof(text(form, "factor")))
    if isinstance(result, Refusal):
        return _factor(request, lang, code, result)
    return see(f"/{lang}/b/{result.code}/{result.secret}")


@get("/{lang:str}/b/{code:str}/{secret:str}")
async def mine(request: Asked, house: House, lang: str, code: str, secret: str) -> Template:
    """The appointment with everything to do about it; after booking also its confirmation."""
    result = await opened(request, house, lang, code, secret)
    if isinstance(result, Template):
        return result
    notice = next((said for name, said in _NOTICES.items() if name in request.query_params), "")
    return _booking(request, house, lang, result, notice, await _because(house, lang, result))


@post("/{lang:str}/b/{code:str}/{secret:str}/confirm", status_code=200)
async def confirmed(request: Asked, house: House, lang: str, code: str, secret: str) -> Shown:
    """Make a booking binding that waits for its mailed link.

    A button does it, not the link itself: mail scanners open links.
    """
    result = await booking.confirm_mailed(house, plain_code(code), secret)
    if isinstance(result, Refusal) and result.code not in _SAID_THERE:
        return not_opened(request, lang, result)
    return see(f"/{lang}/b/{code}/{secret}?confirmed=1")


@get("/{lang:str}/b/{code:str}/{secret:str}/cancel")
async def sure(request: Asked, house: House, lang: str, code: str, secret: str) -> Template:
    """Ask once before cancelling."""
    result = await opened(request, house, lang, code, secret)
    if isinstance(result, Template):
        return result
    if not changeable(house, result):
        return _booking(request, house, lang, result, "", await _because(house, lang, result))
    return page(
        "status/cancel.html",
        request,
        lang,
        title=catalogue(lang)("Cancel this appointment?"),
        here=f"/b/{result.code}/{result.secret}/cancel",
        kept=False,
        **facts_of(house, lang, result),
    )


@post("/{lang:str}/b/{code:str}/{secret:str}/cancel", status_code=200)
async def cancelled(request: Asked, house: House, lang: str, code: str, secret: str) -> Shown:
    """Cancel; pressed twice, it is cancelled all the same."""
    form = await request.form()
    key = text(form, "idempotency_key") or None
    result = await booking.cancel(house, plain_code(code), Proof(secret=secret), key)
    if isinstance(result, Refusal) and result.code not in _SAID_THERE:
        return not_opened(request, lang, result)
    return see(f"/{lang}/b/{code}/{secret}")


@get("/{lang:str}/b/{code:str}/{secret:str}/termin.ics")
async def kept(
    request: Asked, house: House, lang: str, code: str, secret: str
) -> Template | Response[bytes]:
    """The appointment for a calendar; the same entry that letters carry."""
    found = await find(house, plain_code(code), Proof(secret=secret))
    if isinstance(found, Refusal):
        return not_opened(request, lang, found)
    followed, mine_, person = found
    facts = LetterFacts(
        booking=mine_,
        office=followed.office,
        sequence=mine_.seq,
        written=followed.now(),
        base_url=house.settings.base_url,
        sender=house.settings.mail_from,
        email=person.email if person and person.email else house.settings.mail_from,
    )
    live = mine_.state in (BookingState.BOOKED, BookingState.ARRIVED)
    entry = calendar(facts, Method.REQUEST if live else Method.CANCEL, mine_.seq)
    return Response(
        entry,
        media_type="text/calendar",
        headers={
            "content-disposition": 'attachment; filename="termin.ics"',
            "cache-control": "no-store",
        },
    )


def _proof(typed: str) -> Proof:
    """PINs have six digits and no signs between; everything else is read as a date."""
    if len(typed) == _PIN_DIGITS and typed.isdigit():
        return Proof(pin=typed)
    return Proof(birth_date=as_birth_date(typed))


def _factor(request: Asked, lang: str, code: str, refusal: Refusal | None = None) -> Template:
    lang = lang if known(lang) else spoken(request)
    return page(
        "status/factor.html",
        request,
        lang,
        title=catalogue(lang)("My appointment"),
        kept=False,
        status=STATUS.get(refusal.code, 409) if refusal else 200,
        here=f"/b?code={plain_code(code)}",
        code=plain_code(code),
        refusal=sentence(refusal, lang) if refusal else None,
    )


def _booking(
    request: Asked,
    house: House,
    lang: str,
    shown_booking: BookingGiven,
    notice: str,
    why: str,
) -> Template:
    t, office = catalogue(lang), office_of(house, shown_booking).office
    services = [office.service(part.service) for part in shown_booking.parts]
    live = shown_booking.state is BookingState.BOOKED
    early = timedelta(minutes=office.booking.early_minutes)
    return page(
        "status/booking.html",
        request,
        lang,
        title=t("Your appointment"),
        kept=False,
        here=f"/b/{shown_booking.code}/{shown_booking.secret}",
        live=live,
        changeable=changeable(house, shown_booking),
        over=live and shown_booking.start <= office_of(house, shown_booking).now(),
        pending=shown_booking.state is BookingState.PENDING,
        # A link of old must not say "confirmed" above an appointment that has ended.
        notice=t(notice) if live else "",
        items=_once(
            [
                *papers(office, shown_booking.parts, shown_booking.flags),
                *(item for each in services if each for item in each.bring),
            ]
        ),
        missing=[
            flag.text
            for each in services
            if each
            for flag in each.flags
            if flag.missing and flag.key in shown_booking.flags
        ],
        checkin_from=later(shown_booking.start, -early),
        open_until=shown_booking.until,
        moved_from=shown_booking.moved_from if live else None,
        pin=shown_booking.pin,
        sealed=_sealed(house, shown_booking) if live else "",
        because=why,
        state_text=_ended(t, shown_booking.state, by_house=bool(why)),
        ended=shown_booking.state not in (BookingState.ARRIVED, BookingState.OFFERED),
        **facts_of(house, lang, shown_booking),
    )


def _sealed(house: House, shown_booking: BookingGiven) -> str:
    now = office_of(house, shown_booking).now()
    slug, code = shown_booking.office, shown_booking.code
    return sealing.seal(house.keys, slug, code, shown_booking.start, now)


async def _because(house: House, lang: str, shown_booking: BookingGiven) -> str:
    """In words why the office moved or cancelled it; empty where it did neither."""
    if shown_booking.state is not BookingState.CANCELLED and not shown_booking.moved_from:
        return ""
    proof = Proof(secret=shown_booking.secret)
    return because(catalogue(lang), await why_changed(house, shown_booking.code, proof))


def _ended(t: Catalogue, state: BookingState, *, by_house: bool) -> str:
    if by_house and state is BookingState.CANCELLED:
        return t("The office cancelled this appointment. You need not come.")
    return t(_ENDED.get(state, mark("This appointment is over.")))


def _once(items: list[dict[str, str]]) -> list[dict[str, str]]:
    return [item for at, item in enumerate(items) if item not in items[:at]]


handlers = [
    Router(
        "/",
        route_handlers=[
            asked,
            asked_for,
            proved,
            mine,
            confirmed,
            *moving.handlers,
            sure,
            cancelled,
            kept,
            *ticket_pages.handlers,
            *verify.handlers,
        ],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
