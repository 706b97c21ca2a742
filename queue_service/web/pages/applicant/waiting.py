"""The waiting list for people: join from a full service, ask for an earlier place, look, leave."""

from collections.abc import Mapping
from datetime import date, time, timedelta

from litestar import Router, get, post
from litestar.response import Template

from queue_service.flows.bookings.booking import Applicant
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.waitlist import waiting
from queue_service.flows.waitlist.waiting import WishGiven
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import catalogue, mark, sentence
from queue_service.language.refusals import FIELDS
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waiting import Acceptable, WishClass, WishState
from queue_service.web.access import crowded
from queue_service.web.pages import STATUS, Asked, Shown, known, page, refused, see, spoken
from queue_service.web.pages.applicant import offer
from queue_service.web.pages.applicant.answers import Answers, as_birth_date, faults, read, text
from queue_service.web.pages.applicant.ticket import plain_code
from queue_service.web.pages.applicant.times import as_day
from queue_service.web.pages.applicant.wanted import Wanted, every, wanted_of
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS

NOON, LAST_MINUTE = time(12), time(23, 59)
_TIMES = {
    "any": mark("Any time"),
    "morning": mark("Before 12:00"),
    "afternoon": mark("From 12:00 on"),
}
_SPANS = {
    "any": (time(), LAST_MINUTE),
    "morning": (time(), time(11, 59)),
    "afternoon": (NOON, LAST_MINUTE),
}
_DAYS = {
    0: mark("Monday"),
    1: mark("Tuesday"),
    2: mark("Wednesday"),
    3: mark("Thursday"),
    4: mark("Friday"),
    5: mark("Saturday"),
    6: mark("Sunday"),
}
_STATES = {
    WishState.PLACED: mark("You have an appointment. You are no longer on the list."),
    WishState.LEFT: mark("You left the list. We will not write to you about it again."),
    WishState.OVER: mark(
        "This wish is over: its days have passed or our offers stayed unanswered."
    ),
}
_EARLIER_OVER = mark(
    "This wish is over: your appointment has changed or ended, or our offers stayed unanswered."
)


@get("/{lang:str}/{office:str}/waiting")
async def form(request: Asked, house: House, lang: str, office: str) -> Template:
    """Who waits, on which days, at which times."""
    wanted = wanted_of(request, house, lang, office, request.query_params)
    if isinstance(wanted, Template):
        return wanted
    if not wanted.followed.office.waiting.open:
        return _closed(request, lang, wanted)
    return _form(request, lang, wanted, Answers(), {})


@post("/{lang:str}/{office:str}/waiting", status_code=200)
async def join(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Join the list; answers come back with every refusal."""
    posted = await request.form()
    wanted = wanted_of(request, house, lang, office, posted)
    if isinstance(wanted, Template):
        return wanted
    answers = read(posted)
    contact = () if answers.phone or not _by_contact(wanted) else ("email",)
    wrong = faults(answers, (*wanted.required, *contact), lang)
    if wrong:
        return _form(request, lang, wanted, answers, posted, errors=wrong)
    given = await crowded(request, house) or await waiting.wish(
        house,
        office,
        parts=wanted.parts,
        windows=(_window(wanted.followed, posted),),
        applicant=Applicant(
            name=answers.name,
            email=answers.email,
            phone=answers.phone,
            birth_date=as_birth_date(answers.birth_date),
            document=answers.document,
        ),
        language=lang,
        cards=wanted.cards,
        key=text(posted, "idempotency_key") or None,
    )
    if isinstance(given, Refusal):
        return _form(request, lang, wanted, answers, posted, refusal=given)
    return see(f"/{lang}/w/{given.code}/{given.secret}?joined=1")


def _by_contact(wanted: Wanted) -> bool:
    """Whether the list knows a person by e-mail or phone: the service asks for nothing else."""
    return not {"birth_date", "document"} & set(wanted.required)


def _window(followed: Followed, posted: Mapping[str, object]) -> Acceptable:
    today = followed.now().date()
    last = as_day(text(posted, "last")) or _latest(followed)
    days = tuple(sorted({int(d) for d in every(posted, "weekday") if d in set("0123456")}))
    span = _SPANS.get(text(posted, "times"), _SPANS["any"])
    return Acceptable(today, max(last, today), days, *span)


def _latest(followed: Followed) -> date:
    return followed.now().date() + timedelta(days=2 * followed.office.booking.window_days)


def _form(
    request: Asked,
    lang: str,
    wanted: Wanted,
    answers: Answers,
    posted: Mapping[str, object],
    *,
    refusal: Refusal | None = None,
    errors: dict[str, str] | None = None,
) -> Template:
    office, t = wanted.followed.office, catalogue(lang)
    open_days = sorted({day for window in office.hours for day in window.weekdays})
    chosen = every(posted, "weekday")
    return page(
        "apply/waiting.html",
        request,
        lang,
        title=t("Waiting list"),
        status=STATUS.get(refusal.code, 409) if refusal else 422 if errors else 200,
        here=f"/{office.slug}/waiting?{wanted.query}",
        office=office,
        home=f"/{lang}/{office.slug}",
        parts=wanted.parts,
        hidden=wanted.hidden,
        action=f"/{lang}/{office.slug}/waiting",
        back=f"/{lang}/{office.slug}/book?{wanted.query}",
        refusal=sentence(refusal, lang) if refusal else None,
        errors=errors or {},
        answers=answers,
        required=wanted.required,
        by_contact=_by_contact(wanted),
        fields={name: t(label) for name, label in FIELDS.items()},
        days=[(str(day), t(_DAYS[day]), str(day) in chosen) for day in open_days],
        times=[(name, t(said)) for name, said in _TIMES.items()],
        time=text(posted, "times") or "any",
        last=text(posted, "last") or _latest(wanted.followed).isoformat(),
        today=wanted.followed.now().date().isoformat(),
    )


def _closed(request: Asked, lang: str, wanted: Wanted) -> Template:
    slug = wanted.followed.office.slug
    return refused(
        request,
        lang,
        Refusal(Code.WAITING_CLOSED),
        onward=f"/{lang}/{slug}/book?{wanted.query}",
        here=f"/{slug}/waiting?{wanted.query}",
        office=wanted.followed.office,
    )


@post("/{lang:str}/b/{code:str}/{secret:str}/earlier", status_code=200)
async def earlier(request: Asked, house: House, lang: str, code: str, secret: str) -> Shown:
    """An earlier place, please; pressed twice, it shows the same wish."""
    posted = await request.form()
    key = text(posted, "idempotency_key") or None
    given = await crowded(request, house) or await waiting.earlier(
        house, plain_code(code), Proof(secret=secret), key=key
    )
    if isinstance(given, Refusal):
        return _not_opened(request, lang, given, f"/{lang}/b/{code}/{secret}")
    return see(f"/{lang}/w/{given.code}/{given.secret}?joined=1")


@get("/{lang:str}/w/{code:str}/{secret:str}")
async def shown(request: Asked, house: House, lang: str, code: str, secret: str) -> Template:
    """Where a wish stands: a coarse range of its own place, and its offer."""
    if not known(lang):
        lang = spoken(request)
    given = await waiting.show(house, plain_code(code), secret)
    if isinstance(given, Refusal):
        return _not_opened(request, lang, given, f"/{lang}")
    return _wish(request, house, lang, given)


@post("/{lang:str}/w/{code:str}/{secret:str}/leave", status_code=200)
async def left(request: Asked, house: House, lang: str, code: str, secret: str) -> Shown:
    """Off the list; pressed twice is answered the same."""
    posted = await request.form()
    key = text(posted, "idempotency_key") or None
    given = await waiting.leave(house, plain_code(code), secret, key)
    if isinstance(given, Refusal):
        return _not_opened(request, lang, given, f"/{lang}")
    return see(f"/{lang}/w/{given.code}/{given.secret}")


def _wish(request: Asked, house: House, lang: str, given: WishGiven) -> Template:
    t = catalogue(lang)
    followed = house.follower.offices[given.office]
    # The list notices a moment later that an appointment was cancelled: the page need not wait.
    bereft = given.order is WishClass.EARLIER and given.booked is None
    open_ = given.state is WishState.OPEN and not bereft
    asks = given.offer if open_ and given.offer and given.offer.state == "open" else None
    return page(
        "status/wish.html",
        request,
        lang,
        title=t("Your place on the waiting list") if open_ else t("Waiting list"),
        kept=False,
        here=f"/w/{given.code}/{given.secret}",
        office=followed.office,
        home=f"/{lang}/{given.office}",
        wish=given,
        open=open_,
        joined="joined" in request.query_params,
        asks=asks,
        same_day=asks is not None and asks.until.date() == followed.now().date(),
        last=given.offer if open_ and given.offer and not asks else None,
        windows=[_said(lang, window) for window in given.windows],
        state_text=_ended(lang, given) if not open_ else "",
        self_url=f"/{lang}/w/{given.code}/{given.secret}",
    )


def _ended(lang: str, given: WishGiven) -> str:
    ended = given.state in (WishState.OVER, WishState.OPEN)
    earlier = ended and given.order is WishClass.EARLIER
    return catalogue(lang)(_EARLIER_OVER if earlier else _STATES[given.state])


def _said(lang: str, window: Acceptable) -> dict[str, object]:
    """A window as the page says it; times only where not every time suits."""
    t = catalogue(lang)
    named = next((n for n, s in _SPANS.items() if s == (window.opens, window.closes)), "any")
    return {
        "first": window.first,
        "last": window.last,
        "days": [t(_DAYS[day]) for day in window.weekdays],
        "times": t(_TIMES[named]) if named != "any" else "",
    }


def _not_opened(request: Asked, lang: str, refusal: Refusal, onward: str) -> Template:
    lang = lang if known(lang) else spoken(request)
    return refused(request, lang, refusal, onward=onward, here="")


handlers = [
    Router(
        "/",
        route_handlers=[form, join, earlier, shown, left, *offer.handlers],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
