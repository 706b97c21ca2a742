"""Whose place an edit takes away, and the nearest other start for each: a proposal, nothing more.

Emergencies and those who come from far, as they answered (`Flag.far`), are asked last: they keep
their place while others can go, and where they must go they get the nearest start. A family stays
together: all on one day, or no proposal. Others lose their place before one of a family does;
where one must, they get another start on the day of the rest, or else the rest go along to another
day. Taken as a whole, in its order, a proposal puts no cell over. Whether it is carried out is
decided elsewhere.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter

import msgspec

from queue_service.model.booking import Booking
from queue_service.model.ids import BookingId, LimitId, Tick
from queue_service.model.office import Office, Period
from queue_service.model.world import CellKey
from queue_service.slots.calendar import instant_of, tick_of, touched
from queue_service.slots.claims import taken_by
from queue_service.slots.openings import on_grid

LARGEST_FAMILY = 8
"""Bookings of one address on one day; more are an institution's, each for somebody else."""
_Family = tuple[bytes | BookingId, date]


class Proposal(msgspec.Struct, frozen=True):
    """A booking and the start it could have instead; None where nothing suitable is free."""

    booking: Booking
    start: datetime | None
    along: bool = False
    """Whether it keeps its place and only goes where its family has to go."""


class Free(msgspec.Struct, frozen=True):
    """What the house has left: places by cell, and what is known of limits by number."""

    office: Office
    left: Mapping[CellKey, int]
    """May be negative where more sit than there are places."""
    periods: Mapping[LimitId, Period]
    earliest: datetime
    """No start before this."""


def losing(
    bookings: Iterable[Booking],
    room: Mapping[CellKey, int],
    office: Office,
) -> tuple[Booking, ...]:
    """Those of `bookings` for whom `room` (places by cell; cells not named are ample) is too small.

    Kept first: emergencies and those from far, then their families, other families, one after the
    other, and at last whoever booked first. What staff granted above capacity has a place of its
    own and is not looked at, but belongs to its family.
    """
    rest = dict(room)
    lost = []
    for booking in _kept_first(bookings, office):
        cells = [key for key in taken_by(booking) if key in rest]
        if all(rest[key] > 0 for key in cells):
            for key in cells:
                rest[key] -= 1
        else:
            lost.append(booking)
    return tuple(sorted(lost, key=lambda b: (b.start, b.id)))


def propose(
    lost: Iterable[Booking],
    free: Free,
    standing: Iterable[Booking] = (),
    *,
    again: bool = False,
) -> tuple[Proposal, ...]:
    """The nearest new start for each of `lost`, in the order in which they can be moved.

    Where the day has no other start for those of a family who lose theirs, whoever of it is in
    `standing` and keeps a place goes `along` to the nearest day with starts for all; without such
    a day all stay, and those who lose have none. Who fits again, because others went, is not named;
    `again` asks for those whose proposal is stale, of whom it is known that they must go.
    """
    going = {booking.id: booking for booking in lost}
    everybody = {booking.id: booking for booking in standing} | going
    groups = []
    for family in _families(everybody.values(), free.office):
        losers = tuple(b for b in family if b.id in going)
        # Who has begun cannot be moved any more: the others of the family go without them.
        kept = tuple(b for b in family if b.id not in going and b.start > free.earliest)
        if losers:
            groups.append(_Group(losers, kept))
    groups.sort(
        key=lambda group: (
            not any(_last(b, free.office) for b in group.whole),
            -len(group.whole),
            group.lost[0].start,
            group.lost[0].id,
        )
    )
    rest = Counter(dict(free.left))
    found: list[Proposal] = []
    for group in groups:
        must = [b for b in group.lost if again or _over(b, rest)]
        if must:
            found += _together(must, group, free, rest)
    return tuple(found)


def together(proposals: Iterable[Proposal], office: Office) -> tuple[tuple[Proposal, ...], ...]:
    """The proposals that found a start, families in one group, in the order they can be moved."""
    groups: dict[_Family, list[Proposal]] = {}
    for proposal in proposals:
        if proposal.start is not None:
            groups.setdefault(_family(proposal.booking, office), []).append(proposal)
    return tuple(
        part
        for group in groups.values()
        for part in ([tuple(group)] if len(group) <= LARGEST_FAMILY else [(p,) for p in group])
    )


def moved(booking: Booking, start: datetime, free: Free) -> Booking:
    """The booking as it would be with another start: its cells follow."""
    zone = free.office.tz
    once = tuple(
        (limit, touched(free.periods[limit], start, start, zone)[0]) for limit, _ in booking.once
    )
    end = start + (booking.end - booking.start)
    return msgspec.structs.replace(booking, start=start, end=end, once=once)


def _last(booking: Booking, office: Office) -> bool:
    services = [s for part in booking.parts if (s := office.service(part.service)) is not None]
    return any(
        s.emergency or any(flag.far and flag.key in booking.flags for flag in s.flags)
        for s in services
    )


class _Group(msgspec.Struct, frozen=True):
    """A family, or somebody alone: who loses a place, and who does not."""

    lost: tuple[Booking, ...]
    kept: tuple[Booking, ...]

    @property
    def whole(self) -> tuple[Booking, ...]:
        return self.lost + self.kept


def _family(booking: Booking, office: Office) -> _Family:
    day = booking.start.astimezone(office.tz).date()
    return (booking.email_key or booking.id, day)


def _families(bookings: Iterable[Booking], office: Office) -> list[list[Booking]]:
    """Who belongs together, in order of start; somebody of an institution belongs to nobody."""
    found: dict[_Family, list[Booking]] = {}
    for booking in sorted(bookings, key=lambda b: (b.start, b.id)):
        found.setdefault(_family(booking, office), []).append(booking)
    return [
        group
        for family in found.values()
        for group in ([family] if len(family) <= LARGEST_FAMILY else [[b] for b in family])
    ]


def _kept_first(bookings: Iterable[Booking], office: Office) -> list[Booking]:
    """In the order in which they keep their places; those of a family follow each other.

    One place too few then costs somebody alone theirs, and several one whole family rather than
    one each of several families.
    """

    def booked(booking: Booking) -> tuple[datetime, int, BookingId]:
        return booking.held_at or booking.start, booking.seq, booking.id

    ranked = []
    for family in _families(bookings, office):
        of_family = (
            not any(_last(b, office) for b in family),
            len(family) == 1,
            min(booked(b) for b in family),
        )
        ranked += [((not _last(b, office), *of_family, booked(b)), b) for b in family]
    ranked.sort(key=itemgetter(0))
    return [booking for _, booking in ranked if not booking.overbooked]


def _together(
    lost: list[Booking], group: _Group, free: Free, rest: "Counter[CellKey]"
) -> Iterator[Proposal]:
    """One group's proposals, `lost` of it must go; `rest` is left as when they are carried out."""
    home = lost[0].start.astimezone(free.office.tz).date()
    tried: set[date] = set()
    for first in _starts(lost[0], free, rest):
        day = first.astimezone(free.office.tz).date()
        if day in tried:
            continue
        tried.add(day)
        going = lost if day == home else [*lost, *(b for b in group.whole if b not in lost)]
        starts = _on_day(going, day, free, rest)
        if starts is not None:
            for booking, start in zip(going, starts, strict=True):
                yield Proposal(booking, start, along=booking not in lost)
            return
    yield from (Proposal(booking, None) for booking in lost)


def _over(booking: Booking, rest: "Counter[CellKey]") -> bool:
    return any(rest[key] < 0 for key in taken_by(booking))


def _on_day(
    group: Sequence[Booking], day: date, free: Free, rest: "Counter[CellKey]"
) -> list[datetime] | None:
    """A start on `day` for each of the group, taken from `rest`; None, and `rest` as it was."""
    starts: list[datetime] = []
    done: list[tuple[Booking, Booking]] = []
    for booking in group:
        start = next(
            (s for s in _starts(booking, free, rest) if s.astimezone(free.office.tz).date() == day),
            None,
        )
        if start is None:
            for old, new in done:
                _exchange(rest, new, old)
            return None
        after = moved(booking, start, free)
        _exchange(rest, booking, after)
        starts.append(start)
        done.append((booking, after))
    return starts


def _exchange(rest: "Counter[CellKey]", gives: Booking, takes: Booking) -> None:
    rest.update(taken_by(gives))
    rest.subtract(taken_by(takes))


def _starts(booking: Booking, free: Free, rest: "Counter[CellKey]") -> Iterator[datetime]:
    """Every start the booking could move to, the nearest first; its own cells may be used again."""
    own = set(taken_by(booking))

    def fits(start: datetime) -> bool:
        cells = taken_by(moved(booking, start, free))
        return all(key in rest and rest[key] + (key in own) > 0 for key in cells)

    for tick in _nearest(booking, free):
        start = instant_of(tick).astimezone(free.office.tz)
        if start != booking.start and fits(start):
            yield start


def _nearest(booking: Booking, free: Free) -> Iterator[Tick]:
    """The grid's ticks in the booking's first limit, outward from its start."""
    if not booking.limits:
        return
    office = free.office
    earliest = tick_of(free.earliest)
    ticks = sorted(
        tick
        for limit, tick in free.left
        if limit == booking.limits[0]
        and tick >= earliest
        and on_grid(tick, office.booking.grid_minutes, office.tz)
    )
    at = tick_of(booking.start)
    after = bisect_left(ticks, at)
    before = after - 1
    while before >= 0 or after < len(ticks):
        later = ticks[after] - at if after < len(ticks) else None
        sooner = at - ticks[before] if before >= 0 else None
        if sooner is None or (later is not None and later < sooner):
            yield ticks[after]
            after += 1
        else:
            yield ticks[before]
            before -= 1
