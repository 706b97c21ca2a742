"""Paper numbers come back: what staff gave out without server is typed in when it is there again.

A number counts when it is on the office's own paper of today. Each row is a turn of its own: what
was taken is kept whatever becomes of the others, and typed twice a number is one visit. What a row
means can be looked at before: nothing is told by that. How a row names its appointment, `listed`
says.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

import msgspec

from queue_service.flows.days.day_list import appointments_of, paper_places
from queue_service.flows.entrance import listed, offline
from queue_service.flows.entrance.arriving import on_offer
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk import arrival
from queue_service.kiosk.blocks import GivenOffline
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.ids import ActorId, ServiceCode, VisitId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass, Visit
from queue_service.store import visits as store
from queue_service.store.database import transaction

MOST_ROWS = 40
"""A sheet at a time."""
_HERE = (BookingState.ARRIVED, BookingState.SERVED)


class PaperRow(msgspec.Struct, frozen=True):
    """One line of the sheet, as it was written by hand."""

    number: str
    service: str
    """Of somebody without an appointment; services and persons of an appointment are its own."""
    persons: int
    at: time
    """When it was given, on the office's wall."""
    language: str = ""
    """Empty: that of the appointment, else German."""
    appointment: str = ""
    """Its code, or as much of it as the day list prints bold; empty without one."""


class Meant(msgspec.Struct, frozen=True):
    """What a row means as things stand."""

    row: int
    """As it was typed, from one on."""
    number: str
    at: datetime | None = None
    """When they are told to have come."""
    parts: tuple[Part, ...] = ()
    language: str = ""
    code: str = ""
    """Of the appointment; empty without one."""
    start: datetime | None = None
    """Of the appointment, in the office's zone."""
    late: bool = False
    """They came so long after their time that they wait like somebody without an appointment."""
    known: bool = False
    """It has been told already."""
    refusal: Refusal | None = None


class Taken(msgspec.Struct, frozen=True):
    """What became of a row; without refusal somebody with that number is in the house's journal."""

    row: int
    """As it was typed, from one on."""
    number: str
    known: bool = False
    """It had been told before."""
    refusal: Refusal | None = None


class _Read(msgspec.Struct, frozen=True):
    """A row with all that is needed to tell it; `given` is missing where it is refused."""

    meant: Meant
    given: GivenOffline | None = None
    booking: Booking | None = None


async def look(house: House, slug: str, rows: Sequence[PaperRow]) -> tuple[Meant, ...] | Refusal:
    """What each row means and whether it could be taken now, in the order typed; tells nothing."""
    read = await _read(house, slug, rows)
    return read if isinstance(read, Refusal) else tuple(each.meant for each in read)


async def take_back_in(
    house: House, slug: str, rows: Sequence[PaperRow], by: ActorId
) -> tuple[Taken, ...] | Refusal:
    """Tell the rows in the order of the times given; what became of each, in the order typed."""
    office, read = house.follower.office(slug), await _read(house, slug, rows)
    if office is None or isinstance(read, Refusal):
        return read if isinstance(read, Refusal) else Refusal(Code.UNKNOWN_OFFICE)
    order = sorted(zip(rows, read, strict=True), key=lambda pair: (pair[0].at, pair[1].meant.row))
    told = [await _take(house, office, each, by) for _, each in order]
    return tuple(sorted(told, key=lambda taken: taken.row))


async def _take(house: House, office: Followed, read: _Read, by: ActorId) -> Taken:
    meant = read.meant
    if meant.known or read.given is None:
        return Taken(meant.row, meant.number, meant.known, meant.refusal)
    if read.booking is not None:
        answer = await offline.booked_on_paper(
            house, office, read.given, read.booking, language=meant.language, by=by
        )
    else:
        part = meant.parts[0]
        answer = await offline.on_paper(
            house,
            office,
            read.given,
            service=part.service,
            persons=part.persons,
            language=meant.language,
            by=by,
        )
    if isinstance(answer, Refusal):
        return Taken(meant.row, meant.number, refusal=answer)
    return Taken(meant.row, meant.number, known=answer.instructions == "already_checked_in")


async def _read(house: House, slug: str, rows: Sequence[PaperRow]) -> tuple[_Read, ...] | Refusal:
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug[:80]})
    if not 1 <= len(rows) <= MOST_ROWS:
        return Refusal(Code.INVALID, {"field": "rows", "reason": f"1 to {MOST_ROWS}"})
    places = await paper_places(house, office)
    day = await appointments_of(house, office, office.now().date())
    numbers = [listed.plain(row.number)[:10] for row in rows]
    known = await _known(house, office, {n: places[n] for n in numbers if n in places})
    read: list[_Read] = []
    for n, (row, number) in enumerate(zip(rows, numbers, strict=True), 1):
        booking = await listed.named(house, office, row.appointment, day)
        found = _meant(office, n, row, number, places.get(number), booking, known.get(number))
        read.append(_once(found, read))
    return tuple(read)


async def _known(
    house: House, office: Followed, places: Mapping[str, tuple[UUID, int]]
) -> dict[str, Visit]:
    """Who came in under one of those numbers already."""
    async with transaction(house.pool, office.key.authority) as connection:
        found = {
            number: await store.by_id(
                connection, office.key.office, VisitId(house.keys.block_visit(*place))
            )
            for number, place in places.items()
        }
    return {number: visit for number, visit in found.items() if visit is not None}


def _meant(
    office: Followed,
    n: int,
    row: PaperRow,
    number: str,
    place: tuple[UUID, int] | None,
    booking: Booking | Refusal | None,
    before: Visit | None,
) -> _Read:
    now = office.now()
    at = datetime.combine(now.date(), row.at.replace(tzinfo=None), office.office.tz)
    if place is None:
        return _Read(Meant(n, number, refusal=Refusal(Code.UNKNOWN_NUMBER)))
    if isinstance(booking, Refusal):
        return _Read(Meant(n, number, refusal=booking))
    if at > now:
        late = Refusal(Code.INVALID, {"field": "time", "reason": "is still to come"})
        return _Read(Meant(n, number, refusal=late))
    meant = (
        _without(office, Meant(n, number, at), row)
        if booking is None
        else _expected(office, Meant(n, number, at), row, booking)
    )
    if before is not None:
        same = before.booking == (booking.id if booking else None)
        refusal = None if same else Refusal(Code.NUMBER_TAKEN)
        meant = msgspec.structs.replace(meant, known=same, refusal=refusal)
    elif booking is not None and booking.state in _HERE:
        refusal = Refusal(Code.ALREADY_CHECKED_IN)
        meant = msgspec.structs.replace(meant, refusal=refusal)
    given = GivenOffline(place[0], place[1], number, 0, b"", meant.at or at)
    return _Read(meant, None if meant.refusal else given, booking)


def _without(office: Followed, meant: Meant, row: PaperRow) -> Meant:
    """Somebody without an appointment."""
    part = Part(ServiceCode(row.service), row.persons)
    offered = on_offer(office, row.service, row.persons, "", meant.at or office.now())
    refusal = offered if isinstance(offered, Refusal) else None
    if not isinstance(offered, Refusal) and offered.service.emergency:
        refusal = Refusal(Code.EMERGENCY_NEEDS_GUIDE)
    return msgspec.structs.replace(
        meant, parts=(part,), language=row.language or "de", refusal=refusal
    )


def _expected(office: Followed, meant: Meant, row: PaperRow, booking: Booking) -> Meant:
    """Somebody who was expected; whoever came before the doors open for them counts from then."""
    now, rules = office.now(), office.office.booking
    start = booking.start.astimezone(office.office.tz)
    opens = min(start - timedelta(minutes=rules.early_minutes), now)
    at = max(meant.at or now, opens) if start.date() == now.date() else meant.at or now
    service = office.office.service(booking.parts[0].service)
    emergency = service is not None and service.emergency
    admitted = arrival.admit(booking, at, rules=rules, emergency=emergency)
    refused = isinstance(admitted, Refusal)
    return msgspec.structs.replace(
        meant,
        at=at,
        parts=booking.parts,
        language=row.language or booking.language,
        code=booking.code or "",
        start=start,
        late=not isinstance(admitted, Refusal) and admitted.need is NeedClass.WALK_IN,
        refusal=admitted if refused else None,
    )


def _once(read: _Read, earlier: Sequence[_Read]) -> _Read:
    """A number or an appointment that stands in an `earlier` row, too, is taken from that alone."""
    meant = read.meant
    if meant.refusal is not None:
        return read
    for other in (each.meant for each in earlier):
        same_number = other.number == meant.number
        if same_number or (meant.code and meant.code == other.code and other.refusal is None):
            code = Code.NUMBER_TAKEN if same_number else Code.ALREADY_CHECKED_IN
            refusal = Refusal(code, {"row": other.row})
            return _Read(msgspec.structs.replace(meant, known=False, refusal=refusal))
    return read
