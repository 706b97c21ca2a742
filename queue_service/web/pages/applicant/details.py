"""Who comes: details, check, booking. Answers come back with every refusal, never lost."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from litestar import get, post
from litestar.response import Template

from queue_service.flows.bookings import booking
from queue_service.flows.bookings.booking import Applicant, HoldGiven
from queue_service.house import House
from queue_service.language import catalogue, day_long, sentence
from queue_service.language.refusals import FIELDS
from queue_service.model.refusal import Code, Refusal
from queue_service.web.pages import STATUS, Asked, Shown, page, see
from queue_service.web.pages.applicant.answers import Answers, as_birth_date, faults, read, text
from queue_service.web.pages.applicant.holding import held_before, still_held, take, with_hold
from queue_service.web.pages.applicant.questions import Asking, asking_of, papers
from queue_service.web.pages.applicant.times import as_instant, nearest
from queue_service.web.pages.applicant.wanted import Wanted, wanted_of

_GONE = {Code.HOLD_EXPIRED, Code.SLOT_FULL, Code.PAST, Code.CLOSED, Code.NOT_A_START}
"""Refusals after which somebody needs another time, not other answers."""


@get("/{lang:str}/{office:str}/details")
async def details(
    request: Asked,
    house: House,
    lang: str,
    office: str,
) -> Shown:
    """Who comes; the time stays free for them until the time shown."""
    wanted = wanted_of(request, house, lang, office, request.query_params)
    if isinstance(wanted, Template):
        return wanted
    if held_before(request) is None:
        return see(f"/{lang}/{office}/book?{wanted.query}")
    asked = asking_of(wanted.followed.office, wanted.parts, {})
    return _details(request, lang, wanted, await still_held(request, house), Answers(), asked)


@post("/{lang:str}/{office:str}/details", status_code=200)
async def decide(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Check the answers, change them, get more time, or book: as the button pressed says."""
    form = await request.form()
    wanted = wanted_of(request, house, lang, office, form)
    if isinstance(wanted, Template):
        return wanted
    answers, do = read(form), text(form, "do")
    asked = asking_of(wanted.followed.office, wanted.parts, form)
    if do == "confirm":
        return await _confirm(request, house, lang, wanted, answers, asked, form)
    if text(form, "start"):
        taken = await take(request, house, lang, wanted, form)
        if isinstance(taken, Refusal):
            was = as_instant(text(form, "start"))
            return _details(request, lang, wanted, taken, answers, asked, was=was)
        return with_hold(_checked(request, lang, wanted, taken, answers, asked), house, taken)
    held = await still_held(request, house)
    refusal = None
    if do == "extend" and not isinstance(held, Refusal):
        longer = await booking.extend(
            house, held.hold, held.secret, text(form, "idempotency_key") or None
        )
        refusal = longer if isinstance(longer, Refusal) else None
        held = held if isinstance(longer, Refusal) else longer
    if isinstance(held, Refusal) or do in ("extend", "edit"):
        was = as_instant(text(form, "was"))
        return _details(request, lang, wanted, held, answers, asked, refusal=refusal, was=was)
    return _checked(request, lang, wanted, held, answers, asked)


def _checked(
    request: Asked, lang: str, wanted: Wanted, held: HoldGiven, answers: Answers, asked: Asking
) -> Template:
    wrong = faults(answers, wanted.required, lang) | asked.errors(lang)
    if wrong:
        return _details(request, lang, wanted, held, answers, asked, errors=wrong)
    against = asked.against()
    if against:
        refusal = Refusal(Code.NOT_SO, {"texts": against})
        return _details(request, lang, wanted, held, answers, asked, refusal=refusal)
    return _check(request, lang, wanted, held, answers, asked)


async def _confirm(
    request: Asked,
    house: House,
    lang: str,
    wanted: Wanted,
    answers: Answers,
    asked: Asking,
    form: Mapping[str, object],
) -> Shown:
    before, was = held_before(request), as_instant(text(form, "was"))
    wrong = faults(answers, wanted.required, lang) | asked.errors(lang)
    if before is None or wrong:
        held = await still_held(request, house)
        return _details(request, lang, wanted, held, answers, asked, errors=wrong, was=was)
    given = await booking.confirm(
        house,
        *before,
        Applicant(
            name=answers.name,
            email=answers.email,
            phone=answers.phone,
            birth_date=as_birth_date(answers.birth_date),
            document=answers.document,
        ),
        lang,
        text(form, "idempotency_key") or None,
        {key: answer for key, answer in asked.typed.items() if answer},
    )
    if isinstance(given, Refusal):
        held = given if given.code in _GONE else await still_held(request, house)
        refusal = None if given.code in _GONE else given
        return _details(request, lang, wanted, held, answers, asked, refusal=refusal, was=was)
    return see(f"/{lang}/b/{given.code}/{given.secret}?new=1")


def _details(
    request: Asked,
    lang: str,
    wanted: Wanted,
    held: HoldGiven | Refusal,
    answers: Answers,
    asked: Asking,
    *,
    refusal: Refusal | None = None,
    errors: dict[str, str] | None = None,
    was: datetime | None = None,
) -> Template:
    office, t = wanted.followed.office, catalogue(lang)
    gone = held if isinstance(held, Refusal) else None
    shown_refusal = None if errors else refusal or gone
    status = STATUS.get(shown_refusal.code, 409) if shown_refusal else 422 if errors else 200
    return page(
        "apply/details.html",
        request,
        lang,
        title=t("Your details"),
        status=status,
        here=f"/{office.slug}/details?{wanted.query}",
        office=office,
        home=f"/{lang}/{office.slug}",
        parts=wanted.parts,
        held=None if gone else held,
        was=was if isinstance(held, Refusal) else held.start,
        near=nearest(wanted.followed, wanted.parts, gone, was) if gone else (),
        refusal=sentence(shown_refusal, lang) if shown_refusal else None,
        errors=errors or {},
        answers=answers,
        hidden=wanted.hidden,
        query=wanted.query,
        questions=asked.shown(lang),
        asked=asked.typed,
        required=wanted.required,
        fields={name: t(label) for name, label in FIELDS.items()},
    )


def _check(
    request: Asked, lang: str, wanted: Wanted, held: HoldGiven, answers: Answers, asked: Asking
) -> Template:
    office, t = wanted.followed.office, catalogue(lang)
    given = {name: value for name, value in msgspec.structs.asdict(answers).items() if value}
    born = as_birth_date(answers.birth_date)
    read_back = {**given, "birth_date": day_long(born, lang)} if born else given
    return page(
        "apply/check.html",
        request,
        lang,
        title=t("Is everything right?"),
        here=f"/{office.slug}/details?{wanted.query}",
        office=office,
        home=f"/{lang}/{office.slug}",
        parts=wanted.parts,
        held=held,
        given=given | asked.given(),
        hidden=wanted.hidden,
        papers=papers(office, wanted.parts, asked.flags()),
        answered=[
            *((t(FIELDS[name]), value) for name, value in read_back.items()),
            *asked.read_back(lang),
        ],
    )


handlers = [details, decide]
