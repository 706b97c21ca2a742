"""Where a turn of the waiting list looks for places: read outside the lock, re-checked inside.

What somebody has just given up is looked at by whoever gives it up; everything that is free or
rests by the leader's tick.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from queue_service.chance import fresh_id
from queue_service.flows.bookings import resting
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, Part
from queue_service.model.ids import TICK_SECONDS, BookingId
from queue_service.model.refusal import Refusal
from queue_service.model.waiting import Waiting, Wish, WishPerson
from queue_service.model.world import Cell, CellKey
from queue_service.seals import new_code
from queue_service.slots import offering, persons
from queue_service.slots.calendar import later
from queue_service.slots.handing import Contact, Fresh, Grounds
from queue_service.slots.offering import Place, Places, Room, Terms
from queue_service.slots.openings import DayState
from queue_service.slots.release import furthest
from queue_service.store import offices, wishes
from queue_service.store import world as store_world
from queue_service.store.database import transaction

OFFERS_A_TURN = 10
CHAIN = 2
"""Offers that one answer may lead to: what is freed is rarely longer than two visits."""
_STARTS_A_KIND = 40
"""Free starts looked at for one kind of visit in one pass; those after them come next second."""
_TICK = timedelta(seconds=TICK_SECONDS)


class Listed(msgspec.Struct, frozen=True):
    """The list and what rests, as of one number of the journal."""

    waiting: list[Waiting]
    resting: list[Booking]
    seen: int
    contacts: tuple[Contact, ...] = ()
    """Of those in the house who have no appointment yet."""

    @property
    def kinds(self) -> tuple[tuple[Part, ...], ...]:
        """What people on the list come for."""
        return tuple({each.wish.parts: None for each in self.waiting})


async def listed(house: House, office: Followed) -> Listed:
    """Read the list."""
    async with transaction(house.pool, office.key.authority, snapshot=True) as snapshot:
        seqs = await offices.seqs(snapshot)
        waiting = await wishes.everybody(snapshot, office.key.office)
        at_once = [
            each.wish
            for each in waiting
            if each.wish.booking is None and offering.is_here(each.wish, office.now())
        ]
        people = [(wish, await wishes.person(snapshot, wish.id)) for wish in at_once]
        return Listed(
            waiting,
            await wishes.resting(snapshot, office.key.office, office.now()),
            seqs[office.key.office],
            tuple(_contact(house, office, w, person) for w, person in people if person),
        )


def _contact(house: House, office: Followed, wish: Wish, person: WishPerson) -> Contact:
    return Contact(
        person,
        house.keys.email_key(office.key.slug, person.email),
        persons.most_live(office.office.limits_per_person, person.email),
        wish.cards,
    )


async def of_freed(house: House, office: Followed, freed: Booking) -> Grounds:
    """The places that `freed` is about to give back, for everybody on the list."""
    return given_back(office, await listed(house, office), freed)


def given_back(office: Followed, on_list: Listed, freed: Booking) -> Grounds:
    """As `of_freed`, of a list that was read."""
    # Each start for every kind of visit, also for those that are longer than what is given back:
    # more may be free beside it, and nobody may be overtaken for a place they could have had.
    places = _at(office, on_list, _starts_into(office, on_list, freed))
    return _grounds(office, on_list, places, CHAIN)


def _at(office: Followed, on_list: Listed, starts: Iterable[datetime]) -> Places:
    wanted = tuple(starts)
    return {
        parts: tuple(p for start in wanted if (p := place_at(office, parts, start)) is not None)
        for parts in on_list.kinds
    }


async def of_everything(house: House, office: Followed, on_list: Listed) -> Grounds | None:
    """Free and resting places that somebody on the list would be offered now; None: none."""
    if not on_list.waiting:
        return None
    places = all_wanted(office, on_list)
    keys = {cell for each in places.values() for place in each for cell in place.cells}
    async with transaction(house.pool, office.key.authority) as connection:
        cells = await store_world.cells(connection, list(keys))
    return narrowed(office, on_list, places, cells)


def all_wanted(office: Followed, on_list: Listed) -> Places:
    """Places that are free or rest, as far as somebody on the list would take them."""
    now = terms_of(office, on_list.seen)(office.now())
    return {parts: tuple(_wanted(office, on_list, parts, now)) for parts in on_list.kinds}


def narrowed(
    office: Followed, on_list: Listed, places: Places, cells: Mapping[CellKey, Cell | None]
) -> Grounds | None:
    """Where offers would be made now, given what is in the cells; None where none would be."""
    now = terms_of(office, on_list.seen)(office.now())
    room = Room(_left(cells), on_list.resting)
    chosen = offering.choose(on_list.waiting, places, room, now, most=OFFERS_A_TURN)
    if not chosen and not any(offering.is_to_end(each, now) for each in on_list.waiting):
        return None
    starts = sorted({each.place.start for each in chosen})
    # Everybody before the chosen is looked at for the same starts: why not, stands in the entry.
    narrow = _at(office, on_list, starts)
    rested = tuple({b.id: None for each in chosen for b in each.resting})
    return _grounds(office, on_list, narrow, len(chosen), rested)


def _grounds(
    office: Followed,
    on_list: Listed,
    places: Places,
    most: int,
    rested: tuple[BookingId, ...] = (),
) -> Grounds:
    fresh = tuple(Fresh(BookingId(fresh_id()), new_code()) for _ in range(most))
    terms, rest = terms_of(office, on_list.seen), resting.rest(office)
    return Grounds(places, terms, fresh, rested, rest, on_list.contacts)


def nothing(office: Followed) -> Grounds:
    """Nowhere to look: for acts that free no place."""
    return Grounds({}, terms_of(office, 0), ())


def terms_of(office: Followed, seen: int) -> Callable[[datetime], Terms]:
    """What holds for offers in this office at a time that the turn will say."""
    rules, clock, zone = office.office.waiting, office.clock, office.office.tz
    return lambda now: Terms(now, rules, clock, zone, seen)


def place_at(office: Followed, parts: tuple[Part, ...], start: datetime) -> Place | None:
    """What a visit of these parts takes at `start` (UTC); None where they cannot start."""
    request = office.openings.request(parts)
    if isinstance(request, Refusal) or not office.openings.starts_here(start):
        return None
    return Place(
        start,
        later(start, timedelta(minutes=request.minutes)),
        office.openings.limits_of(request),
        office.openings.once_of(request, start),
        request.buffer,
    )


def _wanted(
    office: Followed, on_list: Listed, parts: tuple[Part, ...], now: Terms
) -> Iterator[Place]:
    """Places for these parts that somebody who is not being asked already would take."""
    those = [each for each in offering.ranked(on_list.waiting, now) if each.wish.parts == parts]
    # Those that do not fit must not use up what is looked at in one pass: nobody would be offered
    # anything beyond them.
    starts = sorted({*_free(office, parts, now.now), *_hidden(office, on_list, parts, now)})
    found, suits = 0, _suiting(those)
    for start in starts:
        if found == _STARTS_A_KIND:
            return
        # Asking everybody about every free start took a second with 500 people on the list.
        if suits(start.astimezone(now.zone)) and any(
            offering.refused(each, start, now) is None for each in those
        ):
            place = place_at(office, parts, start)
            if place is not None:
                found += 1
                yield place


def _suiting(those: Iterable[Waiting]) -> Callable[[datetime], bool]:
    """Whether a local start lies in a window of anybody who has no offer to answer."""
    windows = {w for each in those if not each.outstanding for w in each.wish.windows}
    spans: dict[date, set[tuple[time, time]]] = {}

    def suits(start: datetime) -> bool:
        day = start.date()
        if day not in spans:
            spans[day] = {(w.opens, w.closes) for w in windows if w.on(day)}
        return any(opens <= start.time() <= closes for opens, closes in spans[day])

    return suits


def _free(office: Followed, parts: tuple[Part, ...], now: datetime) -> Iterator[datetime]:
    last = now.date() + timedelta(days=furthest(office.office))
    for day in office.openings.month(parts, now.date(), last, now):
        free = (start.start for start in day.starts if start.state is DayState.FREE)
        yield from (start.astimezone(UTC) for start in free)


def _hidden(
    office: Followed, on_list: Listed, parts: tuple[Part, ...], now: Terms
) -> Iterator[datetime]:
    """Starts with room that are not shown: too near to be booked by everybody, or resting."""
    lead = timedelta(minutes=office.office.booking.lead_minutes)
    starts = set(_grid(office, now.now, now.now + lead))
    starts.update(s for b in on_list.resting for s in _starts_into(office, on_list, b))
    found = (place_at(office, parts, start) for start in starts)
    places = [place for place in found if place is not None]
    left = office.openings.cells.left({cell for place in places for cell in place.cells})
    room = Room(left, on_list.resting)
    return (place.start for place in places if room.needed(place) is not None)


def _starts_into(office: Followed, on_list: Listed, freed: Booking) -> Iterator[datetime]:
    """Every start from which a visit of somebody on the list reaches into what is freed."""
    requests = (office.openings.request(parts) for parts in on_list.kinds)
    longest = max((r.minutes for r in requests if not isinstance(r, Refusal)), default=0)
    first = freed.start - timedelta(minutes=longest)
    yield from _grid(office, first + _TICK if longest else freed.start, freed.end)


def _grid(office: Followed, first: datetime, end: datetime) -> Iterator[datetime]:
    ticks = -(-int(first.timestamp()) // TICK_SECONDS)
    at = datetime.fromtimestamp(ticks * TICK_SECONDS, UTC)
    while at < end:
        if office.openings.starts_here(at):
            yield at
        at += _TICK


def _left(cells: Mapping[CellKey, Cell | None]) -> dict[CellKey, int]:
    found: Iterable[tuple[CellKey, Cell | None]] = cells.items()
    return {key: cell.left for key, cell in found if cell is not None and cell.capacity}
