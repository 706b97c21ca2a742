"""Staff: book for somebody at the counter or on the phone; beyond the places only by role."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from litestar import Router, get, post
from litestar.response import Template

from queue_service.events.booking import ExceedReason
from queue_service.flows.bookings import cards, staffing
from queue_service.flows.bookings.booking import Applicant
from queue_service.house import House
from queue_service.language import LANGUAGES, catalogue, own_name, sentence
from queue_service.language.refusals import FIELDS
from queue_service.model.booking import Part
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.slots.openings import DayState, Start
from queue_service.web.pages import STATUS, Asked, Shown, page, see
from queue_service.web.pages.applicant.answers import Answers, as_birth_date, faults, read, text
from queue_service.web.pages.applicant.times import as_day, as_instant, nearest
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.staff.appointments import Room, room
from queue_service.web.pages.staff.words import exceed_reasons

_OF_THE_TIME = frozenset(
    {Code.SLOT_FULL, Code.NOT_A_START, Code.PAST, Code.CLOSED, Code.NOT_BOOKABLE_YET}
)
"""Refusals that another time would help against."""
_MOST_PERSONS = 8
_LONGEST_CARDS = 400
"""Characters of the numbers of so many cards."""


@get("/{lang:str}/staff/{office:str}/book")
async def form(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Service, persons and day; with them the times of that day."""
    at = await room(request, house, lang, office, Act.BOOK_BY_STAFF)
    if not isinstance(at, Room):
        return at
    return _form(request, at, request.query_params, Answers())


@post("/{lang:str}/staff/{office:str}/book", status_code=200)
async def book(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Book the chosen time."""
    at = await room(request, house, lang, office, Act.BOOK_BY_STAFF)
    if not isinstance(at, Room):
        return at
    said = await request.form()
    answers, start, part = read(said), as_instant(text(said, "start")), _part(at, said)
    said_reason = text(said, "reason")
    reason = ExceedReason(said_reason) if said_reason in set(ExceedReason) else None
    wrong = faults(answers, ("name",), at.lang)
    if part is None:
        return _form(request, at, said, answers, Refusal(Code.FIELD_REQUIRED, {"field": "service"}))
    if start is None:
        wrong = {
            "start": catalogue(at.lang)("Please choose one of the times in the list."),
            **wrong,
        }
    if start is None or wrong:
        return _form(request, at, said, answers, errors=wrong)
    if reason is not None and not at.may(Act.EXCEED):
        return _form(request, at, said, answers, Refusal(Code.NOT_ALLOWED))
    spoken_there = text(said, "language")
    given = await staffing.book(
        house,
        office,
        parts=(part,),
        start=start,
        applicant=Applicant(
            name=answers.name,
            email=answers.email,
            phone=answers.phone,
            birth_date=as_birth_date(answers.birth_date),
            document=answers.document,
        ),
        language=spoken_there if spoken_there in LANGUAGES else at.lang,
        by=at.actor.id,
        exceed_reason=reason,
        cards=cards.keys_of(house, at.followed, _numbers(said)),
        key=text(said, "idempotency_key")[:64] or None,
    )
    if isinstance(given, Refusal):
        return _form(request, at, said, answers, given)
    return see(f"{at.home}/{given.code}?done=booked")


def _numbers(said: Mapping[str, object]) -> tuple[str, ...]:
    """Of cards, as typed: one more than may come is one too many."""
    return tuple(text(said, "cards").replace(",", " ").split()[: _MOST_PERSONS + 1])


def _part(at: Room, said: Mapping[str, object]) -> Part | None:
    service = at.followed.office.service(text(said, "service"))
    persons = text(said, "persons")
    number = int(persons) if persons.isascii() and persons.isdigit() and len(persons) < 3 else 1
    return Part(service.code, max(1, number)) if service is not None else None


def _form(
    request: Asked,
    at: Room,
    said: Mapping[str, object],
    answers: Answers,
    refusal: Refusal | None = None,
    errors: Mapping[str, str] = MappingProxyType({}),
) -> Template:
    t, office, now = catalogue(at.lang), at.followed.office, at.followed.now()
    part, day = _part(at, said), as_day(text(said, "day")) or now.date()
    state, starts = _starts(at, part, day) if part else ("", ())
    exceeds = at.may(Act.EXCEED)
    slug = at.followed.key.slug
    timely = refusal is not None and refusal.code in _OF_THE_TIME
    if refusal is not None and refusal.data.get("fields") == ["cards"]:
        refusal, errors = None, {"cards": t("Please enter one number for each person, or none.")}
    return page(
        "staff/book.html",
        request,
        at.lang,
        title=t("Book an appointment"),
        status=STATUS.get(refusal.code, 409) if refusal else 422 if errors else 200,
        kept=False,
        here=f"/staff/{slug}/book",
        office=office,
        self_url=f"/{at.lang}/staff/{slug}/book",
        list_url=at.home,
        services=[s for s in office.services if s.bookable and not s.not_needed],
        chosen_part=part,
        persons=part.persons if part else 1,
        most_persons=_MOST_PERSONS,
        day=day,
        state=state,
        starts=[(s.start, s.state is DayState.FREE) for s in starts],
        chosen_start=text(said, "start"),
        near=nearest(at.followed, (part,), refusal, None) if refusal and timely and part else (),
        by_cards=part is not None and cards.wants_cards(at.followed, (part,)) is not None,
        cards=text(said, "cards")[:_LONGEST_CARDS],
        exceeds=exceeds,
        reason=text(said, "reason"),
        reasons=exceed_reasons(t),
        spoken_there=text(said, "language") or at.lang,
        tongues=[(code, own_name(code)) for code in LANGUAGES],
        answers=answers,
        fields={name: t(label) for name, label in FIELDS.items()},
        refusal=sentence(refusal, at.lang) if refusal else None,
        errors=errors,
    )


def _starts(at: Room, part: Part, day: date) -> tuple[str, tuple[Start, ...]]:
    days = at.followed.openings.month((part,), day, day, at.followed.now())
    return (days[0].state, days[0].starts) if days else (DayState.CLOSED, ())


handlers = [
    Router(
        "/",
        route_handlers=[form, book],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
