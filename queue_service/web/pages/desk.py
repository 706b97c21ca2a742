"""Call desk: who is here, who is next and why; one key an act, everything can be taken back.

Every act is a form that answers with a redirect; a script asks for JSON instead and gets the desk
in words, as the stream tells them. A refusal says why, in both.
"""

from typing import Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.response import Redirect, Template
from litestar.types import ASGIApp

from queue_service.events.chapters import AnyFact
from queue_service.flows import serving
from queue_service.flows.serving import DeskShown
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import pick, sentence
from queue_service.model.ids import split_address
from queue_service.model.office import Counter
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor
from queue_service.web.access import allowed
from queue_service.web.live import states
from queue_service.web.pages import STATUS, Asked, known, page, refused, see, spoken
from queue_service.web.pages.answers import text
from queue_service.web.pages.desk_words import DeskNow, in_words

_encode = msgspec.json.Encoder().encode


class Seat(msgspec.Struct, frozen=True):
    """Somebody who may work at a counter, and where that is."""

    actor: Actor
    followed: Followed
    counter: Counter
    public: str


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
    now = serving.shown(seat.followed, seat.counter)
    code = request.query_params.get("sorry", "")
    shown = page(
        "desk/desk.html",
        request,
        lang,
        title=pick(seat.counter.name, lang)[0],
        office=seat.followed.office,
        counter=seat.counter,
        here_url=f"/{lang}/desk/{counter}",
        now=_words(now, seat, lang),
        sorry=sentence(Refusal(Code(code)), lang) if code in set(Code) else None,
        login=seat.actor.name,
    )
    shown.headers["cache-control"] = "no-store"
    return shown


@post("/{lang:str}/desk/{counter:str}/{act:str}", status_code=200)
async def acted(
    request: Asked, house: House, lang: str, counter: str, act: str
) -> Template | Redirect | Response[Any]:
    """One act of this desk; the answer is the desk as it stands then."""
    seat = await _seat(request, house, counter, Act.CALL)
    wants_json = MediaType.JSON in request.headers.get("accept", "")
    if isinstance(seat, Refusal):
        return _no(seat, lang, None) if wants_json else _turned_away(request, lang, seat)
    lang = lang if known(lang) else spoken(request)
    result = await _do(house, seat, act, await request.form())
    if isinstance(result, Refusal):
        if wants_json:
            words = _words(serving.shown(seat.followed, seat.counter), seat, lang)
            return _no(result, lang, words)
        return see(f"/{lang}/desk/{counter}?sorry={result.code}")
    if wants_json:
        words = _words(serving.shown(seat.followed, seat.counter), seat, lang)
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

    async def state() -> tuple[int, bytes]:
        now = _words(serving.shown(seat.followed, seat.counter), seat, lang)
        return now.seq, _encode(now)

    return states(seat.followed, house.closing, after=after, concerns=_moves_the_line, state=state)


def _moves_the_line(fact: AnyFact) -> bool:
    return bool(fact.visits)


async def _do(house: House, seat: Seat, act: str, form: FormMultiDict) -> DeskShown | Refusal:
    key = text(form, "idempotency_key")[:64] or None
    by, visit = seat.actor.id, text(form, "visit")[:80]
    if act == "next":
        return await serving.call_next(house, seat.public, by, key)
    if act == "call":
        return await serving.call_number(house, seat.public, text(form, "number")[:10], by, key)
    on_visit = {
        "recall": serving.recall,
        "missed": serving.missed,
        "finish": serving.finish,
        "undo": serving.undo,
    }.get(act)
    if on_visit is None or split_address(visit)[0] != seat.followed.key.slug:
        return Refusal(Code.UNKNOWN_VISIT)
    return await on_visit(house, visit, by, key)


async def _seat(request: Asked, house: House, public: str, act: Act) -> Seat | Refusal:
    found = serving.at(house, public)
    if isinstance(found, Refusal):
        return found
    followed, counter = found
    actor = await allowed(request, house, act, followed.key.slug)
    return actor if isinstance(actor, Refusal) else Seat(actor, followed, counter, public)


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


def _words(shown: DeskShown, seat: Seat, lang: str) -> DeskNow:
    return in_words(shown, seat.followed.office, seat.followed.clock, lang)


handlers = [desk, acted, stream]
