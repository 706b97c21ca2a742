"""Somebody in the house: their number and place to show, what they need, and paper for the pocket.

The card is in the visitor's language, everything around it in the guide's.
"""

import msgspec
from litestar import Router, get, post
from litestar.datastructures import FormMultiDict

from queue_service.flows.desks import journeys, notes
from queue_service.flows.desks.undoing_own import own_last_on
from queue_service.flows.entrance import guiding
from queue_service.house import House
from queue_service.language import (
    catalogue,
    direction,
    floor_words,
    instruction,
    pick,
    visit_state,
)
from queue_service.language.guide_words import explained, missing
from queue_service.model.booking import Part
from queue_service.model.ids import VisitId, split_address
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import OPEN, Aid, Visit, VisitState
from queue_service.web.pages import Asked, Shown, see
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.guide.room import Entrance, entered, shown


def visit_page(at: Entrance, public: str, told: str = "") -> str:
    """The address of a visit's screen, with the code of what the visitor does now."""
    return f"/{at.own}/guide/visit/{public}" + (f"?told={told}" if told else "")


async def visit_at(house: House, at: Entrance, public: str) -> Visit | Refusal:
    """The visit of a public id in the guide's own office."""
    return foreign(at, public) or await guiding.of_visit(
        house, at.followed, split_address(public)[1]
    )


def foreign(at: Entrance, public: str) -> Refusal | None:
    """A refusal where the public id is of another office."""
    elsewhere = split_address(public)[0] != at.followed.key.slug
    return Refusal(Code.UNKNOWN_VISIT) if elsewhere else None


async def told_missing(
    house: House, at: Entrance, parts: tuple[Part, ...], of: VisitId, form: FormMultiDict
) -> None:
    """Leave with the visit which papers were ticked as missing; nothing where none was."""
    papers = guiding.papers(at.followed, parts)
    ticked = {str(value) for value in form.getall("missing", [])}
    names = [paper.get("de", "") for n, paper in enumerate(papers) if str(n) in ticked]
    if names:
        await notes.leave(house, at.followed, of, missing(names, "de"), at.actor.id)


@get("/{lang:str}/guide/visit/{public:str}")
async def visit(request: Asked, house: House, lang: str, public: str, told: str = "") -> Shown:
    """Somebody in the house: their number, where they stand and why, and what guides can do."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    found = await visit_at(house, at, public)
    if isinstance(found, Refusal):
        return see(f"{at.home}?sorry={found.code}")
    return shown(
        request,
        at,
        "visit",
        catalogue(at.lang)("Number {number}", number=found.number),
        here=f"/visit/{public}",
        public=public,
        visit=found,
        open=found.state in OPEN,
        waiting=found.state is VisitState.WAITING,
        state=visit_state(found.state, at.lang),
        urgency=floor_words.urgency(found.urgency, at.lang) if found.urgency else "",
        card=_card(at, found, told),
        aids=[(a.value, floor_words.aid(a, at.lang), a in found.aids) for a in Aid],
        own=await own_last_on(house, at.followed, found, at.actor.id),
        notes=[note.text for note in await notes.of_visit(house, at.followed, found.id)],
        papers=guiding.papers(at.followed, found.parts),
    )


@get("/{lang:str}/guide/visit/{public:str}/paper")
async def paper(request: Asked, house: House, lang: str, public: str) -> Shown:
    """The ticket on paper, for people without a phone: number, what happens next, the picture."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    found = await visit_at(house, at, public)
    if isinstance(found, Refusal):
        return see(f"{at.home}?sorry={found.code}")
    title = catalogue(at.lang)("Number {number}", number=found.number)
    return shown(
        request,
        at,
        "paper",
        title,
        here=f"/visit/{public}/paper",
        visit=found,
        code=house.keys.ticket(found.id),
        card=_card(at, found, ""),
        german=instruction("wait", "de"),
        back=visit_page(at, public),
    )


class Card(msgspec.Struct, frozen=True):
    """What is shown and said to the visitor, in their language."""

    lang: str
    dir: str
    number: str
    instruction: str
    counter: str
    why: list[str]


def _card(at: Entrance, found: Visit, told: str) -> Card:
    place, lang = guiding.place(at.followed, found), found.language
    wait = (place.wait.from_minutes, place.wait.to_minutes) if place.wait else None
    counter = at.followed.office.counter(found.counter) if found.counter else None
    called = found.state is VisitState.CALLED
    return Card(
        lang,
        direction(lang),
        found.number,
        instruction(told or "wait", lang) if found.state is VisitState.WAITING else "",
        pick(counter.name, lang)[0] if counter and called else "",
        explained(
            lang,
            state=place.state,
            need=place.need,
            ahead=place.ahead,
            emergencies_ahead=place.emergencies_ahead,
            wait=wait,
            due=place.due,
            now=at.followed.now(),
        ),
    )


@post("/{lang:str}/guide/visit/{public:str}/mark", status_code=200)
async def marked(request: Asked, house: House, lang: str, public: str) -> Shown:
    """Note what somebody needs, so that desks know before the call."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    form = await request.form()
    ticked = {str(value) for value in form.getall("aid", [])}
    done = foreign(at, public) or await journeys.mark(
        house,
        public,
        at.actor.id,
        aids=tuple(aid for aid in Aid if aid.value in ticked),
        key=text(form, "idempotency_key")[:64] or None,
    )
    return see(f"/{at.lang}/guide/visit/{public}?{_after(done, 'marked')}")


@post("/{lang:str}/guide/visit/{public:str}/papers", status_code=200)
async def papers(request: Asked, house: House, lang: str, public: str) -> Shown:
    """Tell the desk which papers are missing."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    found = await visit_at(house, at, public)
    if isinstance(found, Refusal):
        return see(f"{at.home}?sorry={found.code}")
    await told_missing(house, at, found.parts, found.id, await request.form())
    return see(f"/{at.lang}/guide/visit/{public}?done=papers")


def _after(done: object, what: str) -> str:
    return f"sorry={done.code}" if isinstance(done, Refusal) else f"done={what}"


handlers = [
    Router(
        "/",
        route_handlers=[visit, paper, marked, papers],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
