"""Paper numbers come back: the sheet that was filled in by hand, typed in by staff."""

from datetime import time

from litestar import Router, get, post
from litestar.response import Template

from queue_service.flows.entrance import paper
from queue_service.flows.entrance.paper import PaperRow, Taken
from queue_service.house import House
from queue_service.language import catalogue, pick, sentence
from queue_service.model.office import Service
from queue_service.model.refusal import Refusal
from queue_service.rights import Act
from queue_service.web.pages import Asked, Shown, page
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.staff.appointments import Room, room

ROWS = 10
MOST_PERSONS = 50
_FIELDS = ("number", "time", "service", "persons")
Typed = dict[str, str]


@get("/{lang:str}/staff/{office:str}/paper-numbers")
async def empty(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Ten empty rows."""
    at = await room(request, house, lang, office, Act.RETURN_PAPER)
    return _shown(request, at, [], []) if isinstance(at, Room) else at


@post("/{lang:str}/staff/{office:str}/paper-numbers", status_code=200)
async def take(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Take the rows in; one that cannot be taken stays in the form with the reason."""
    at = await room(request, house, lang, office, Act.RETURN_PAPER)
    if not isinstance(at, Room):
        return at
    form, t = await request.form(), catalogue(at.lang)
    typed = [{name: text(form, f"{name}_{n}") for name in _FIELDS} for n in range(ROWS)]
    typed = [each for each in typed if each["number"].strip()]
    rows: list[PaperRow] = []
    sent, left, said = list[Typed](), list[Typed](), list[str]()
    for each in typed:
        row = _row(each)
        if row is None:
            left.append(each)
            said.append(t("{number}: the time or the persons cannot be read.", **_numbered(each)))
        else:
            rows.append(row)
            sent.append(each)
    found = await paper.take_back_in(house, office, rows, at.actor.id) if rows else ()
    if isinstance(found, Refusal):
        return _shown(request, at, typed, [sentence(found, at.lang).title])
    for taken in found:
        if taken.refusal is not None:
            left.append(sent[taken.row - 1])
            said.append(f"{taken.number}: {sentence(taken.refusal, at.lang).title}")
    return _shown(request, at, left, said, found)


def _numbered(each: Typed) -> dict[str, object]:
    return {"number": each["number"].strip()[:10]}


def _row(each: Typed) -> PaperRow | None:
    try:
        persons = int(each["persons"] or "1")
        at = time.fromisoformat(each["time"].strip())
    except ValueError:
        return None
    wrong = at.tzinfo is not None or not 1 <= persons <= MOST_PERSONS
    return None if wrong else PaperRow(each["number"], each["service"], persons, at)


def _shown(
    request: Asked, at: Room, left: list[Typed], said: list[str], found: tuple[Taken, ...] = ()
) -> Template:
    office = at.followed.office
    blank = dict.fromkeys(_FIELDS, "")
    offered = sorted((s for s in office.services if s.walk_in and not s.emergency), key=_order)
    return page(
        "staff/paper_numbers.html",
        request,
        at.lang,
        title=catalogue(at.lang)("Paper numbers"),
        kept=False,
        here=f"/staff/{office.slug}/paper-numbers",
        self_url=f"/{at.lang}/staff/{office.slug}/paper-numbers",
        back_url=f"/{at.lang}/staff/{office.slug}/day-list",
        services=[(s.code, pick(s.name, at.lang)[0]) for s in offered],
        rows=[*left, *[blank] * (ROWS - len(left))],
        said=said,
        taken=[each.number for each in found if each.refusal is None],
    )


def _order(service: Service) -> int:
    return service.order


handlers = [Router("/", route_handlers=[empty, take], exception_handlers=PAGE_FAULTS)]
