"""The day on paper: appointments, who is in the house, and numbers for the hour without server.

Printed while everything works; read when nothing does. Paper carries no name: the code and the
number are what people hold in their hands. Numbers for paper come from the day's series through
the turn, as a kiosk's do, so that no kiosk and no guide ever gives one of them out.
"""

from datetime import date, datetime, time, timedelta
from random import SystemRandom
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from queue_service.events.floor import NumbersReserved
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk import blocks, ticket
from queue_service.model.booking import LIVE, Booking, Part
from queue_service.model.codes import shortened
from queue_service.model.hall import HallNeeds, HallTold
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import NeedClass, TicketSeries, Visit
from queue_service.model.world import Needs, Told, World
from queue_service.store import appointments as store
from queue_service.store import hall as store_hall
from queue_service.store.database import transaction

A_SHEET = 40
"""Numbers on one sheet of paper: an hour of a busy office."""
MOST_SHEETS = 10
MOST_DAYS_AHEAD = 14
PAPER = 0
"""The device of numbers that no device gives out."""

_chance = SystemRandom()


class Expected(msgspec.Struct, frozen=True):
    """An appointment to come."""

    start: datetime
    code: str
    short: str
    """Beginning of the code that fits nobody else of the day, whatever became of them: what a clerk
    writes down. Whoever books later can make it fit two, which is asked back, but never another."""
    parts: tuple[Part, ...]
    language: str
    flags: tuple[str, ...] = ()
    """What is missing or to be fetched, as keys of the service."""


class Present(msgspec.Struct, frozen=True):
    """Somebody in the house when the list was made."""

    number: str
    since: datetime
    parts: tuple[Part, ...]
    language: str
    emergency: bool = False
    flags: tuple[str, ...] = ()


class DayList(msgspec.Struct, frozen=True):
    """Everything on the paper; times in the office's zone."""

    office: str
    day: date
    made: datetime
    expected: tuple[Expected, ...]
    present: tuple[Present, ...]
    sheets: tuple[tuple[str, ...], ...]
    """Reserved numbers, a sheet each."""


class Reserved(msgspec.Struct, frozen=True):
    """The answer of a reservation."""

    first: int
    many: int


async def day_list(house: House, office: Followed, day: date) -> DayList:
    """The list as things stand, with the sheets reserved so far; writes nothing."""
    zone = office.office.tz
    begin, end = _span(office, day)
    ids = [_sheet(office.key.slug, day, n) for n in range(MOST_SHEETS)]
    async with transaction(house.pool, office.key.authority) as connection:
        key = office.key.office
        booked = await store.of_day(connection, key, begin, end)
        series = (await store_hall.series(connection, key, [day]))[day]
        hall = await store_hall.hall(connection, key, HallNeeds(blocks=tuple(ids)))
    kept = [block for block in map(hall.block, ids) if block is not None]
    letters = office.office.tickets.letters
    of_day = [each.booking for each in booked]
    beginnings = shortened([b.code or "" for b in of_day])
    return DayList(
        office.key.slug,
        day,
        office.now(),
        tuple(
            Expected(b.start.astimezone(zone), b.code or "", short, b.parts, b.language, b.flags)
            for b, short in zip(of_day, beginnings, strict=True)
            if b.state in LIVE
        ),
        tuple(_present(visit, office) for visit in _in_the_house(office, day)),
        tuple(blocks.numbers_of(block, series, letters) for block in kept) if series else (),
    )


async def reserve(
    house: House, office: Followed, day: date, sheets: int, by: ActorId
) -> int | Refusal:
    """Keep sheets of the day's numbers for paper until there are `sheets`; how many there are.

    Asking again for as many changes nothing: a sheet's block is known by office, day and place.
    """
    today = office.now().date()
    if not today <= day <= today + timedelta(days=MOST_DAYS_AHEAD):
        return Refusal(Code.INVALID, {"field": "date"})
    if not 0 <= sheets <= MOST_SHEETS:
        return Refusal(Code.INVALID, {"field": "sheets"})
    fresh = ticket.open_series(day, office.office.tickets.letters, _chance)
    for n in range(sheets):
        block = _sheet(office.key.slug, day, n)

        def decide(world: World, block: UUID = block) -> Told | Refusal:
            return keep(world, block, fresh)

        needs = Needs(series=(day,), hall=HallNeeds(blocks=(block,)))
        done = await house.turn(office.key, by, needs, decide, floor=True)
        if isinstance(done.answer, Refusal) and "kept" not in done.answer.data:
            return done.answer
    return sheets


def keep(world: World, block: UUID, fresh: TicketSeries) -> Told | Refusal:
    """Keep the next numbers of the day under `block`; refuses when it keeps some already."""
    known = world.hall.block(block)
    if known is not None:
        return Refusal(Code.ALREADY_BOOKED, {"kept": known.first})
    series = world.series(fresh.day) or fresh
    kept, left = blocks.reserve(series, block, PAPER, A_SHEET)
    return Told(
        NumbersReserved(
            day=fresh.day.isoformat(), first=kept.first, many=kept.many, device=kept.device
        ),
        series=left,
        hall=HallTold(blocks=(kept,)),
        answer=Reserved(kept.first, kept.many),
    )


async def appointments_of(house: House, office: Followed, day: date) -> tuple[Booking, ...]:
    """All of the day whatever became of them, in the order of their times."""
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store.of_day(connection, office.key.office, *_span(office, day))
    return tuple(each.booking for each in found)


def _span(office: Followed, day: date) -> tuple[datetime, datetime]:
    zone = office.office.tz
    after = day + timedelta(days=1)
    return datetime.combine(day, time(), zone), datetime.combine(after, time(), zone)


async def paper_places(house: House, office: Followed) -> dict[str, tuple[UUID, int]]:
    """Block and place of every number that is on today's paper."""
    day, slug = office.now().date(), office.key.slug
    ids = tuple(_sheet(slug, day, n) for n in range(MOST_SHEETS))
    async with transaction(house.pool, office.key.authority) as connection:
        series = (await store_hall.series(connection, office.key.office, [day]))[day]
        hall = await store_hall.hall(connection, office.key.office, HallNeeds(blocks=ids))
    kept = [block for block in map(hall.block, ids) if block is not None and block.device == PAPER]
    letters = office.office.tickets.letters
    return {
        number: (block.id, place)
        for block in kept
        if series is not None
        for place, number in enumerate(blocks.numbers_of(block, series, letters))
    }


def _sheet(slug: str, day: date, n: int) -> UUID:
    return uuid5(NAMESPACE_URL, f"paper:{slug}:{day}:{n}")


def _in_the_house(office: Followed, day: date) -> list[Visit]:
    now = office.now()
    if day != now.date():
        return []
    line = office.line
    here = [*line.called(), *line.waiting(now), *line.parked()]
    return sorted(here, key=lambda visit: (visit.arrived, visit.number))


def _present(visit: Visit, office: Followed) -> Present:
    return Present(
        visit.number,
        visit.arrived.astimezone(office.office.tz),
        visit.parts,
        visit.language,
        visit.need is NeedClass.EMERGENCY,
        visit.flags,
    )
