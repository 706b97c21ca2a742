"""Triage for programs: the tree of an office, and where answers lead. Nothing is kept."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk.triage import MOST_ANSWERS, Tree, keys_in, undecided, walk
from queue_service.model.asking import Referral
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import End, Kind, Outcome, Question
from queue_service.offices import municipalities
from queue_service.offices.jurisdiction import referral, same_authority
from queue_service.web.api.bookings import told
from queue_service.web.api.shapes import Body
from queue_service.web.cache import Cached, answer
from queue_service.web.problems import problem
from queue_service.web.sisters import own_place

AnyRequest = Request[Any, Any, Any]


class TriageBody(Body, frozen=True):
    """The answers so far, in order; where the question is a place, a postcode instead of a key."""

    answers: Annotated[
        tuple[Annotated[str, Meta(max_length=600)], ...], Meta(max_length=MOST_ANSWERS)
    ] = ()
    postcode: Annotated[str, Meta(max_length=20)] = ""


@get("/offices/{office:str}/triage", summary="The triage of an office")
async def tree(request: AnyRequest, house: House, office: FromPath[str]) -> Response[Any]:
    """Questions and outcomes with their texts; the walk starts at `first`."""
    followed = house.follower.office(office)
    if followed is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE, {"office": office[:80]}))
    found = followed.office.triage
    said = {"first": found.first, "questions": found.questions, "outcomes": found.outcomes}
    return answer(request, Cached.of(msgspec.json.encode(said)))


@post("/offices/{office:str}/triage", summary="Where answers lead", status_code=200)
async def step(
    request: AnyRequest, house: House, office: FromPath[str], data: TriageBody
) -> Response[Any]:
    """The next question, or the outcome with everything it needs.

    An ambiguous postcode is answered with `which_municipality` and its choices, never guessed.
    """
    followed = house.follower.office(office)
    if followed is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE, {"office": office[:80]}))
    walked = _walked(followed, data)
    if isinstance(walked, Refusal):
        return problem(request, walked)
    answers, reached = walked
    shown = _outcome(house, followed, answers, reached) if isinstance(reached, Outcome) else None
    asked = reached if isinstance(reached, Question) else None
    return told({"answers": answers, "question": asked, "outcome": shown})


def _walked(
    followed: Followed, data: TriageBody
) -> tuple[tuple[str, ...], Question | Outcome] | Refusal:
    found, answers = Tree.of(followed.office), data.answers
    reached = walk(found, answers)
    if any(municipalities.of_key(key) is None for said in answers for key in keys_in(said)):
        return Refusal(Code.UNKNOWN_PLACE, {"field": "answers"})
    if data.postcode and reached is not None:
        if not isinstance(reached, Question) or reached.kind is not Kind.PLACE:
            return Refusal(Code.INVALID, {"field": "postcode", "reason": "no place is asked here"})
        places = municipalities.of_postcode(data.postcode)
        if not places:
            return Refusal(Code.UNKNOWN_PLACE, {"field": "postcode"})
        answers = (*answers, "-".join(place.ags for place in places))
        reached = walk(found, answers)
    if reached is None:
        return Refusal(Code.INVALID, {"field": "answers", "reason": "no such path of this triage"})
    keys = keys_in(answers[-1]) if answers else ()
    ended = isinstance(reached, Outcome) and reached.kind is End.ELSEWHERE
    if undecided(found, answers) or (ended and not same_authority(followed.office, keys)):
        return Refusal(Code.WHICH_MUNICIPALITY, {"choices": _choices(keys)})
    return answers, reached


def _choices(keys: tuple[str, ...]) -> list[dict[str, str]]:
    places = sorted(place for key in keys if (place := municipalities.of_key(key)))
    return [{"ags": p.ags, "name": p.name, "district": p.district} for p in places]


def _outcome(
    house: House, followed: Followed, answers: tuple[str, ...], outcome: Outcome
) -> dict[str, object]:
    office = followed.office
    service = office.service(outcome.service or "")
    exemption = (
        next((e for e in service.exempt if e.key == outcome.exempt), None) if service else None
    )
    until = exemption.valid_to if exemption else service.not_needed_to if service else None
    lists = outcome.kind in (End.RESPONSIBLE, End.BOOK, End.CARD)
    keys = keys_in(answers[-1]) if outcome.kind is End.ELSEWHERE and answers else ()
    known: Referral | None = referral(office, keys[0]) if keys else None
    if known is not None:
        known = msgspec.structs.replace(known, ags=(), **own_place(house, known.office))
    return {
        "key": outcome.key,
        "kind": outcome.kind,
        "text": outcome.text,
        "detail": outcome.detail,
        "service": outcome.service,
        "need": outcome.need,
        "papers": outcome.papers,
        "bring": service.bring if service and lists else (),
        "valid_to": until if outcome.kind is End.NO_APPOINTMENT else None,
        "link": outcome.link,
        "responsible": known,
    }


handlers = [tree, step]
