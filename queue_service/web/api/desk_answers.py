"""A desk as the API tells it, with the sentences its clerk reads."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, Response

from queue_service.events.floor import WhyNext
from queue_service.flows.desks.at_desk import Stands
from queue_service.flows.desks.desk_shown import DeskShown, VisitShown
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import negotiate, pick, why_next
from queue_service.model.ids import ActorId, split_address
from queue_service.model.refusal import Refusal
from queue_service.rights import Act
from queue_service.web.access import acting
from queue_service.web.api.bookings import told
from queue_service.web.problems import problem

AnyRequest = Request[Any, Any, Any]
Acting = Callable[[House, ActorId], Awaitable[DeskShown | Stands | Refusal]]
"""An act at a desk or on a visit, by whoever asks; with the house whose turn proves who that is."""
Waiting = tuple[VisitShown, ...]
MOST_LINES = 64
_lines: dict[tuple[int, str], tuple[Waiting, msgspec.Raw]] = {}
"""Lists as JSON by identity, with the list itself, so that no other can get its identity."""
_encode = msgspec.json.Encoder().encode


def language_of(request: AnyRequest) -> str:
    """The language of the sentences."""
    return negotiate(request.headers.get("accept-language", ""))


async def done(
    request: AnyRequest, house: House, public: str, act: Act, do: Acting
) -> Response[Any]:
    """Do it as whoever asks, when they may in the office of the counter or visit `public`."""
    office = split_address(public)[0]
    shown: DeskShown | Stands | Refusal = await acting(
        request, house, act, office, lambda house, actor: do(house, actor.id)
    )
    return told(shown) if isinstance(shown, Stands) else desk_answer(request, house, shown)


def desk_answer(request: AnyRequest, house: House, shown: DeskShown | Refusal) -> Response[Any]:
    """The desk after an act, or why the act was refused."""
    if isinstance(shown, Refusal):
        return problem(request, shown)
    return told(desk_json(house, shown, language_of(request)))


def desk_json(house: House, shown: DeskShown, language: str) -> dict[str, object]:
    """A desk with the sentences its clerk reads."""
    office = house.follower.offices[shown.office]
    said = msgspec.structs.asdict(shown)
    said["current"] = _visit(office, shown.current, language) if shown.current else None
    said["waiting"] = _line(office, shown.waiting, language)
    said["parked"] = [_visit(office, v, language) for v in shown.parked]
    return said


def _line(office: Followed, waiting: Waiting, language: str) -> msgspec.Raw:
    """Who waits, written once for all desks that show the same list (`desk_shown.waiting`)."""
    key = (id(waiting), language)
    known = _lines.get(key)
    if known is None:
        said = msgspec.Raw(_encode([_visit(office, v, language) for v in waiting]))
        known = _lines[key] = waiting, said
        if len(_lines) > MOST_LINES:
            del _lines[next(iter(_lines))]
    return known[1]


def _visit(office: Followed, shown: VisitShown, language: str) -> dict[str, object]:
    said = msgspec.structs.asdict(shown)
    service = office.office.service(shown.service)
    said["service_name"] = pick(service.name, language)[0] if service else shown.service
    why = WhyNext(
        shown.why or "by_number",
        shown.waited_minutes,
        shown.target_minutes,
        shown.ahead_passed,
        shown.reason,
    )
    said["why"] = {
        "code": shown.why,
        "waited_minutes": shown.waited_minutes,
        "target_minutes": shown.target_minutes,
    }
    said["text"] = why_next(why, language) if shown.why else ""
    said["here"] = [{"service": s.service, "step": s.step} for s in shown.here]
    said["later"] = [{"service": s.service, "step": s.step} for s in shown.later]
    return said
