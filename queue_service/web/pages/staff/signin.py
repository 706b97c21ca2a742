"""Staff: sign in, choose a counter, sign out. What somebody may do is decided elsewhere."""

from litestar import Router, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect, Template

from queue_service.flows.access import sessions
from queue_service.flows.desks import desk_shown, journeys
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import catalogue, sentence
from queue_service.language.floor_words import desk_state
from queue_service.model.desk import DeskState
from queue_service.model.ids import CounterKey, address
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor, check
from queue_service.views.desks import state
from queue_service.web.access import STAFF_COOKIE as COOKIE
from queue_service.web.access import crowded
from queue_service.web.pages import STATUS, Asked, Shown, known, page, refused, see, spoken
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS

_LONGEST = 200


@get("/{lang:str}/staff")
async def staff(request: Asked, house: House, lang: str) -> Template:
    """The form, or for somebody signed in the counters of their office.

    A browser that still keeps a session which is over is told so: its user did not sign out.
    """
    lang = lang if known(lang) else spoken(request)
    session = request.cookies.get(COOKIE, "")
    actor = await sessions.actor(house, session)
    if actor is None:
        return _form(request, lang, refusal=Refusal(Code.NOT_SIGNED_IN) if session else None)
    return _counters(request, house, lang, actor)


@post("/{lang:str}/staff", status_code=200)
async def sign_in(request: Asked, house: House, lang: str) -> Shown:
    """Open a session and remember it in this browser until it is closed."""
    lang = lang if known(lang) else spoken(request)
    form = await request.form()
    login, password = (str(form.get(field) or "") for field in ("login", "password"))
    too_fast = await crowded(request, house)
    if too_fast is not None:
        return _form(request, lang, login[:_LONGEST], too_fast)
    signed = await sessions.sign_in(house, login.strip()[:_LONGEST], password[:_LONGEST])
    if isinstance(signed, Refusal):
        return _form(request, lang, login[:_LONGEST], signed)
    answer = see(f"/{lang}/staff")
    answer.set_cookie(
        Cookie(
            COOKIE,
            value=signed.token,
            httponly=True,
            secure=house.settings.secure,
            samesite="lax",
        )
    )
    return answer


@post("/{lang:str}/staff/out", status_code=200)
async def sign_out(request: Asked, house: House, lang: str) -> Redirect:
    """End the session here and on the server."""
    await sessions.sign_out(house, request.cookies.get(COOKIE, ""))
    answer = see(f"/{lang if known(lang) else spoken(request)}/staff")
    answer.delete_cookie(COOKIE)
    return answer


def _form(request: Asked, lang: str, login: str = "", refusal: Refusal | None = None) -> Template:
    return page(
        "staff/signin.html",
        request,
        lang,
        title=catalogue(lang)("Staff: sign in"),
        status=STATUS.get(refusal.code, 409) if refusal else 200,
        login=login,
        refusal=sentence(refusal, lang) if refusal else None,
    )


def _counters(request: Asked, house: House, lang: str, actor: Actor) -> Template:
    followed = house.follower.office(actor.office)
    desk = check(actor, Act.SHOW_DESK, actor.office)
    appointments = check(actor, Act.SEE_BOOKINGS, actor.office)
    manages = check(actor, Act.SEE_CAPACITY, actor.office) is None
    if followed is None or (desk and appointments):
        return refused(request, lang, desk or Refusal(Code.UNKNOWN_OFFICE), onward=f"/{lang}")
    return page(
        "staff/counters.html",
        request,
        lang,
        title=catalogue(lang)("Hello {name}", name=actor.name),
        office=followed.office,
        counters=() if desk else followed.office.counters,
        standing={} if desk else _standing(followed, actor, lang),
        guide_url=f"/{lang}/guide" if check(actor, Act.GUIDE, actor.office) is None else "",
        console_url=f"/{lang}/console/{actor.office}/capacity" if manages else "",
        appointments_url="" if appointments else f"/{lang}/staff/{actor.office}/appointments",
        day_list_url="" if appointments else f"/{lang}/staff/{actor.office}/day-list",
    )


def _standing(followed: Followed, actor: Actor, lang: str) -> dict[CounterKey, str]:
    """What each counter does, and which one is one's own."""
    t, own = catalogue(lang), {d.counter for d in followed.desks.values() if d.by == actor.id}
    found = {}
    for counter in followed.office.counters:
        does = state(followed.desks, counter.key)
        said = desk_state(does.value, lang)
        mine = counter.key in own and does is not DeskState.CLOSED
        found[counter.key] = t("{state}, yours", state=said) if mine else said
    return found


@post("/{lang:str}/staff/counter", status_code=200)
async def sit_down(request: Asked, house: House, lang: str) -> Shown:
    """Work at a counter from now on; the one left behind closes with the same tap."""
    lang = lang if known(lang) else spoken(request)
    actor = await sessions.actor(house, request.cookies.get(COOKIE, ""))
    if actor is None:
        return see(f"/{lang}/staff")
    form = await request.form()
    counter = text(form, "counter")[:40]
    refusal = check(actor, Act.CHANGE_DESK, actor.office)
    public = address(actor.office, counter)
    found = refusal or desk_shown.at(house, public)
    if isinstance(found, Refusal):
        return refused(request, lang, found, onward=f"/{lang}/staff", here="/staff")
    key = text(form, "idempotency_key")[:64] or None
    done = await journeys.desk_state(house, public, DeskState.OPEN, actor.id, key)
    sorry = f"?sorry={done.code}" if isinstance(done, Refusal) else ""
    return see(f"/{lang}/desk/{public}{sorry}")


handlers = [
    Router(
        "/",
        route_handlers=[staff, sign_in, sign_out, sit_down],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
