"""Staff: the appointments of a day, one of them, and what may be done about it.

Every act is a form that answers with a redirect; a refusal comes back on the page with the nearest
free times where there are some.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

import msgspec
from litestar import Router, get, post
from litestar.response import Redirect, Template

from queue_service.events.booking import RestoreReason, SwapReason
from queue_service.flows.bookings import appointments, staffing, swapping
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import catalogue, mark, sentence
from queue_service.model.booking import Booking, BookingState, Person
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor, check
from queue_service.slots.restoring import RESTORABLE
from queue_service.web.access import allowed
from queue_service.web.pages import STATUS, Asked, Shown, known, page, refused, see, spoken
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.applicant.ticket import plain_code
from queue_service.web.pages.applicant.times import as_day, as_instant, nearest, shown
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.staff.words import STATES, restore_reasons, swap_reasons

Reason = TypeVar("Reason", bound=StrEnum)
_NOTICES = {
    "booked": mark("The appointment is booked."),
    "moved": mark("The appointment was moved."),
    "swapped": mark("Both appointments have traded their times."),
    "restored": mark("The appointment is booked again."),
    "no_show": mark("It is noted that nobody came."),
    "cancelled": mark("The appointment was cancelled."),
}


class Room(msgspec.Struct, frozen=True):
    """Who looks, and at which office."""

    actor: Actor
    followed: Followed
    lang: str

    @property
    def home(self) -> str:
        """The address of the list."""
        return f"/{self.lang}/staff/{self.followed.key.slug}/appointments"

    def may(self, act: Act) -> bool:
        """Whether this person may do it here."""
        return check(self.actor, act, self.followed.key.slug) is None


async def room(
    request: Asked, house: House, lang: str, office: str, act: Act
) -> Room | Template | Redirect:
    """The room for somebody who may, else the way to sign in or the refusal."""
    lang = lang if known(lang) else spoken(request)
    actor = await allowed(request, house, act, office)
    followed = house.follower.office(office)
    if isinstance(actor, Refusal):
        if actor.code is Code.NOT_SIGNED_IN:
            return see(f"/{lang}/staff")
        return refused(request, lang, actor, onward=f"/{lang}/staff", here="/staff")
    if followed is None:
        unknown = Refusal(Code.UNKNOWN_OFFICE)
        return refused(request, lang, unknown, onward=f"/{lang}/staff", here="/staff")
    return Room(actor, followed, lang)


@get("/{lang:str}/staff/{office:str}/appointments")
async def of_day(
    request: Asked, house: House, lang: str, office: str, day: str = "", code: str = ""
) -> Shown:
    """The appointments of a day; a typed code leads to its appointment."""
    at = await room(request, house, lang, office, Act.SEE_BOOKINGS)
    if not isinstance(at, Room):
        return at
    wanted = plain_code(code)
    if wanted:
        found = await staffing.look(house, office, wanted)
        if not isinstance(found, Refusal):
            return see(f"{at.home}/{wanted}")
    today = at.followed.now().date()
    looked_at = as_day(day) or today
    found_of_day = await appointments.of_day(house, at.followed, looked_at)
    refusal = Refusal(Code.UNKNOWN_BOOKING) if wanted else None
    occupying = [a for a in found_of_day if a.booking.overbooked and _stands(a.booking)]
    t, zone = catalogue(at.lang), at.followed.office.tz
    return page(
        "staff/appointments.html",
        request,
        at.lang,
        title=t("Appointments"),
        status=STATUS.get(refusal.code, 409) if refusal else 200,
        kept=False,
        here=f"/staff/{office}/appointments?day={looked_at}",
        office=at.followed.office,
        list_url=at.home,
        book_url=f"/{at.lang}/staff/{office}/book?day={looked_at}",
        may_book=at.may(Act.BOOK_BY_STAFF),
        day=looked_at,
        today=today,
        before=looked_at - timedelta(days=1),
        after=looked_at + timedelta(days=1),
        rows=[
            (a.booking.start.astimezone(zone), a.booking, a.name, t(STATES[a.booking.state]))
            for a in found_of_day
        ],
        overbooked=len(occupying) if at.may(Act.SEE_FIGURES) else None,
        code=code[:20],
        refusal=sentence(refusal, at.lang) if refusal else None,
    )


def _stands(booking: Booking) -> bool:
    return booking.state not in (BookingState.CANCELLED, BookingState.LAPSED)


@get("/{lang:str}/staff/{office:str}/appointments/{code:str}")
async def one(
    request: Asked, house: House, lang: str, office: str, code: str, day: str = ""
) -> Shown:
    """One appointment with everything that may be done about it."""
    at = await room(request, house, lang, office, Act.SEE_BOOKINGS)
    if not isinstance(at, Room):
        return at
    return await _one(request, house, at, plain_code(code), day=as_day(day))


@post("/{lang:str}/staff/{office:str}/appointments/{code:str}/{act:str}", status_code=200)
async def acted(request: Asked, house: House, lang: str, office: str, code: str, act: str) -> Shown:
    """One act; the answer is the appointment as it stands then."""
    at = await room(request, house, lang, office, Act.CHANGE_BOOKING)
    if not isinstance(at, Room):
        return at
    code = plain_code(code)
    form = await request.form()
    refusal = await _do(house, at, code, act, form)
    if refusal is None:
        return see(f"{at.home}/{code}?done={act}")
    return await _one(request, house, at, code, refusal=refusal, other=text(form, "other")[:20])


async def _do(
    house: House, at: Room, code: str, act: str, form: Mapping[str, object]
) -> Refusal | None:
    slug, by = at.followed.key.slug, at.actor.id
    key, start = text(form, "idempotency_key")[:64] or None, as_instant(text(form, "start"))
    done: object
    if act == "moved":
        if start is None:
            return Refusal(Code.FIELD_REQUIRED, {"field": "start"})
        done = await staffing.move(house, slug, code, start, by=by, key=key)
    elif act == "swapped":
        reason = _reason(SwapReason, form)
        other = plain_code(text(form, "other"))
        if reason is None or not other:
            return Refusal(Code.FIELD_REQUIRED)
        done = await swapping.swap(house, slug, (code, other), reason=reason, by=by, key=key)
    elif act == "restored":
        why = _reason(RestoreReason, form)
        if why is None:
            return Refusal(Code.FIELD_REQUIRED)
        done = await staffing.restore(house, slug, code, reason=why, start=start, by=by, key=key)
    elif act == "no_show":
        done = await staffing.no_show(house, slug, code, by=by, key=key)
    elif act == "cancelled":
        done = await staffing.cancel(house, slug, code, by=by, key=key)
    else:
        return Refusal(Code.INVALID)
    return done if isinstance(done, Refusal) else None


def _reason(kind: type[Reason], form: Mapping[str, object]) -> Reason | None:
    said = text(form, "reason")
    return kind(said) if said in set(kind) else None


async def _one(
    request: Asked,
    house: House,
    at: Room,
    code: str,
    *,
    day: date | None = None,
    refusal: Refusal | None = None,
    other: str = "",
) -> Template:
    slug = at.followed.key.slug
    found = await staffing.look(house, slug, code)
    if isinstance(found, Refusal):
        return refused(request, at.lang, found, onward=at.home, here=f"/staff/{slug}/appointments")
    _, booking, person = found
    t, zone, now = catalogue(at.lang), at.followed.office.tz, at.followed.now()
    start = booking.start.astimezone(zone)
    may, ahead = at.may(Act.CHANGE_BOOKING), booking.start > now
    booked = booking.state is BookingState.BOOKED
    late = timedelta(minutes=at.followed.office.booking.late_minutes)
    here = f"/staff/{slug}/appointments/{code}"
    restorable = may and booking.state in RESTORABLE
    near = nearest(at.followed, booking.parts, refusal, None) if refusal and restorable else ()
    notice = _NOTICES.get(request.query_params.get("done", ""), "")
    return page(
        "staff/appointment.html",
        request,
        at.lang,
        title=t("Appointment {code}", code=code),
        status=STATUS.get(refusal.code, 409) if refusal else 200,
        kept=False,
        here=here,
        self_url=f"/{at.lang}{here}",
        list_url=f"{at.home}?day={start.date()}",
        office=at.followed.office,
        booking=booking,
        start=start,
        moved_from=booking.moved_from and booking.moved_from.astimezone(zone),
        person=_shown(person),
        pin=house.keys.booking_pin(booking.id, booking.generation),
        state=t(STATES[booking.state]),
        notice="" if refusal else t(notice) if notice else "",
        refusal=sentence(refusal, at.lang) if refusal else None,
        near=near,
        other=other,
        can_move=may and booked and ahead,
        can_cancel=may and booking.state in (BookingState.BOOKED, BookingState.PENDING) and ahead,
        can_miss=may and booked and booking.start + late <= now,
        can_restore=restorable,
        times=_times(at, booking, day, here) if may and booked and ahead else None,
        swap_reasons=swap_reasons(t),
        restore_reasons=restore_reasons(t),
    )


def _times(at: Room, booking: Booking, day: date | None, here: str) -> object:
    wanted = day or booking.start.astimezone(at.followed.office.tz).date()
    return shown(at.followed, booking.parts, wanted, lambda d: f"/{at.lang}{here}?day={d}#move")


def _shown(person: Person | None) -> list[str]:
    """What staff need to reach somebody; nothing once it was deleted."""
    if person is None:
        return []
    return [each for each in (person.name, person.email, person.phone) if each]


handlers = [
    Router(
        "/",
        route_handlers=[of_day, one, acted],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
