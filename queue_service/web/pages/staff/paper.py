"""Paper numbers come back: the sheet that was filled in by hand, typed in by staff.

First the page says what each row means; only then it is told. A row that cannot be taken stays in
the form with its reason.
"""

from collections.abc import Mapping, Sequence

import msgspec
from litestar import Router, get, post
from litestar.response import Template

from queue_service.flows.entrance import paper
from queue_service.flows.entrance.paper import MOST_ROWS, Meant, PaperRow, Taken
from queue_service.house import House
from queue_service.language import catalogue, clock, pick
from queue_service.language.paper import part_words, row_fault, spoken_in
from queue_service.model.office import Service
from queue_service.model.refusal import Refusal
from queue_service.rights import Act
from queue_service.web.pages import Asked, Shown, page, refused
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.staff.appointments import Room, room
from queue_service.web.pages.staff.paper_rows import (
    BLANK,
    FIELDS,
    ROWS,
    Typed,
    as_looked_at,
    read_row,
    typed_rows,
)


class Sheet(msgspec.Struct):
    """The rows that were typed, and what is wrong with which."""

    typed: list[Typed]
    faults: dict[int, Refusal] = {}
    readable: list[tuple[int, PaperRow]] = []
    """Place in the form, and what stands there."""


@get("/{lang:str}/staff/{office:str}/paper-numbers")
async def empty(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Ten empty rows."""
    at = await room(request, house, lang, office, Act.RETURN_PAPER)
    return _form(request, at, Sheet([])) if isinstance(at, Room) else at


@post("/{lang:str}/staff/{office:str}/paper-numbers", status_code=200)
async def typed(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Say what the rows mean, or take in what can be; without either the form with more rows."""
    at = await room(request, house, lang, office, Act.RETURN_PAPER)
    if not isinstance(at, Room):
        return at
    form = await request.form()
    sheet, step = _sheet(typed_rows(form)), text(form, "step")
    if step == "more":
        many = text(form, "rows")
        shown = int(many) if many.isascii() and many.isdigit() and len(many) < 3 else ROWS
        return _form(request, at, Sheet(sheet.typed), rows=shown + ROWS)
    if step == "check" and not sheet.typed:
        return _form(request, at, sheet, nothing=True)
    rows = [row for _, row in sheet.readable]
    if step == "take":
        taken = await paper.take_back_in(house, office, rows, at.actor.id) if rows else ()
        if isinstance(taken, Refusal):
            return refused(request, at.lang, taken, onward=_here(at))
        return _form(request, at, *_left(sheet, taken))
    found = await paper.look(house, office, rows) if rows else ()
    if isinstance(found, Refusal):
        return refused(request, at.lang, found, onward=_here(at))
    places = [n for n, _ in sheet.readable]
    meant = dict(zip(places, found, strict=True))
    sheet.faults |= {n: m.refusal for n, m in meant.items() if m.refusal is not None}
    if step == "change" or len(sheet.faults) == len(sheet.typed):
        return _form(request, at, sheet)
    return _preview(request, at, sheet, meant)


def _sheet(rows: list[Typed]) -> Sheet:
    sheet = Sheet(rows)
    for n, row in enumerate(rows):
        read = read_row(row)
        if isinstance(read, Refusal):
            sheet.faults[n] = read
        else:
            sheet.readable.append((n, read))
    return sheet


def _left(sheet: Sheet, taken: Sequence[Taken]) -> tuple[Sheet, list[str]]:
    """The rows that could not be taken, and the numbers that were."""
    faults = dict(sheet.faults)
    for (n, _), each in zip(sheet.readable, taken, strict=True):
        if each.refusal is not None:
            faults[n] = each.refusal
    order = sorted(faults)
    left = Sheet(
        [sheet.typed[n] for n in order], {place: faults[n] for place, n in enumerate(order)}
    )
    return left, [each.number for each in taken if each.refusal is None]


def _form(
    request: Asked,
    at: Room,
    sheet: Sheet,
    taken: Sequence[str] = (),
    *,
    rows: int = ROWS,
    nothing: bool = False,
) -> Template:
    many = min(MOST_ROWS, max(rows, -(-len(sheet.typed) // ROWS) * ROWS))
    office = at.followed.office
    offered = sorted((s for s in office.services if s.walk_in and not s.emergency), key=_order)
    return _page(
        request,
        at,
        "staff/paper_numbers.html",
        sheet,
        rows=[*sheet.typed, *[BLANK] * (many - len(sheet.typed))],
        more=many < MOST_ROWS,
        services=[(s.code, pick(s.name, at.lang)[0]) for s in offered],
        tongues=[(code, spoken_in(code, at.lang)) for code in office.languages],
        taken=taken,
        nothing=nothing,
    )


def _preview(request: Asked, at: Room, sheet: Sheet, meant: Mapping[int, Meant]) -> Template:
    fine = [(n, each) for n, each in meant.items() if each.refusal is None]
    kept = as_looked_at(sheet.typed, meant)
    return _page(
        request,
        at,
        "staff/paper_preview.html",
        sheet,
        lines=[_line(each, at) for _, each in fine],
        fresh=sum(not each.known for _, each in fine),
        hidden=[(f"{f}_{n}", row[f]) for n, row in enumerate(kept) for f in FIELDS if row[f]],
    )


def _line(meant: Meant, at: Room) -> dict[str, object]:
    office = at.followed.office
    return {
        "number": meant.number,
        "time": clock(meant.at) if meant.at else "",
        "code": meant.code,
        "start": clock(meant.start) if meant.start else "",
        "services": [part_words(part, office, at.lang) for part in meant.parts],
        "language": spoken_in(meant.language, at.lang),
        "late": meant.late,
        "known": meant.known,
    }


def _page(request: Asked, at: Room, name: str, sheet: Sheet, **facts: object) -> Template:
    slug = at.followed.key.slug
    errors = {n: row_fault(refusal, at.lang) for n, refusal in sorted(sheet.faults.items())}
    wrong = (bool(errors) or bool(facts.get("nothing"))) and not facts.get("taken")
    return page(
        name,
        request,
        at.lang,
        title=catalogue(at.lang)("Paper numbers"),
        status=422 if wrong and name == "staff/paper_numbers.html" else 200,
        kept=False,
        here=f"/staff/{slug}/paper-numbers",
        office=at.followed.office,
        self_url=_here(at),
        back_url=f"/{at.lang}/staff/{slug}/day-list",
        errors=errors,
        wrong_field={n: str(r.data.get("field", "number")) for n, r in sheet.faults.items()},
        numbers={n: row["number"] for n, row in enumerate(sheet.typed)},
        **facts,
    )


def _here(at: Room) -> str:
    return f"/{at.lang}/staff/{at.followed.key.slug}/paper-numbers"


def _order(service: Service) -> int:
    return service.order


handlers = [Router("/", route_handlers=[empty, typed], exception_handlers=PAGE_FAULTS)]
