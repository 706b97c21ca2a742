"""Whom the office has to phone: people whose appointment it changed and whom no letter reaches.

Read from the journal: which bookings were moved or cancelled for which reason, and when they had
been before. Contact data is read at that moment and kept nowhere else.
"""

from datetime import datetime, timedelta

import msgspec

from queue_service.events.booking import Cancelled, Moved, Why
from queue_service.events.chapters import UnknownTagError, decode
from queue_service.events.entry import BookingNow, Entry
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import BookingState, Part
from queue_service.model.ids import BookingId
from queue_service.store import bookings as store_bookings
from queue_service.store import offices as store
from queue_service.store.database import transaction

DAYS = timedelta(days=7)
"""So far back changes are listed."""
_PAGE = 2_000


class ToCall(msgspec.Struct, frozen=True):
    """Somebody to be phoned; `now` is None for a cancelled appointment, times in the zone."""

    name: str
    phone: str
    before: datetime
    now: datetime | None
    parts: tuple[Part, ...]
    language: str
    why: Why


class _Changed(msgspec.Struct, frozen=True):
    booking: BookingNow
    why: Why
    entry_before: int


async def to_call(house: House, office: Followed) -> list[ToCall]:
    """Everybody to be phoned about the last seven days' changes, appointments to come first.

    A change that the applicant has overtaken by one of their own is left out.
    """
    changed = await _changed(house, office, office.now() - DAYS)
    async with transaction(house.pool, office.key.authority) as connection:
        people = await store_bookings.people(connection, list(changed))
        befores = {
            each.entry_before: await store.entry(connection, office.key.office, each.entry_before)
            for booking, each in changed.items()
            if booking in people and not people[booking].email
        }
    zone, found = office.office.tz, []
    for booking, each in changed.items():
        before = _start(befores.get(each.entry_before), booking)
        if before is None or booking not in people:
            continue
        person, now = people[booking], each.booking
        stays = now.state is not BookingState.CANCELLED
        found.append(
            ToCall(
                person.name,
                person.phone,
                before.astimezone(zone),
                now.start.astimezone(zone) if stays else None,
                now.parts,
                now.language,
                each.why,
            )
        )
    return sorted(found, key=lambda each: (each.before, each.name))


async def _changed(house: House, office: Followed, since: datetime) -> dict[BookingId, _Changed]:
    """The newest change of each booking, where that was the office's own."""
    newest: dict[BookingId, _Changed | None] = {}
    end = office.seq
    while end > 0:
        first = max(0, end - _PAGE)
        async with transaction(house.pool, office.key.authority) as connection:
            page = await store.entries(connection, office.key.office, first, end - first)
        for entry in reversed(page):
            if entry.recorded < since:
                return {booking: each for booking, each in newest.items() if each is not None}
            _note(entry, newest)
        end = first
    return {booking: each for booking, each in newest.items() if each is not None}


def _note(entry: Entry, newest: dict[BookingId, _Changed | None]) -> None:
    try:
        fact = decode(entry)
    except UnknownTagError:
        return
    why = fact.why if isinstance(fact, Moved | Cancelled) else None
    for now in fact.bookings:
        ours = why is not None and now.state is not BookingState.RESTING
        newest.setdefault(now.id, _Changed(now, why, now.before) if ours and why else None)


def _start(entry: Entry | None, booking: BookingId) -> datetime | None:
    """When the booking began according to the entry that wrote it before."""
    if entry is None:
        return None
    try:
        fact = decode(entry)
    except UnknownTagError:
        return None
    return next((now.start for now in fact.bookings if now.id == booking), None)
