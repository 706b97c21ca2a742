"""What guides do about somebody in the house: mark, note papers, hand an emergency over.

An emergency is never a form that waits for a better network: its screen says so, and the guide
walks. Whether a case worker accepts or passes comes back by a stream.
"""

from collections.abc import Mapping

import msgspec
from litestar import Response, Router, get, post
from litestar.types import ASGIApp

from queue_service.events.chapters import AnyFact
from queue_service.floor.line import overdue
from queue_service.flows.desks import hands
from queue_service.flows.entrance import arriving, guiding
from queue_service.flows.entrance.guiding import Colleague
from queue_service.house import House
from queue_service.language import LANGUAGES, catalogue, pick
from queue_service.language.guide_words import handed
from queue_service.model.ids import ActorId, address
from queue_service.model.refusal import Refusal
from queue_service.model.triage import Need
from queue_service.model.visit import ANYBODY, Visit
from queue_service.web.live import states
from queue_service.web.pages import Asked, Shown, see
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.guide.room import Entrance, entered, shown
from queue_service.web.pages.guide.visit import foreign, visit_at

_encode = msgspec.json.Encoder().encode
_LONGEST_SENTENCE = 200


@get("/{lang:str}/guide/emergency")
async def emergency(
    request: Asked, house: House, lang: str, visit: str = "", language: str = ""
) -> Shown:
    """To whom, in which language, and one sentence; for somebody new or somebody who waits."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    if not language and at.lang != at.own:
        # From the visitor's cards: the guide fills this in.
        language, at = at.lang, msgspec.structs.replace(at, lang=at.own)
    found = await visit_at(house, at, visit) if visit else None
    if isinstance(found, Refusal):
        return see(f"{at.home}?sorry={found.code}")
    return shown(
        request,
        at,
        "emergency",
        catalogue(at.lang)("Emergency: hand over now"),
        here="/emergency",
        visit=found,
        public=visit,
        services=[s for s in at.followed.office.services if s.emergency and s.walk_in],
        colleagues=[_named(at, c) for c in await guiding.colleagues(house, at.followed)],
        deserted=not guiding.case_workers_open(at.followed),
        chosen_language=language if language in LANGUAGES else "",
    )


def _named(at: Entrance, colleague: Colleague) -> tuple[int, str]:
    t, counter = catalogue(at.lang), at.followed.office.counter(colleague.counter)
    if counter is None:
        return colleague.actor, f"{colleague.name} · {t('at no open counter')}"
    place = pick(counter.name, at.lang)[0]
    state = t("free") if colleague.free else t("with somebody")
    return colleague.actor, f"{colleague.name} · {place} · {state}"


@post("/{lang:str}/guide/emergency", status_code=200)
async def hand_over(request: Asked, house: House, lang: str) -> Shown:
    """Give a number where there is none, and hand over; then the clock is shown."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    form = await request.form()
    public = text(form, "visit")[:80]
    if not public:
        entered_now = await _emergency(house, at, form)
        if isinstance(entered_now, Refusal):
            return see(f"/{at.lang}/guide/emergency?sorry={entered_now.code}")
        public = entered_now
    key = text(form, "idempotency_key")[:64]
    done = foreign(at, public) or await hands.hand_over(
        house,
        public,
        at.actor.id,
        to=_to(form),
        sentence=text(form, "sentence")[:_LONGEST_SENTENCE],
        key=f"{key}-hand" if key else None,
    )
    if isinstance(done, Refusal):
        return see(f"/{at.lang}/guide/emergency?sorry={done.code}")
    return see(f"/{at.own}/guide/hands")


async def _emergency(house: House, at: Entrance, form: Mapping[str, object]) -> str | Refusal:
    """The visit of somebody who has just come with an emergency."""
    spoken_there, slug = text(form, "language"), at.followed.key.slug
    given = await arriving.walk_in(
        house,
        slug,
        service=text(form, "service")[:40],
        language=spoken_there if spoken_there in LANGUAGES else at.lang,
        urgency=Need.N0,
        by=at.actor.id,
        key=text(form, "idempotency_key")[:64] or None,
    )
    return given if isinstance(given, Refusal) else address(slug, given.visit)


def _to(form: Mapping[str, object]) -> ActorId:
    said = text(form, "to")
    return ActorId(int(said)) if said.isascii() and said.isdigit() and len(said) < 10 else ANYBODY


class HandRow(msgspec.Struct, frozen=True):
    """An emergency on its way, as the tablet shows it."""

    visit: str
    number: str
    since: str
    state: str
    taken: bool


@get("/{lang:str}/guide/hands")
async def handed_over(request: Asked, house: House, lang: str) -> Shown:
    """Every emergency on its way to a case worker, and those that one has accepted."""
    at = await entered(request, house, lang)
    if not isinstance(at, Entrance):
        return at
    title = catalogue(at.lang)("Emergencies handed over")
    rows = await _rows(house, at)
    return shown(request, at, "hands", title, here="/hands", hands=rows, seq=at.followed.seq)


@get("/{lang:str}/guide/hands/stream", include_in_schema=False)
async def stream(request: Asked, house: House, lang: str, after: int | None = None) -> ASGIApp:
    """The same rows whenever somebody in the house moves."""
    guide = await entered(request, house, lang)
    if not isinstance(guide, Entrance):
        nobody: Response[None] = Response(None, status_code=403)
        return nobody.to_asgi_response(app=None, request=request)

    async def state() -> tuple[int, bytes]:
        return guide.followed.seq, _encode(await _rows(house, guide))

    return states(guide.followed, house.closing, after=after, concerns=_moves, state=state)


def _moves(fact: AnyFact) -> bool:
    return bool(fact.visits)


async def _rows(house: House, at: Entrance) -> list[HandRow]:
    line, office = at.followed.line, at.followed.office
    names = {c.actor: c.name for c in await guiding.colleagues(house, at.followed)}
    return [_row(at, visit, "", names) for visit in line.handed()] + [
        _row(at, visit, pick(counter.name, at.lang)[0], names)
        for visit in guiding.accepted(at.followed)
        if visit.counter and (counter := office.counter(visit.counter)) is not None
    ]


def _row(at: Entrance, visit: Visit, counter: str, names: Mapping[ActorId, str]) -> HandRow:
    hand, now = visit.hand, at.followed.now()
    since = hand.at if hand else visit.due
    return HandRow(
        address(at.followed.key.slug, visit.id),
        visit.number,
        since.astimezone(at.followed.office.tz).isoformat(),
        handed(
            at.lang,
            counter=counter,
            named=names.get(hand.to, "") if hand and hand.to != ANYBODY else "",
            passed=len(hand.passed) if hand else 0,
            overdue=hand is not None and overdue(hand, now, at.followed.office.line),
            unattended=hand is not None and hand.unattended,
        ),
        bool(counter),
    )


handlers = [
    Router(
        "/",
        route_handlers=[emergency, hand_over, handed_over, stream],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
