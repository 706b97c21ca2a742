"""Disruptions: many bookings moved or cancelled by the office, as errands that survive a crash.

A proposal is made outside the lock; every group of it is one turn that re-checks it. Letters follow
from the journal; whom no letter reaches stands in the list of calls.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from queue_service.events.booking import Why
from queue_service.flows import errands
from queue_service.flows.bookings import resting
from queue_service.flows.capacity import layering
from queue_service.flows.capacity.previewing import Preview, again
from queue_service.flows.errands import Progress
from queue_service.flows.wish import Replayed, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState
from queue_service.model.ids import SYSTEM, ActorId, BookingId, CounterKey, ServiceCode
from queue_service.model.layer import Layer, Origin
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import CellKey, Needs, Noted, Told, World
from queue_service.slots import disruption, rehoming
from queue_service.slots.calendar import ONE_DAY
from queue_service.slots.claims import cells_of
from queue_service.slots.disruption import Rehomed
from queue_service.slots.openings import Request
from queue_service.store import bookings as store
from queue_service.store.database import transaction

_encode = msgspec.json.Encoder().encode
AT_ONCE = 100
"""Bookings cancelled in one turn."""


class Target(msgspec.Struct, frozen=True):
    """Where a booking shall go, as long as entry `seq` is what wrote it last."""

    booking: BookingId
    seq: int
    start: datetime
    along: bool = False
    """Whether it keeps its place and only goes where its family has to go."""


class MoveAll(msgspec.Struct, frozen=True):
    """Errand `rehome`: groups that stay together.

    The cursor is the number of the next one and how many people's bookings were moved so far.
    """

    by: ActorId
    why: Why
    groups: tuple[tuple[Target, ...], ...]


class CancelAll(msgspec.Struct, frozen=True):
    """Errand `cancel_all`: what is booked, held or offered of `services` (empty: all) in that time.

    That is what starts in [first, end).
    """

    by: ActorId
    why: Why
    first: datetime
    end: datetime
    services: tuple[ServiceCode, ...] = ()


class Missing(msgspec.Struct, frozen=True):
    """Counters at which nobody serves in [since, until), and why."""

    counters: tuple[CounterKey, ...]
    since: datetime
    until: datetime
    why: Why


class CarriedOut(msgspec.Struct, frozen=True):
    """What became of a proposal; `left` keep their time, above what the counters can serve."""

    moved: int
    left: int


class Begun(msgspec.Struct, frozen=True):
    """What the receipt keeps: the errand that moves people, and how many bookings it was to move.

    Those are whoever lost a place and whoever goes along with their family.
    """

    errand: UUID
    losing: int


def _layers(missing: Missing, by: ActorId) -> tuple[Layer, ...]:
    return tuple(
        Layer(
            f"capacity:{counter}",
            msgspec.json.encode({"counter": counter, "add": -1}).decode(),
            missing.since,
            missing.until,
            by,
            missing.why.value,
            Origin.DISRUPTION,
        )
        for counter in missing.counters
    )


async def propose(house: House, office: Followed, missing: Missing) -> Preview | Refusal:
    """Who would have to move when these counters are missing, and where each could go."""
    if missing.until <= office.now():
        return Refusal(Code.PAST, {"field": "until"})
    return await layering.preview(house, office, _layers(missing, SYSTEM))


async def carry_out(
    house: House, office: Followed, missing: Missing, by: ActorId, *, key: str | None = None
) -> CarriedOut | Refusal:
    """Take the counters out and move whoever loses their place, as proposed at this moment.

    Families move together, also with those of them who keep a place; whoever has no other start
    keeps theirs and is counted in `left`. What moves them is noted with the layers: a crash cannot
    part the two, and a key given again answers what became of it.
    """
    receipt = receipt_for(f"disruption:{office.key.slug}", key, by, _encode(missing))
    found = await propose(house, office, missing)
    begun = Begun(uuid4(), 0)
    if isinstance(found, Refusal):  # said in a turn: a key given again is answered before
        no = found
        done = (await house.turn(office.key, by, Needs(), lambda _: no, receipt=receipt)).answer
    else:
        groups = tuple(
            tuple(Target(p.booking.id, p.booking.seq, p.start, p.along) for p in group if p.start)
            for group in rehoming.together(found.proposals, office.office)
        )
        params = _encode(MoveAll(by, missing.why, groups)).decode()
        rehome = (Noted(begun.errand, "rehome", params, "0"),)
        begun = Begun(begun.errand, len(found.proposals))
        layers = _layers(missing, by)
        done = await layering.settle(house, office, layers, by, receipt, rehome, begun)
    if isinstance(done, Refusal):
        return done
    if isinstance(done, Replayed):
        begun = msgspec.json.decode(done.answer, type=Begun)
    moved = await _moved_by(house, office, begun.errand)
    return CarriedOut(moved, begun.losing - moved)


async def _moved_by(house: House, office: Followed, errand: UUID) -> int:
    """Run what is left of an errand `rehome`; how many bookings it moved."""
    row = await errands.one(house, office, errand)
    _, moved = _read_cursor(await errands.run(house, office, row, move_group))
    return moved


async def cancel_all(
    house: House,
    office: Followed,
    wanted: CancelAll,
    progress: Progress | None = None,
) -> None:
    """Cancel all that `wanted` names, with a letter to each that says why."""
    row = await errands.note(house, office, "cancel_all", wanted, "0")
    await errands.run(house, office, row, cancel_some, progress)


async def standing(
    house: House,
    office: Followed,
    first: datetime,
    end: datetime,
    services: Sequence[ServiceCode] = (),
) -> list[Booking]:
    """Bookings to come that start in [first, end) and contain one of `services` (empty: all)."""
    first = max(first, office.now())
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store.standing(connection, office.key.office, first, end)
    return _for_any_of(found, services)


def _for_any_of(found: Sequence[Booking], services: Sequence[ServiceCode]) -> list[Booking]:
    wanted = set(services)
    return [b for b in found if not wanted or wanted & {part.service for part in b.parts}]


async def move_group(house: House, office: Followed, params: str, cursor: str) -> str | None:
    """One piece of errand `rehome`: a group in one turn. Raises OSError when none could be had."""
    wanted = msgspec.json.decode(params, type=MoveAll)
    number, moved = _read_cursor(cursor)
    if number >= len(wanted.groups):
        return None
    targets = wanted.groups[number]
    async with transaction(house.pool, office.key.authority) as connection:
        found = [await store.by_id(connection, office.key.office, t.booking) for t in targets]
    known = {booking.id: booking for booking in found if booking is not None}
    after = [_moved(office, known[t.booking], t) for t in targets if t.booking in known]
    along = {target.booking for target in targets if target.along}
    said = await _move(house, office, wanted, after, along)
    must = {(target.booking, target.seq) for target in targets if not target.along}
    lost = [booking for booking in known.values() if (booking.id, booking.seq) in must]
    if lost and said in (Code.SLOT_FULL, Code.BUSY_RETRY):
        # The proposal is stale: as near as there is room now, and still all of them on one day.
        after, along = await _elsewhere(house, office, lost)
        said = await _move(house, office, wanted, after, along)
    if said is Code.BUSY_RETRY:
        raise OSError("people could not be moved")
    if isinstance(said, Code):
        # A piece that a crash repeats finds its people where it moved them.
        there = [t for t in targets if t.booking in known and _is_there(known[t.booking], t)]
        said = len(there)
    return f"{number + 1} {moved + said}"


async def _elsewhere(
    house: House, office: Followed, lost: Sequence[Booking]
) -> tuple[list[Booking], set[BookingId]]:
    """Those who lose their places at other starts, with who of their families goes along."""
    first, last = min(b.start for b in lost), max(b.start for b in lost)
    # A day more on both sides: families are whole only with all who come on the same day.
    there = await standing(house, office, first - ONE_DAY, last + ONE_DAY)
    found, free = await again(house, office, lost, there)
    after = [rehoming.moved(p.booking, p.start, free) for p in found if p.start is not None]
    return after, {p.booking.id for p in found if p.along}


def _read_cursor(cursor: str) -> tuple[int, int]:
    """Groups done, and bookings moved, which errands of an older version do not count."""
    done, _, moved = cursor.partition(" ")
    return int(done), int(moved or 0)


def _is_there(booking: Booking, target: Target) -> bool:
    return booking.seq != target.seq and booking.start == target.start


async def _move(
    house: House,
    office: Followed,
    wanted: MoveAll,
    after: Sequence[Booking],
    along: Collection[BookingId],
) -> Code | int:
    """Move a group; how many bookings of it were, or the code of the refusal."""
    cells: list[CellKey] = []
    for booking in after:
        cells += [*cells_of(booking.limits, booking.start, booking.end), *booking.once]

    def decide(world: World) -> Told | Refusal:
        return disruption.move_all(world, after, wanted.why, along)

    needs = Needs(cells=tuple(cells), bookings=tuple(booking.id for booking in after))
    done = await house.turn(office.key, wanted.by, needs, decide)
    if isinstance(done.answer, Rehomed):
        return len(done.answer.bookings)
    return done.answer.code if isinstance(done.answer, Refusal) else 0


def _moved(office: Followed, booking: Booking, target: Target) -> Booking:
    """The booking at the start its target names, still at the number the proposal saw."""
    start = target.start.astimezone(office.office.tz)
    request = office.openings.request(booking.parts)
    once = office.openings.once_of(request, start) if isinstance(request, Request) else booking.once
    end = start + (booking.end - booking.start)
    return msgspec.structs.replace(booking, seq=target.seq, start=start, end=end, once=once)


async def cancel_some(house: House, office: Followed, params: str, cursor: str) -> str | None:
    """One piece of errand `cancel_all`: up to `AT_ONCE` bookings in one turn.

    Raises OSError when none could be had.
    """
    wanted = msgspec.json.decode(params, type=CancelAll)
    first = max(wanted.first, office.now())
    async with transaction(house.pool, office.key.authority) as connection:
        there = await store.occupying(connection, office.key.office, first, wanted.end)
    taken = [b for b in there if b.state is not BookingState.RESTING]
    found = _for_any_of(taken, wanted.services)
    some = [booking.id for booking in found[:AT_ONCE]]
    rest = resting.rest(office)
    if not some:
        return None

    def decide(world: World) -> Told | Refusal:
        return disruption.cancel_all(world, some, wanted.why, rest)

    done = await house.turn(office.key, wanted.by, Needs(bookings=tuple(some)), decide)
    if isinstance(done.answer, Refusal) and done.answer.code is Code.BUSY_RETRY:
        raise OSError("bookings could not be cancelled")
    return str(int(cursor) + len(some)) if len(found) > AT_ONCE else None


ERRANDS = {"rehome": move_group, "cancel_all": cancel_some}
"""Kinds of errands with what runs a piece of each."""
