"""Triage on pages: one question a page, in the frame of the kiosk, of the tablet, or for phones.

Plain links and forms: nothing needs a script. A postcode or a card's number is only ever posted and
never kept; the address that follows names municipalities by key, or how the card stands.
"""

import unicodedata
from typing import Any

from litestar import MediaType, Response, Router, get, post
from litestar.response import Redirect, Template

from queue_service.flows.access import sessions
from queue_service.flows.bookings import cards
from queue_service.house import House
from queue_service.kiosk.triage import Tree, keys_in, undecided, walk
from queue_service.language import LANGUAGES, catalogue, pick
from queue_service.model.booking import Part
from queue_service.model.refusal import Refusal
from queue_service.model.triage import End, Kind, Outcome, Question
from queue_service.offices import municipalities
from queue_service.offices.jurisdiction import same_authority
from queue_service.rights import Act, check
from queue_service.slots import card_list
from queue_service.web.access import DEVICE_COOKIE, guessing
from queue_service.web.pages import Asked, Shown, known, page, see, spoken
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.applicant.wanted import visited
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.guide.room import Entrance, entered
from queue_service.web.pages.guide.room import shown as in_room
from queue_service.web.pages.kiosk.triage_shown import (
    Way,
    asked,
    chosen_among,
    ended,
    link_of,
    shared,
)
from queue_service.web.qr import svg

_AN_HOUR = "public, max-age=3600"


@get("/{lang:str}/kiosk/triage")
async def at_kiosk(
    request: Asked, house: House, lang: str, at: str = "", wrong: str = "", card: str = ""
) -> Shown:
    """A question or its end, for whoever stands at the kiosk."""
    way = await _kiosk(request, house, lang, at)
    return _shown(request, house, way, wrong=wrong, card=card) if isinstance(way, Way) else way


@post("/{lang:str}/kiosk/triage", status_code=200)
async def from_kiosk(request: Asked, house: House, lang: str) -> Shown:
    """A postcode or a card's number typed at the kiosk."""
    form = await request.form()
    way = await _kiosk(request, house, lang, text(form, "at"))
    return await _typed(request, house, way) if isinstance(way, Way) else way


@get("/{lang:str}/guide/triage")
async def at_entrance(
    request: Asked, house: House, lang: str, at: str = "", wrong: str = "", card: str = ""
) -> Shown:
    """The same as cards to show and to speak, in the visitor's language."""
    here = await entered(request, house, lang)
    if not isinstance(here, Entrance):
        return here
    way = _guide(house, here, at)
    return _shown(request, house, way, wrong=wrong, card=card, room=here)


@post("/{lang:str}/guide/triage", status_code=200)
async def from_entrance(request: Asked, house: House, lang: str) -> Shown:
    """A postcode or a card's number typed by a guide."""
    here = await entered(request, house, lang)
    if not isinstance(here, Entrance):
        return here
    form = await request.form()
    return await _typed(request, house, _guide(house, here, text(form, "at")))


@get("/{lang:str}/{office:str}/triage")
async def on_phone(
    request: Asked,
    house: House,
    lang: str,
    office: str,
    at: str = "",
    wrong: str = "",
    card: str = "",
) -> Shown:
    """Am I at the right authority? For phones, before anybody sets out."""
    way = _phone(request, house, lang, office, at)
    return _shown(request, house, way, wrong=wrong, card=card) if isinstance(way, Way) else way


@post("/{lang:str}/{office:str}/triage", status_code=200)
async def from_phone(request: Asked, house: House, lang: str, office: str) -> Shown:
    """A postcode or a card's number typed on a phone."""
    form = await request.form()
    way = _phone(request, house, lang, office, text(form, "at"))
    return await _typed(request, house, way) if isinstance(way, Way) else way


@get("/qr/triage/{office:str}/{name:str}")
async def picture(house: House, office: str, name: str, lang: str = "") -> Response[str]:
    """The link of an outcome as a picture: only links that the office's configuration names."""
    followed, (key, _, kind) = house.follower.office(office), name.partition(".")
    link = ""
    if followed is not None and kind == "svg":
        tree = followed.office.triage
        elsewhere = next((o for o in tree.outcomes if o.kind is End.ELSEWHERE), None)
        outcome = elsewhere if keys_in(key) else tree.outcome(key)
        tongue = lang if lang in LANGUAGES else LANGUAGES[0]
        way = Way(followed, tongue, "phone", "", "", (key,), house.settings.base_url)
        link = link_of(way, outcome) if outcome else ""
    if not link:
        return Response("", status_code=404, media_type=MediaType.TEXT)
    return Response(svg(link), media_type="image/svg+xml", headers={"cache-control": _AN_HOUR})


async def _kiosk(request: Asked, house: House, lang: str, at: str) -> Way | Template:
    key = request.cookies.get(DEVICE_COOKIE, "")
    device = await sessions.actor(house, key) if key else None
    followed = house.follower.office(device.office) if device else None
    allowed = device is not None and check(device, Act.CHECK_IN, device.office) is None
    if followed is None or not allowed or not known(lang):
        tongue = lang if known(lang) else spoken(request)
        title = catalogue(tongue)("This device is not enrolled")
        return page("kiosk/enrol.html", request, tongue, title=title, status=403, here="/kiosk")
    base = f"/{lang}/kiosk"
    return Way(followed, lang, "kiosk", f"{base}/triage", base, _given(at), house.settings.base_url)


def _guide(house: House, here: Entrance, at: str) -> Way:
    base = f"/{here.lang}/guide/triage"
    return Way(
        here.followed, here.lang, "guide", base, here.home, _given(at), house.settings.base_url
    )


def _phone(request: Asked, house: House, lang: str, office: str, at: str) -> Way | Template:
    followed = visited(request, house, lang, office)
    if isinstance(followed, Template):
        return followed
    home = f"/{lang}/{followed.office.slug}"
    return Way(followed, lang, "phone", f"{home}/triage", home, _given(at))


def _given(at: str) -> tuple[str, ...]:
    return tuple(part for part in at[:2_000].split(".") if part)


def _shown(
    request: Asked,
    house: House,
    way: Way,
    *,
    wrong: str,
    card: str,
    room: Entrance | None = None,
) -> Shown:
    tree = Tree.of(way.office)
    reached = walk(tree, way.given)
    if reached is None:
        return see(way.base if way.given else way.home)
    facts = shared(way, wrong)
    keys = keys_in(way.given[-1]) if way.given else ()
    if isinstance(reached, Question):
        open_still = undecided(tree, way.given)
        facts |= chosen_among(way, reached, open_still) if open_still else asked(way, reached)
    elif reached.kind is End.ELSEWHERE and not same_authority(way.office, keys):
        before = walk(tree, way.given[:-1])
        facts |= chosen_among(way, before, keys) if isinstance(before, Question) else {}
    else:
        facts |= ended(way, house, reached, card=card)
    title = pick(reached.text, way.lang)[0]
    if room is not None:
        return in_room(request, room, "triage", title, here=_here(way), **_own(facts))
    answer = page(
        f"triage/{way.frame}.html",
        request,
        way.lang,
        title=title,
        here=_here(way),
        rate=way.followed.clock.rate,
        start=f"/{LANGUAGES[0]}/kiosk",
        resting=False,
        sorry=None,
        **facts,
    )
    if way.frame == "kiosk":
        answer.headers["cache-control"] = "no-store"
    return answer


def _own(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts without those the tablet's room gives itself."""
    return {name: value for name, value in facts.items() if name not in ("office", "now")}


def _here(way: Way) -> str:
    """The address without its language, for the links to the other languages."""
    rest = f"/{way.page(way.given).lstrip('/').partition('/')[2]}"
    return rest.removeprefix("/guide") if way.frame == "guide" else rest


async def _typed(request: Asked, house: House, way: Way) -> Redirect:
    """What was typed on the page of these answers, and where that leads."""
    reached = walk(Tree.of(way.office), way.given)
    form = await request.form()
    if isinstance(reached, Question) and reached.kind is Kind.PLACE:
        given = way.given[:-1] if way.given and keys_in(way.given[-1]) else way.given
        return see(_place(way, given, text(form, "postcode")))
    if isinstance(reached, Outcome) and reached.kind is End.CARD:
        said = await _card(request, house, way, reached, text(form, "card"))
        return see(way.page(way.given, **said))
    return see(way.page(way.given))


def _place(way: Way, given: tuple[str, ...], typed: str) -> str:
    postcode = "".join(str(unicodedata.digit(c)) for c in typed[:20] if c.isdigit())
    if len(postcode) != municipalities.POSTCODE_DIGITS:
        return way.page(given, wrong="postcode")
    places = municipalities.of_postcode(postcode)
    if not places:
        return way.page(given, wrong="place")
    return way.page((*given, "-".join(place.ags for place in places)))


async def _card(
    request: Asked, house: House, way: Way, outcome: Outcome, typed: str
) -> dict[str, str]:
    if len(card_list.plain(typed)) not in card_list.SERIAL_LENGTHS:
        return {"wrong": "card"}
    if await guessing(request, house):
        return {"card": "slow"}
    if outcome.service is None:
        return {}
    keys = cards.keys_of(house, way.followed, (typed,))
    found = await cards.checked(house, way.followed, (Part(outcome.service, 1),), keys)
    return {"card": "not_ready" if isinstance(found, Refusal) else "ready"}


handlers = [
    Router(
        "/",
        route_handlers=[
            at_kiosk,
            from_kiosk,
            at_entrance,
            from_entrance,
            on_phone,
            from_phone,
            picture,
        ],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
