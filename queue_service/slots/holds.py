"""Holds: take places for a while, extend, lapse; honoured at read time.

Leaves alone: who asks (`rights`), secrets (`seals`), which starts exist (`openings`), the clock.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from queue_service.events import booking as facts
from queue_service.events.entry import BookingNow
from queue_service.model.booking import LIVE, Booking, BookingState
from queue_service.model.ids import TICK_SECONDS, BookingId
from queue_service.model.office import BookingRules, OfficeClock
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Told, World
from queue_service.slots import claims
from queue_service.slots.release import FREE_AT_ONCE, Lapsing, Rest, in_window
from queue_service.slots.resting import Exchange, exchange, resting_places

__all__ = ["MAX_EXTENSIONS", "Given", "extend", "given", "hold", "in_window", "lapse", "live_hold"]


class Given(msgspec.Struct, frozen=True):
    """The answer of every act on a booking; holds no secret, so receipts may keep it."""

    booking: BookingId
    state: BookingState
    start: datetime
    end: datetime
    generation: int
    code: str | None = None
    until: datetime | None = None
    extensions_left: int = 0
    language: str = "de"
    parts: tuple[tuple[str, int], ...] = ()
    overbooked: bool = False
    moved_from: datetime | None = None
    flags: tuple[str, ...] = ()


MAX_EXTENSIONS = 12
_TICK = timedelta(seconds=TICK_SECONDS)
"""A hold can be extended at least ten times (WCAG 2.2.1), within its cap."""


def given(after: Booking) -> Given:
    """What the applicant is told of a booking."""
    return Given(
        after.id,
        after.state,
        after.start,
        after.leaves,
        after.generation,
        after.code,
        after.until,
        max(0, MAX_EXTENSIONS - after.extensions) if after.state is BookingState.HELD else 0,
        after.language,
        tuple((p.service, p.persons) for p in after.parts),
        after.overbooked,
        after.moved_from,
        after.flags,
    )


def hold(
    world: World,
    wanted: Booking,
    *,
    rules: BookingRules,
    zone: ZoneInfo,
    clock: OfficeClock,
    receipt: str = "",
    replaces: BookingId | None = None,
    rest: Rest | None = None,
    own: Sequence[BookingId] = (),
) -> Told | Refusal:
    """Take `wanted`'s cells for a while; `replaces` is the same browser's hold, given back.

    What it gave back before (`own`) and now wants again, the browser gets although it rests. No
    hold outlasts its start.
    """
    outside = in_window(wanted.start, world.now, rules, zone)
    if outside is not None:
        return outside
    old = world.booking(replaces) if replaces else None
    if old is not None and old.state is not BookingState.HELD:
        old = None
    after = msgspec.structs.replace(
        wanted,
        held_at=world.now,
        until=until(rules.hold_minutes, world.now, wanted.start, clock),
    )
    gone = () if old is None else (msgspec.structs.replace(old, state=BookingState.CANCELLED),)
    rests = Exchange()
    if old is not None:
        rests = exchange(world, old, after, rest, own=own, heir=after.id)
        # Chosen again a place is held on, not anew: its cap is that of the first time.
        since = rests.held_at or world.now
        cap = until(rules.hold_cap_minutes, since, after.start, clock)
        if cap <= world.now:
            return Refusal(Code.HOLD_CAP_REACHED, {"until": cap.isoformat()})
        longest = min(after.until or cap, cap)
        after = msgspec.structs.replace(after, held_at=since, until=longest)
    change = claims.net((*((old,) if old else ()), *rests.before), (after, *gone, *rests.after))
    refusal = claims.fits(world, change)
    if refusal is not None:
        return refusal
    fact = facts.Held(
        bookings=(
            BookingNow.of(after, 0),
            *(BookingNow.of(g, g.seq) for g in (*gone, *rests.after)),
        ),
        cells=claims.left_after(world, change),
        receipt=receipt,
    )
    return Told(fact, bookings=(after, *gone, *rests.after), net=change, answer=given(after))


def until(minutes: int, since: datetime, start: datetime, clock: OfficeClock) -> datetime:
    """How long whoever asked at `since` has for a place: not past its start, yet a tick at least.

    In the time of people: where the office's clock runs faster, they keep their minutes.
    """
    left = max(start.astimezone(UTC) - since.astimezone(UTC), _TICK)
    return since + clock.patience(min(timedelta(minutes=minutes), left))


def until_start(ends: datetime | None, now: datetime, start: datetime) -> datetime | None:
    """When a state ends that would have at `ends`, now that `start` is: as `until`, no later."""
    return ends and min(ends, max(start, now + _TICK))


def live_hold(world: World, booking: BookingId) -> Booking | Refusal:
    """The hold, honoured at read time: one whose time is over is expired, lapsed or not."""
    held = world.booking(booking)
    if held is None:
        return Refusal(Code.UNKNOWN_BOOKING)
    if held.state is BookingState.CANCELLED:
        return Refusal(Code.CANCELLED)
    if held.state in LIVE or held.state is BookingState.ARRIVED:
        return Refusal(Code.ALREADY_BOOKED)
    if held.state is not BookingState.HELD or held.until is None or held.until <= world.now:
        return Refusal(Code.HOLD_EXPIRED)
    return held


def extend(
    world: World, booking: BookingId, *, rules: BookingRules, clock: OfficeClock
) -> Told | Refusal:
    """A hold lasts some minutes longer, up to a cap since it was taken, and to its start."""
    held = live_hold(world, booking)
    if isinstance(held, Refusal):
        return held
    cap = until(rules.hold_cap_minutes, held.held_at or world.now, held.start, clock)
    now = held.until or cap
    longer = min(cap, now + clock.patience(timedelta(minutes=rules.extend_minutes)))
    if held.extensions >= MAX_EXTENSIONS or longer <= now:
        return Refusal(Code.HOLD_CAP_REACHED, {"until": now.isoformat()})
    after = msgspec.structs.replace(held, until=longer, extensions=held.extensions + 1)
    fact = facts.Extended(bookings=(BookingNow.of(after, held.seq),))
    return Told(fact, bookings=(after,), answer=given(after))


def lapse(
    world: World, how: Lapsing = FREE_AT_ONCE, awaited: Collection[BookingId] = ()
) -> Told | None:
    """Whatever is over gives its cells back; None when nothing is due.

    A hold, an offer or a pending booking hands them to a resting place, a resting place to all.
    `awaited` are offers whose places others on the list may want: nobody else takes them before
    those are asked, also where nothing rests.
    """
    due: Sequence[Booking] = sorted(world.due(), key=lambda b: (b.until, b.id))
    if not due:
        return None
    after = tuple(msgspec.structs.replace(b, state=BookingState.LAPSED, until=None) for b in due)
    over = [(b, None) for b in due if b.state is BookingState.RESTING]
    ended = [
        (b, how.rest or (how.awaited if b.id in awaited else None))
        for b in due
        if b.state is not BookingState.RESTING
    ]
    rests = resting_places(world, [*over, *ended], ())
    change = claims.net(due, (*after, *rests))
    fact = facts.Lapsed(
        bookings=(
            *(BookingNow.of(a, b.seq) for a, b in zip(after, due, strict=True)),
            *(BookingNow.of(r, 0) for r in rests),
        ),
        cells=claims.left_after(world, change),
    )
    return Told(fact, bookings=(*after, *rests), net=change)
