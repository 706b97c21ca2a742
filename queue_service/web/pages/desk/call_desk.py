"""Call desk: who is here, who is next and why; one key an act, everything can be taken back.

Every act is a form that answers with a redirect; a script asks for JSON instead and gets the desk
in words, as the stream tells them. A refusal says why, in both.
"""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.response import Redirect, Template
from litestar.types import ASGIApp

from queue_service.events.chapters import AnyFact
from queue_service.flows.days import reports
from queue_service.flows.desks import desk_shown, notes
from queue_service.flows.desks.notes import Note
from queue_service.house import House
from queue_service.language import Catalogue, catalogue, mark, pick, sentence
from queue_service.language.floor_words import call_reasons, desk_states, park_reasons
from queue_service.model.ids import VisitId, address, split_address
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor, Role
from queue_service.store import colleagues
from queue_service.store.database import transaction
from queue_service.views.day_report import OwnNumbers
from queue_service.web.access import acting, allowed
from queue_service.web.live import states
from queue_service.web.pages import STATUS, Asked, known, page, refused, see, spoken
from queue_service.web.pages.desk.acts import Pressed, Seat, do
from queue_service.web.pages.desk.around import around, hands_for
from queue_service.web.pages.desk.words import DeskNow, in_words

_encode = msgspec.json.Encoder().encode
KEYS: tuple[tuple[str, str, str], ...] = (
    ("next", mark("Call the next person"), " "),
    ("start", mark("Has come"), "s"),
    ("recall", mark("Call again"), "r"),
    ("missed", mark("Absent"), "n"),
    ("finish", mark("Done"), "d"),
    ("undo", mark("Undo"), "z"),
    ("park", mark("Park"), "p"),
    ("forward", mark("Send on"), "f"),
    ("mark", mark("Mark"), "m"),
    ("pause", mark("Break"), "b"),
    ("accept", mark("Accept"), "a"),
)
"""(act, words, key) of the single keys as delivered; each clerk may change them."""
RIGHTS = {
    "state": Act.CHANGE_DESK,
    "hand": Act.GUIDE,
    "mark": Act.GUIDE,
    "accept": Act.ACCEPT_HAND,
    "pass": Act.ACCEPT_HAND,
}
"""What else than calling an act needs."""
_COUNTED = frozenset({"finish", "park", "forward", "hand", "undo"})
"""Acts that end a stretch of one's own work."""
JUST_NOW = timedelta(seconds=1)
MOMENT_SECONDS = 0.15
"""The sentence of a hand-over is written down a moment after the journal tells of it."""


class Sorry(msgspec.Struct, frozen=True):
    """Why an act was refused, for the script."""

    code: str
    title: str
    detail: str
    now: DeskNow | None


@get("/{lang:str}/desk/{counter:str}")
async def desk(request: Asked, house: House, lang: str, counter: str) -> Template | Redirect:
    """The desk's screen as things stand; it follows by itself, or by a button without scripts."""
    seat = await _seat(request, house, counter, Act.SHOW_DESK)
    if isinstance(seat, Refusal):
        return _turned_away(request, lang, seat)
    lang = lang if known(lang) else spoken(request)
    code, t = request.query_params.get("sorry", ""), catalogue(lang)
    shown = page(
        "desk/desk.html",
        request,
        lang,
        title=pick(seat.counter.name, lang)[0],
        office=seat.followed.office,
        counter=seat.counter,
        here_url=f"/{lang}/desk/{counter}",
        paper_url=f"/{lang}/staff/{seat.followed.key.slug}/day-list",
        now=await _words(house, seat, lang, own=True),
        blank={},
        sorry=sentence(Refusal(Code(code)), lang) if code in set(Code) else None,
        login=seat.actor.name,
        states=desk_states(lang),
        park_reasons=park_reasons(lang),
        call_reasons=call_reasons(lang),
        colleagues=await _case_workers(house, seat),
        keys=[(name, t(label), key) for name, label, key in KEYS],
    )
    shown.headers["cache-control"] = "no-store"
    return shown


@post("/{lang:str}/desk/{counter:str}/{act:str}", status_code=200)
async def acted(
    request: Asked, house: House, lang: str, counter: str, act: str
) -> Template | Redirect | Response[Any]:
    """One act of this desk; the answer is the desk as it stands then."""
    found = desk_shown.at(house, counter)
    form = await request.form()

    async def press(house: House, actor: Actor) -> tuple[Seat, object] | Refusal:
        if isinstance(found, Refusal):
            return found
        seat = Seat(actor, *found, counter)
        return seat, await do(act, Pressed(house, seat, form))

    right, slug = RIGHTS.get(act, Act.CALL), split_address(counter)[0]
    pressed = await acting(request, house, right, slug, press)
    wants_json = MediaType.JSON in request.headers.get("accept", "")
    if isinstance(pressed, Refusal):
        return _no(pressed, lang, None) if wants_json else _turned_away(request, lang, pressed)
    seat, result = pressed
    lang = lang if known(lang) else spoken(request)
    if isinstance(result, Refusal):
        if wants_json:
            return _no(result, lang, await _words(house, seat, lang))
        return see(f"/{lang}/desk/{counter}?sorry={result.code}")
    if wants_json:
        words = await _words(house, seat, lang, own=act in _COUNTED)
        return Response(words, headers={"cache-control": "no-store"})
    return see(f"/{lang}/desk/{counter}")


@get("/{lang:str}/desk/{counter:str}/stream", include_in_schema=False)
async def stream(
    request: Asked, house: House, lang: str, counter: str, after: int | None = None
) -> ASGIApp:
    """The desk in words, anew whenever somebody in the house moves."""
    seat = await _seat(request, house, counter, Act.SHOW_DESK)
    if isinstance(seat, Refusal):
        return _no(seat, lang, None).to_asgi_response(app=None, request=request)
    lang = lang if known(lang) else spoken(request)

    async def state() -> tuple[int, bytes]:
        now = await _words(house, seat, lang)
        return now.seq, _encode(now)

    return states(seat.followed, house.closing, after=after, concerns=_concerns, state=state)


def _concerns(fact: AnyFact) -> bool:
    return bool(fact.visits or fact.desks)


async def _seat(request: Asked, house: House, public: str, act: Act) -> Seat | Refusal:
    found = desk_shown.at(house, public)
    if isinstance(found, Refusal):
        return found
    followed, counter = found
    actor = await allowed(request, house, act, followed.key.slug)
    return actor if isinstance(actor, Refusal) else Seat(actor, followed, counter, public)


async def _case_workers(house: House, seat: Seat) -> list[tuple[int, str]]:
    async with transaction(house.pool, seat.followed.key.authority) as connection:
        office = seat.followed.key.office
        found = await colleagues.with_role(connection, office, Role.CASE_WORKER)
    return [(number, name) for number, name in found if number != seat.actor.id]


async def _words(house: House, seat: Seat, lang: str, *, own: bool = False) -> DeskNow:
    """The desk in words; one's `own` numbers only where they may have changed."""
    office = seat.followed
    said = await _sentences(house, seat)
    current = office.line.at(seat.counter.key)
    slug = office.key.slug
    newest = {address(slug, visit): left[0].text for visit, left in said.items()}
    numbers = await reports.own_numbers(house, office, seat.actor.id) if own else None
    return in_words(
        desk_shown.shown(office, seat.counter),
        office,
        lang,
        around=around(office, seat.counter, seat.actor, lang, newest),
        notes=tuple(note.text for note in said.get(current.id, ())) if current else (),
        own=_own(catalogue(lang), numbers) if numbers else "",
    )


async def _sentences(house: House, seat: Seat) -> dict[VisitId, tuple[Note, ...]]:
    """What colleagues wrote about whoever is here or to be accepted."""
    office = seat.followed
    asked = hands_for(office, seat.actor)
    moment = office.clock.patience(JUST_NOW)
    if any(visit.hand and office.now() - visit.hand.at < moment for visit in asked):
        await asyncio.sleep(MOMENT_SECONDS)
    current = office.line.at(seat.counter.key)
    visits = (*(visit.id for visit in asked), *((current.id,) if current else ()))
    return await notes.of_visits(house, office, visits) if visits else {}


def _own(t: Catalogue, own: OwnNumbers) -> str:
    """One's own numbers, for nobody else."""
    if not own.served:
        return t("Only you see: nobody served yet today.")
    served = t.plural("{n} served", "{n} served", own.served)
    if own.service_minutes is None:
        return t("Only you see: {served}.", served=served)
    return t(
        "Only you see: {served}, {n} min on average.", served=served, n=round(own.service_minutes)
    )


def _turned_away(request: Asked, lang: str, refusal: Refusal) -> Template | Redirect:
    language = lang if known(lang) else spoken(request)
    if refusal.code is Code.NOT_SIGNED_IN:
        return see(f"/{language}/staff")
    return refused(request, language, refusal, onward=f"/{language}/staff", here="/staff")


def _no(refusal: Refusal, lang: str, now: DeskNow | None) -> Response[Sorry]:
    said = sentence(refusal, lang)
    detail = f"{said.detail} {said.next_step}"
    return Response(
        Sorry(refusal.code, said.title, detail, now),
        status_code=STATUS.get(refusal.code, 409),
        headers={"cache-control": "no-store"},
    )


handlers = [desk, acted, stream]
