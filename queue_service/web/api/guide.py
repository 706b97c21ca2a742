"""For guides and their tablets: photos of codes, what they are worth, whose they are, and why."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from queue_service.flows.desks.undoing_own import undo_own
from queue_service.flows.entrance import arriving, finding, guiding, pictures, taken_along
from queue_service.flows.entrance.finding import CODE_END, Found, SoughtReason
from queue_service.flows.entrance.guiding import Seen
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import negotiate, pick, sentence
from queue_service.language.guide_words import explained
from queue_service.model.booking import Booking, Part
from queue_service.model.ids import address, split_address
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import Visit
from queue_service.rights import Act, Actor
from queue_service.web.access import actor_of, allowed, crowding
from queue_service.web.api.bookings import Key, told
from queue_service.web.api.kiosk import ticket_given
from queue_service.web.api.shapes import Body
from queue_service.web.cache import Cached, answer
from queue_service.web.problems import problem

AnyRequest = Request[Any, Any, Any]
_SLOWER = Refusal(Code.TOO_MANY, {"retry_after_seconds": 5})


class LookBody(Body, frozen=True):
    """A code, a signed confirmation, a ticket or its number, as scanned or typed."""

    said: Annotated[str, Meta(min_length=1, max_length=400)]


class SeekBody(Body, frozen=True):
    """Somebody without code; what is said here is kept nowhere but for the reason."""

    letters: Annotated[str, Meta(min_length=2, max_length=4)]
    """The first two letters of a word of the name."""
    birth_date: date
    reason: SoughtReason


@post(
    "/guide/decode",
    summary="The code in a photo",
    status_code=200,
    request_max_body_size=pictures.MOST_BYTES,
)
async def decode(request: AnyRequest, house: House) -> Response[Any]:
    """Take a picture (`image/jpeg`, `image/png`, `image/webp`) and say the one code in it.

    Nothing of the picture is kept.
    """
    actor = await actor_of(request, house)
    guide = await allowed(request, house, Act.GUIDE, actor.office if actor else "")
    if isinstance(guide, Refusal):
        return problem(request, guide)
    if await crowding(request, f"photo {guide.id}"):
        return problem(request, _SLOWER)
    found = await pictures.decode(await request.body())
    return problem(request, found) if isinstance(found, Refusal) else told({"code": found})


@post("/guide/{office:str}/looks", summary="What is this worth?", status_code=200)
async def look(
    request: AnyRequest, house: House, office: FromPath[str], data: LookBody
) -> Response[Any]:
    """Genuine or not, and the appointment or visit behind it; changes nothing, names nobody."""
    at = await _at(request, house, Act.GUIDE, office)
    if isinstance(at, Refusal):
        return problem(request, at)
    found = await guiding.look(house, at[1], data.said)
    if isinstance(found, Refusal):
        return problem(request, found)
    return told(_looked(at[1], found, _language(request)))


@post("/guide/{office:str}/people", summary="Find somebody without code", status_code=200)
async def seek(
    request: AnyRequest, house: House, office: FromPath[str], data: SeekBody
) -> Response[Any]:
    """Appointments from today on of whoever fits exactly, at most three; never a name.

    Only for staff who signed in. That they looked, and why, stands in the journal.
    """
    at = await _at(request, house, Act.FIND_PERSON, office)
    if isinstance(at, Refusal):
        return problem(request, at)
    if await crowding(request, f"person {at[0].id}"):
        return problem(request, _SLOWER)
    people = await finding.find(
        house,
        office,
        letters=data.letters,
        birth_date=data.birth_date,
        reason=data.reason,
        by=at[0].id,
    )
    if isinstance(people, Refusal):
        return problem(request, people)
    return told({"people": [_found(each) for each in people]})


@post("/guide/bookings/{booking:str}/check-in", summary="Check somebody in", status_code=201)
async def check_in(
    request: AnyRequest, house: House, booking: FromPath[str], key: Key = None
) -> Response[Any]:
    """Check in whose appointment was found, as with its code."""
    slug, local = split_address(booking)
    at = await _at(request, house, Act.CHECK_IN, slug)
    if isinstance(at, Refusal):
        return problem(request, at)
    found = await guiding.of_booking(house, at[1], local)
    if isinstance(found, Refusal) or found.booking is None or found.booking.code is None:
        return problem(request, Refusal(Code.UNKNOWN_BOOKING))
    given = await arriving.check_in(house, slug, found.booking.code, by=at[0].id, key=key)
    return ticket_given(request, given)


@get("/guide/visits/{visit:str}", summary="Explain somebody's place")
async def explain(request: AnyRequest, house: House, visit: FromPath[str]) -> Response[Any]:
    """Who is before them and why, in the language of the request: the visitor's."""
    slug, local = split_address(visit)
    at = await _at(request, house, Act.GUIDE, slug)
    if isinstance(at, Refusal):
        return problem(request, at)
    found = await guiding.of_visit(house, at[1], local)
    if isinstance(found, Refusal):
        return problem(request, found)
    return told(_visit(at[1], found, _language(request)))


@post("/guide/visits/{visit:str}/undo", summary="Take one's own act back", status_code=200)
async def undo(
    request: AnyRequest, house: House, visit: FromPath[str], key: Key = None
) -> Response[Any]:
    """Take back one's own last act on a visit within its seconds: a number given, a mark, a hand.

    A number that was taken back is `withdrawn`: an appointment can be checked in again. What
    somebody else did is theirs to take back.
    """
    slug, _ = split_address(visit)
    at = await _at(request, house, Act.UNDO_OWN, slug)
    if isinstance(at, Refusal):
        return problem(request, at)
    done = await undo_own(house, visit, at[0].id, key=key)
    if isinstance(done, Refusal):
        return problem(request, done)
    return told(_visit(at[1], done, _language(request)))


@get("/guide/{office:str}/kit", summary="What a tablet takes along")
async def kit(request: AnyRequest, house: House, office: FromPath[str]) -> Response[Any]:
    """Cards, lists of papers and neighbouring authorities for the hour without network."""
    at = await _at(request, house, Act.GUIDE, office)
    if isinstance(at, Refusal):
        return problem(request, at)
    packed = Cached.of(msgspec.json.encode(taken_along.kit(at[1])))
    return answer(request, packed, cache_control="private, no-cache")


async def _at(
    request: AnyRequest, house: House, act: Act, office: str
) -> tuple[Actor, Followed] | Refusal:
    actor = await allowed(request, house, act, office)
    if isinstance(actor, Refusal):
        return actor
    followed = house.follower.office(office)
    return (actor, followed) if followed else Refusal(Code.UNKNOWN_OFFICE)


def _looked(office: Followed, found: Seen, language: str) -> dict[str, object]:
    refused = found.admission if isinstance(found.admission, Refusal) else None
    said = sentence(refused, language) if refused else None
    return {
        "verdict": found.verdict,
        "office": found.office or None,
        "start": found.start,
        "booking": _booking(office, found.booking) if found.booking else None,
        "not_now": refused
        and said
        and {"code": refused.code, "title": said.title, "detail": said.detail},
        "visit": _visit(office, found.visit, language) if found.visit else None,
    }


def _booking(office: Followed, booking: Booking) -> dict[str, object]:
    return {
        "booking": address(office.key.slug, booking.id),
        "code_end": (booking.code or "")[-CODE_END:],
        "state": booking.state,
        "start": booking.start.astimezone(office.office.tz),
        "services": _services(booking.parts),
    }


def _found(found: Found) -> dict[str, object]:
    return {
        "booking": found.booking,
        "code_end": found.code_end,
        "state": found.state,
        "start": found.start,
        "services": _services(found.parts),
    }


def _services(parts: tuple[Part, ...]) -> list[dict[str, object]]:
    return [{"service": part.service, "persons": part.persons} for part in parts]


def _visit(office: Followed, visit: Visit, language: str) -> dict[str, object]:
    place = guiding.place(office, visit)
    wait = (place.wait.from_minutes, place.wait.to_minutes) if place.wait else None
    why = explained(
        language,
        state=place.state,
        need=place.need,
        ahead=place.ahead,
        emergencies_ahead=place.emergencies_ahead,
        wait=wait,
        due=place.due,
        now=office.now(),
    )
    return {
        "visit": address(office.key.slug, visit.id),
        "number": visit.number,
        "state": place.state,
        "need": place.need,
        "ahead": place.ahead,
        "emergencies_ahead": place.emergencies_ahead,
        "wait": {"from": wait[0], "to": wait[1]} if wait else None,
        "waited_minutes": place.waited_minutes,
        "target_minutes": place.target_minutes,
        "why": why,
        "papers": [pick(paper, language)[0] for paper in guiding.papers(office, visit.parts)],
    }


def _language(request: AnyRequest) -> str:
    return negotiate(request.headers.get("accept-language", ""))


handlers = [decode, look, seek, check_in, explain, undo, kit]
