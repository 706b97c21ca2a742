"""For staff after an outage: the numbers that were given on paper."""

from datetime import time
from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.params import FromPath
from msgspec import Meta

from queue_service.flows.entrance import paper
from queue_service.flows.entrance.paper import MOST_ROWS, Meant, PaperRow, Taken
from queue_service.house import House
from queue_service.model.refusal import Refusal
from queue_service.rights import Act
from queue_service.web.access import allowed
from queue_service.web.api.bookings import told
from queue_service.web.api.shapes import Body, Language
from queue_service.web.problems import problem

LocalTime = Annotated[time, Meta(tz=False, description="Local time without offset")]


class PaperRowBody(Body, frozen=True):
    """One line of the sheet: somebody without an appointment by service, or an appointment."""

    number: Annotated[str, Meta(max_length=10)]
    time: LocalTime
    service: Annotated[str, Meta(max_length=40)] = ""
    persons: Annotated[int, Meta(ge=1, le=50)] = 1
    language: Language | None = None
    """Without it that of the appointment, else German."""
    appointment: Annotated[
        str, Meta(max_length=20, description="Code, or the beginning the day list shows bold")
    ] = ""
    """Services and persons are then its own."""


class PaperBody(Body, frozen=True):
    """Lines of a sheet, in any order."""

    rows: Annotated[tuple[PaperRowBody, ...], Meta(min_length=1, max_length=MOST_ROWS)]


@post("/offices/{office:str}/paper-numbers", summary="Take paper numbers back in", status_code=200)
async def take(
    request: Request[Any, Any, Any], house: House, office: FromPath[str], data: PaperBody
) -> Response[Any]:
    """Each row is told for itself, in the order of the times; sent again, nothing comes twice.

    Only numbers of the office's own sheets of today count. What became of each row is answered in
    the order sent; a refused one leaves the others alone.
    """
    actor = await allowed(request, house, Act.RETURN_PAPER, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    found = await paper.take_back_in(house, office, _rows(data), actor.id)
    if isinstance(found, Refusal):
        return problem(request, found)
    return told({"rows": [_row(each) for each in found]})


@post(
    "/offices/{office:str}/paper-numbers/preview",
    summary="What paper numbers would mean",
    status_code=200,
)
async def preview(
    request: Request[Any, Any, Any], house: House, office: FromPath[str], data: PaperBody
) -> Response[Any]:
    """What each row means as things stand, and why it would be refused; nothing is told.

    The beginning of a code is answered with the whole code: send that to be sure.
    """
    actor = await allowed(request, house, Act.RETURN_PAPER, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    found = await paper.look(house, office, _rows(data))
    if isinstance(found, Refusal):
        return problem(request, found)
    return told({"rows": [_meant(each) for each in found]})


def _rows(data: PaperBody) -> list[PaperRow]:
    return [
        PaperRow(r.number, r.service, r.persons, r.time, r.language or "", r.appointment)
        for r in data.rows
    ]


def _meant(meant: Meant) -> dict[str, object]:
    return {
        "row": meant.row,
        "number": meant.number,
        "at": meant.at,
        "services": [{"service": p.service, "persons": p.persons} for p in meant.parts],
        "language": meant.language,
        "appointment": meant.code or None,
        "start": meant.start,
        "late": meant.late,
        "known": meant.known,
        "code": meant.refusal.code if meant.refusal else None,
    }


def _row(taken: Taken) -> dict[str, object]:
    return {
        "row": taken.row,
        "number": taken.number,
        "taken": taken.refusal is None,
        "known": taken.known,
        "code": taken.refusal.code if taken.refusal else None,
    }


handlers = [take, preview]
