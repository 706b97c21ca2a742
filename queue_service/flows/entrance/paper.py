"""Paper numbers come back: what staff gave out without server is typed in when it is there again.

A number counts when it is on the office's own paper of today. Each row is a turn of its own: what
was taken is kept whatever becomes of the others, and typed twice a number is one visit.
"""

from collections.abc import Sequence
from datetime import datetime, time
from uuid import UUID

import msgspec

from queue_service.flows.days.day_list import paper_places
from queue_service.flows.entrance import offline
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk.blocks import GivenOffline
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal

MOST_ROWS = 40
"""A sheet at a time."""


class PaperRow(msgspec.Struct, frozen=True):
    """One line of the sheet, as it was written by hand."""

    number: str
    service: str
    persons: int
    at: time
    """When it was given, on the office's wall."""


class Taken(msgspec.Struct, frozen=True):
    """What became of a row; without refusal somebody with that number is in the house's journal."""

    row: int
    """As it was typed, from one on."""
    number: str
    known: bool = False
    """It had been told before."""
    refusal: Refusal | None = None


async def take_back_in(
    house: House, slug: str, rows: Sequence[PaperRow], by: ActorId
) -> tuple[Taken, ...] | Refusal:
    """Tell the rows in the order of the times given; what became of each, in the order typed."""
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug[:80]})
    if not 1 <= len(rows) <= MOST_ROWS:
        return Refusal(Code.INVALID, {"field": "rows", "reason": f"1 to {MOST_ROWS}"})
    places = await paper_places(house, office)
    told = [
        await _take(house, office, n, row, places.get(_read(row.number)), by)
        for n, row in sorted(enumerate(rows, 1), key=lambda each: (each[1].at, each[0]))
    ]
    return tuple(sorted(told, key=lambda taken: taken.row))


async def _take(
    house: House,
    office: Followed,
    n: int,
    row: PaperRow,
    place: tuple[UUID, int] | None,
    by: ActorId,
) -> Taken:
    number, now = _read(row.number), office.now()
    happened = datetime.combine(now.date(), row.at.replace(tzinfo=None), office.office.tz)
    if place is None:
        return Taken(n, number, refusal=Refusal(Code.UNKNOWN_NUMBER))
    if happened > now:
        reason = Refusal(Code.INVALID, {"field": "time", "reason": "is still to come"})
        return Taken(n, number, refusal=reason)
    given = GivenOffline(place[0], place[1], number, 0, b"", happened)
    answer = await offline.on_paper(
        house, office, given, service=row.service, persons=row.persons, by=by
    )
    if isinstance(answer, Refusal):
        return Taken(n, number, refusal=answer)
    return Taken(n, number, known=answer.instructions == "already_checked_in")


def _read(number: str) -> str:
    return "".join(number.split()).upper()[:10]
