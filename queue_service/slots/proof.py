"""Proves from the journal alone that places were offered in the published order of the list.

Replays the entries: who was on the list, with which rank, what each had been offered, what was
left in every cell. For each offer everybody before the chosen must have been passed over for the
reason that the entry names, and the replay must come to the same reason. What a place takes is the
office's configuration, so it is given.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from queue_service.events.chapters import AnyFact
from queue_service.events.waiting import OfferMade, WaitingFact, WishNow
from queue_service.model.booking import LIVE, BookingState, Part
from queue_service.model.ids import BookingId, Tick, WishId
from queue_service.model.waiting import Passed, WishState
from queue_service.model.world import CellKey
from queue_service.slots.calendar import tick_of
from queue_service.slots.offering import CLASSES, Terms, timely

Taken = Callable[[tuple[Part, ...], datetime], tuple[CellKey, ...] | None]
"""The cells that a visit of these parts takes from a start on; None where it cannot start."""


class Doubt(msgspec.Struct, frozen=True):
    """Something in the journal that the published order does not explain."""

    seq: int
    number: int
    """Of the wish that was offered the place."""
    what: str


class Listed(msgspec.Struct):
    """A wish as the replay knows it."""

    now: WishNow
    number: int
    asked: set[Tick] = msgspec.field(default_factory=set)


class Replay:
    """The list as of one entry; feed entries in order."""

    def __init__(self, terms: Callable[[datetime], Terms], taken: Taken) -> None:
        """`terms` are the office's rules at a time."""
        self._terms = terms
        self._taken = taken
        self._wishes: dict[WishId, Listed] = {}
        self._left: dict[CellKey, int] = {}
        self._starts: dict[BookingId, datetime] = {}
        """Of appointments that are live: who has one wants an earlier one only."""
        self._open: dict[BookingId, WishId] = {}
        """Offers without an answer, by whose: the person's first wish stands for the person."""
        self.doubts: list[Doubt] = []
        self.offers = 0

    def feed(self, seq: int, fact: AnyFact, recorded: datetime) -> None:
        """Judge the offers of an entry, then take it over."""
        offers = fact.offers if isinstance(fact, WaitingFact) else ()
        if isinstance(fact, WaitingFact):
            ended = {wish.id for wish in fact.wishes if wish.state is not WishState.OPEN}
            own = {made.wish for made in offers}
            for gone in ended - own:
                self._wishes.pop(gone, None)
        self._take_bookings(fact)
        self._take_cells(fact)
        for n, made in enumerate(offers):
            self.offers += 1
            self._judge(seq, fact, made, recorded, offers[n:])
            self._offered(made, recorded)
        for made in offers:
            if made.at_once:  # theirs: nothing to answer, yet one a person in an entry
                self._open.pop(made.booking, None)
        if isinstance(fact, WaitingFact):
            self._take_wishes(seq, fact)

    def _take_bookings(self, fact: AnyFact) -> None:
        # Offers of this entry come into being one after the other, while it is judged.
        new = {made.booking for made in fact.offers} if isinstance(fact, WaitingFact) else set()
        for booking in fact.bookings:
            if booking.state is not BookingState.OFFERED:
                self._open.pop(booking.id, None)
            if booking.state in LIVE and booking.id not in new:
                self._starts[booking.id] = booking.start
            elif booking.id not in new:
                self._starts.pop(booking.id, None)

    def _take_cells(self, fact: AnyFact) -> None:
        for run in fact.cells:
            for n, left in enumerate(run.left):
                self._left[(run.limit, Tick(run.first + n * run.step))] = left

    def _take_wishes(self, seq: int, fact: WaitingFact) -> None:
        for wish in fact.wishes:
            if wish.state is not WishState.OPEN:
                self._wishes.pop(wish.id, None)
                continue
            known = self._wishes.get(wish.id)
            asked = known.asked if known else set()
            self._wishes[wish.id] = Listed(wish, wish.number or seq, asked)

    def _offered(self, made: OfferMade, recorded: datetime) -> None:
        wish = self._wishes.get(made.wish)
        if wish is None:
            return
        wish.asked = {t for t in wish.asked if t >= tick_of(recorded)} | {tick_of(made.start)}
        self._open[made.booking] = _person(wish.now)

    def _judge(
        self,
        seq: int,
        fact: AnyFact,
        made: OfferMade,
        recorded: datetime,
        rest: Iterable[OfferMade],
    ) -> None:
        def doubt(what: str) -> None:
            self.doubts.append(Doubt(seq, made.number, what))

        seen = fact.seen if isinstance(fact, WaitingFact) else 0
        listed = sorted(
            (w for w in self._wishes.values() if w.number <= seen and w.now.until > recorded),
            key=lambda w: (CLASSES.index(w.now.order), w.number),
        )
        numbers = [each.number for each in listed]
        if made.number not in numbers:
            doubt("not on the list")
            return
        if numbers.index(made.number) + 1 != made.rank:
            doubt(f"rank {made.rank} is {numbers.index(made.number) + 1}")
        named = {number: passed.why for passed in made.passed for number in passed.numbers}
        before = listed[: numbers.index(made.number)]
        if set(named) != {each.number for each in before}:
            doubt("not everybody before is named")
        again = tuple(rest)
        for each in before:
            why = named.get(each.number)
            if why is not None and not self._holds(why, each, made, recorded, again):
                doubt(f"{each.number} was passed over, yet not: {why}")
        chosen = listed[numbers.index(made.number)]
        reason = self._reason(chosen, made.start, recorded)
        if reason is not None:
            doubt(f"could not be offered this: {reason}")

    def _holds(
        self,
        why: Passed,
        wish: Listed,
        made: OfferMade,
        recorded: datetime,
        rest: tuple[OfferMade, ...],
    ) -> bool:
        if why is not Passed.NO_ROOM:
            return self._reason(wish, made.start, recorded) is why
        if self._reason(wish, made.start, recorded) is not None:
            return False
        return not self._room(wish.now.parts, made.start, rest)

    def _reason(self, wish: Listed, start: datetime, recorded: datetime) -> Passed | None:
        """As `offering.refused`, from what the journal says."""
        terms, now = self._terms(recorded), wish.now
        local = start.astimezone(terms.zone)
        live = self._starts.get(now.booking) if now.booking else None
        reasons = {
            Passed.HAS_OFFER: _person(now) in self._open.values(),
            Passed.NOT_WANTED: not any(window.holds(local) for window in now.windows),
            Passed.TOO_SOON: not timely(now, start, terms),
            Passed.ASKED_BEFORE: tick_of(start) in wish.asked,
            Passed.NOT_EARLIER: live is not None and start >= live,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    def _room(self, parts: tuple[Part, ...], start: datetime, rest: tuple[OfferMade, ...]) -> bool:
        """Whether the journal shows room there besides what is offered from this offer on.

        Places that rested count as taken: the journal does not say which cells they held.
        """
        cells = self._taken(parts, start)
        if cells is None:
            return False
        left = {cell: self._left.get(cell, -1) for cell in cells}
        for made in rest:
            wish = self._wishes.get(made.wish)
            mine = self._taken(wish.now.parts, made.start) if wish else None
            for cell in set(mine or ()) & set(left):
                left[cell] += 1
        return all(rest_ > 0 for rest_ in left.values())


def _person(wish: WishNow) -> WishId:
    return wish.kin or wish.id


def prove(
    entries: Iterable[tuple[int, AnyFact, datetime]],
    terms: Callable[[datetime], Terms],
    taken: Taken,
) -> Replay:
    """Replay (number, fact, time) of every entry from the first on; no doubts, no inversion."""
    replay = Replay(terms, taken)
    for seq, fact, recorded in entries:
        replay.feed(seq, fact, recorded)
    return replay
