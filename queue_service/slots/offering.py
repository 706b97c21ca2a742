"""Timed offers: who on the waiting list is offered which place, by the published order.

Wish by wish in the order of the list, each gets the earliest place that suits and fits what those
before left: nobody can be overtaken for a place that they wanted and could have had. Rows, words
and the way to people are left to others.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from queue_service.events.waiting import PassedOver, WishNow
from queue_service.model.booking import Booking, Part
from queue_service.model.ids import LimitId
from queue_service.model.office import OfficeClock
from queue_service.model.waiting import Passed, Waiting, WaitingRules, Wish, WishClass
from queue_service.model.world import CellKey
from queue_service.slots.calendar import tick_of
from queue_service.slots.claims import cells_of, taken_by

CLASSES = tuple(WishClass)


class Place(msgspec.Struct, frozen=True):
    """A start with all that a visit of certain parts would take there."""

    start: datetime
    end: datetime
    limits: tuple[LimitId, ...]
    once: tuple[CellKey, ...] = ()
    buffer: int = 0

    @property
    def cells(self) -> tuple[CellKey, ...]:
        """Every cell it takes one place in."""
        return cells_of(self.limits, self.start, self.end) + self.once


Places = Mapping[tuple[Part, ...], Sequence[Place]]
"""For every kind of visit on the list the places looked at, earliest first."""


class Terms(msgspec.Struct, frozen=True):
    """What holds while offers are made."""

    now: datetime
    rules: WaitingRules
    clock: OfficeClock
    zone: ZoneInfo
    seen: int
    """Wishes that joined after this entry are not looked at."""

    def notice(self, parts: tuple[Part, ...]) -> timedelta:
        """How long before its start a place is still offered: the longest of its services."""
        named = {each.service: each.minutes for each in self.rules.fill}
        minutes = max(named.get(part.service, self.rules.fill_minutes) for part in parts)
        return timedelta(minutes=minutes)


class Chosen(msgspec.Struct, frozen=True):
    """A place for a wish."""

    waiting: Waiting
    place: Place
    until: datetime
    rank: int
    passed: tuple[PassedOver, ...]
    resting: tuple[Booking, ...] = ()
    """Resting places that go with it."""
    at_once: bool = False


class Room:
    """What is left while places are given out; resting places count once they are needed."""

    def __init__(self, left: Mapping[CellKey, int], resting: Iterable[Booking] = ()) -> None:
        """`left` as it is without the resting ones; cells not in it are closed."""
        self._left = dict(left)
        self._resting = {b.id: b for b in sorted(resting, key=lambda b: (b.start, b.id))}

    def needed(self, place: Place) -> tuple[Booking, ...] | None:
        """The resting places that must go with `place`; None where there is no room."""
        short = {cell for cell in place.cells if self._left.get(cell, -1) <= 0}
        if any(self._left.get(cell, -1) < 0 for cell in short):
            return None
        found = []
        for resting in self._resting.values():
            covered = short.intersection(taken_by(resting)) if short else ()
            if covered:
                found.append(resting)
                short.difference_update(covered)
        return None if short else tuple(found)

    def take(self, place: Place, resting: Iterable[Booking]) -> None:
        """Give it out; what else a resting place held is left for whoever is next on the list."""
        for each in resting:
            del self._resting[each.id]
            for cell in self._left.keys() & set(taken_by(each)):
                self._left[cell] += 1
        for cell in place.cells:
            self._left[cell] -= 1


def lifetime(start: datetime, terms: Terms) -> datetime:
    """Until when an offer may be answered: a share of the time left, within bounds (R8).

    The bounds are people's patience, so they grow with a fast clock; never past the start.
    """
    rules, patience = terms.rules, terms.clock.patience
    share = (start - terms.now) * rules.share_percent / 100
    least = patience(timedelta(minutes=rules.least_minutes))
    most = patience(timedelta(minutes=rules.most_minutes))
    return min(terms.now + min(max(share, least), most), start)


def ranked(waiting: Iterable[Waiting], terms: Terms) -> list[Waiting]:
    """The list in its published order: by class, then by the time of joining."""
    listed = (w for w in waiting if w.wish.number <= terms.seen and not is_over(w, terms))
    return sorted(listed, key=lambda w: (CLASSES.index(w.wish.order), w.wish.number))


def is_over(waiting: Waiting, terms: Terms) -> bool:
    """Whether a wish has lost its sense: too late, found otherwise, or never answered."""
    if waiting.wish.until <= terms.now:
        return True
    if waiting.outstanding:  # first they answer: whoever has an offer stands on the list
        return False
    return waiting.lapsed >= terms.rules.lapses_most or found_otherwise(waiting, terms)


def is_to_end(waiting: Waiting, terms: Terms) -> bool:
    """Whether a wish that is over may leave the list: nobody waits for an answer to its offer."""
    return is_over(waiting, terms) and not waiting.outstanding


def found_otherwise(waiting: Waiting, terms: Terms) -> bool:
    """Whether the person has an appointment by now, or none any more that could be sooner."""
    live = waiting.live
    if waiting.wish.order is WishClass.EARLIER:
        return live is None or live.start <= terms.now
    return live is not None


def refused(waiting: Waiting, start: datetime, terms: Terms) -> Passed | None:
    """Why a start is not offered to a wish, apart from room; None when it may be."""
    if waiting.outstanding:
        return Passed.HAS_OFFER
    wish = waiting.wish
    if not wanted(wish, start, terms):
        return Passed.NOT_WANTED
    if not timely(wish, start, terms):
        return Passed.TOO_SOON
    if tick_of(start) in wish.asked:
        return Passed.ASKED_BEFORE
    if waiting.live is not None and start >= waiting.live.start:
        return Passed.NOT_EARLIER
    return None


def wanted(wish: Wish, start: datetime, terms: Terms) -> bool:
    """Whether a start lies in one of the windows."""
    local = start.astimezone(terms.zone)
    return any(window.holds(local) for window in wish.windows)


def timely(wish: Wish | WishNow, start: datetime, terms: Terms) -> bool:
    """Whether there is enough time to answer and to come."""
    if is_here(wish, terms.now):
        return start >= terms.now
    least = terms.clock.patience(timedelta(minutes=terms.rules.least_minutes))
    return start - terms.now >= max(terms.notice(wish.parts), least)


def is_here(wish: Wish | WishNow, now: datetime) -> bool:
    """Whether somebody is in the house: they need no notice and accept at once."""
    return wish.here is not None and now < wish.here


def choose(
    waiting: Iterable[Waiting], places: Places, room: Room, terms: Terms, *, most: int
) -> list[Chosen]:
    """Up to `most` places with whom they are offered to; `room` is used up."""
    listed = ranked(waiting, terms)
    found: list[Chosen] = []
    given: set[bytes] = set()
    for rank, each in enumerate(listed, 1):
        if len(found) >= most:
            break
        if each.wish.person_key in given:
            continue
        place, resting = _best(each, places, room, terms)
        if place is None:
            continue
        passed = _passed(listed[: rank - 1], place, places, room, terms, given)
        room.take(place, resting)
        given.add(each.wish.person_key)
        until = lifetime(place.start, terms)
        at_once = is_here(each.wish, terms.now)
        found.append(Chosen(each, place, until, rank, passed, resting, at_once))
    return found


def _best(
    each: Waiting, places: Places, room: Room, terms: Terms
) -> tuple[Place | None, tuple[Booking, ...]]:
    if each.outstanding:
        return None, ()
    for place in places.get(each.wish.parts, ()):
        if refused(each, place.start, terms) is not None:
            continue
        resting = room.needed(place)
        if resting is not None:
            return place, resting
    return None, ()


def _passed(
    better: Sequence[Waiting],
    place: Place,
    places: Places,
    room: Room,
    terms: Terms,
    given: set[bytes],
) -> tuple[PassedOver, ...]:
    """Why each of those before was not offered this very start."""
    why: dict[Passed, list[int]] = {}
    for each in better:
        if each.wish.person_key in given:
            reason = Passed.HAS_OFFER
        else:
            reason = refused(each, place.start, terms) or Passed.NO_ROOM
        why.setdefault(reason, []).append(each.wish.number)
    return tuple(PassedOver(reason, tuple(numbers)) for reason, numbers in sorted(why.items()))
