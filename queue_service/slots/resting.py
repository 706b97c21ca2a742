"""Places at rest: what is given up is taken over by a booking of its own state, in the same claim.

It takes exactly the cells that would be free. Until when it rests is left to `release`.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from queue_service.model.booking import Booking, BookingState
from queue_service.model.ids import BookingId
from queue_service.model.world import CellKey, World
from queue_service.slots.claims import excess, taken_by
from queue_service.slots.release import Rest, rest_until


class Exchange(msgspec.Struct, frozen=True):
    """Resting places that go with a claim, before and after it."""

    before: tuple[Booking, ...] = ()
    after: tuple[Booking, ...] = ()
    held_at: datetime | None = None
    """Since when the same browser has held one of the places that it keeps or takes back."""


def exchange(
    world: World,
    old: Booking,
    new: Booking,
    how: Rest | None,
    *,
    own: Sequence[BookingId] = (),
    heir: BookingId | None = None,
) -> Exchange:
    """What rests when `old` becomes `new`, which may be the same booking in another state.

    Places that `new` does not keep go to rest. Of `own`, its resting places, it takes back what
    it now needs; the rest of them rests on. `heir` may do the same later (default: `old`), with
    these and with all that `old` might have taken back.
    """
    kept = set(taken_by(new))
    needed = kept - set(taken_by(old))
    before, after = [], []
    held = [old.held_at] if old.held_at and not kept.isdisjoint(taken_by(old)) else []
    for named in own:
        resting = world.booking(named)
        if resting is None or resting.state is not BookingState.RESTING:
            continue
        cells = taken_by(resting)
        # A place that an edit took away since is not there to come back to.
        back = {cell for cell in cells if cell in needed and not excess(world, cell)}
        if not back and heir is None:
            continue
        before.append(resting)
        left = _only(resting, tuple(cell for cell in cells if cell not in back))
        after.append(msgspec.structs.replace(left, rest_of=heir or resting.rest_of))
        needed -= back
        held += [resting.held_at] if back and resting.held_at else []
    fresh = resting_place(world, old, kept, how, heir=heir)
    return Exchange(tuple(before), (*after, *fresh), min(held, default=None))


def resting_place(
    world: World,
    old: Booking,
    kept: Collection[CellKey],
    how: Rest | None,
    *,
    heir: BookingId | None = None,
) -> tuple[Booking, ...]:
    """The booking that takes over what `old` gives back, besides `kept`; none where none rests.

    What it took above the places frees none, so nothing of that rests.
    """
    cells = taken_by(old)
    freed = tuple(cell for cell in cells if cell not in kept and not excess(world, cell))
    return _at_rest(world, old, freed, how, heir)


def resting_places(
    world: World, given: Iterable[tuple[Booking, Rest | None]], after: Iterable[Booking]
) -> tuple[Booking, ...]:
    """The same where several give back in one claim: as many places of a cell as become free.

    `after` are those who take places; each of `given` comes with how it rests.
    """
    kept = Counter(cell for booking in after for cell in taken_by(booking))
    above: dict[CellKey, int] = {}
    rests: list[Booking] = []
    for old, how in given:
        freed = []
        for cell in taken_by(old):
            above.setdefault(cell, excess(world, cell))
            if kept[cell]:
                kept[cell] -= 1
            elif above[cell]:
                above[cell] -= 1
            else:
                freed.append(cell)
        rests += _at_rest(world, old, tuple(freed), how)
    return tuple(rests)


def resting_on(resting: Iterable[Booking], taking: Iterable[Booking]) -> tuple[Booking, ...]:
    """Resting places of which `taking` take some or all: what is left of each rests on."""
    taken = Counter(cell for booking in taking for cell in taken_by(booking))
    found = []
    for each in resting:
        left = []
        for cell in taken_by(each):
            if taken[cell]:
                taken[cell] -= 1
            else:
                left.append(cell)
        found.append(_only(each, tuple(left)))
    return tuple(found)


def _at_rest(
    world: World,
    old: Booking,
    freed: tuple[CellKey, ...],
    how: Rest | None,
    heir: BookingId | None = None,
) -> tuple[Booking, ...]:
    if how is None or not freed:
        return ()
    mark = old.id.bytes + old.start.isoformat().encode()
    past = old.until is not None and old.until <= world.now
    gave_up = old.state is BookingState.HELD and not past
    until = rest_until(old.start, world.now, how, gave_up=gave_up, mark=mark)
    if until is None:
        return ()
    # Anonymous: of whom it was stays in no field but the number that may take it again.
    digest = hashlib.blake2b(b"id" + mark, key=how.chance[:64], digest_size=16).digest()
    found = Booking(
        BookingId(UUID(bytes=digest, version=4)),
        BookingState.RESTING,
        old.start,
        old.end,
        old.parts,
        old.limits,
        old.language,
        old.once,
        held_at=old.held_at if heir else None,
        until=until,
        rest_of=heir or old.id,
    )
    return (found if len(freed) == len(taken_by(old)) else _only(found, freed),)


def over(resting: Booking) -> Booking:
    """A resting place whose time is over, or which somebody has taken over."""
    return msgspec.structs.replace(resting, state=BookingState.LAPSED, until=None)


def _only(resting: Booking, cells: tuple[CellKey, ...]) -> Booking:
    """The resting place on these of its cells alone."""
    if cells == taken_by(resting):
        return resting
    if not cells:
        return over(resting)
    return msgspec.structs.replace(resting, limits=(), once=cells)
