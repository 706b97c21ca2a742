"""Places handed on: rows gathered until they are one claim, and offers to the next in the list.

Used by every act of the waiting list; whom to offer is decided in `offering`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypedDict

import msgspec
from msgspec.structs import replace

from queue_service.events.entry import BookingNow, CellsNow
from queue_service.events.waiting import OfferMade, WaitingFact, WishNow
from queue_service.model.booking import Booking, BookingState, Person
from queue_service.model.ids import BookingId
from queue_service.model.refusal import Refusal
from queue_service.model.waiting import Offer, Waiting, Wish, WishPerson, WishState
from queue_service.model.waitlist import WaitingTold
from queue_service.model.world import CellKey, Told, World
from queue_service.slots import cards, claims, offering
from queue_service.slots.calendar import tick_of
from queue_service.slots.offering import Chosen, Places, Room, Terms
from queue_service.slots.release import Rest
from queue_service.slots.resting import resting_on, resting_places


class Fresh(msgspec.Struct, frozen=True):
    """Id and code of an offer that may be made; drawn outside."""

    booking: BookingId
    code: str


class Contact(msgspec.Struct, frozen=True):
    """Who is in the house and accepts at once: their appointment is theirs like any other."""

    person: WishPerson
    email_key: bytes | None
    most_live: int
    """Live bookings of that address; 0 = without bound."""
    cards: tuple[bytes, ...] = ()


class Grounds(msgspec.Struct, frozen=True):
    """Where a turn may look for places, and how."""

    places: Places
    terms: Callable[[datetime], Terms]
    fresh: tuple[Fresh, ...]
    resting: tuple[BookingId, ...] = ()
    rest: Rest | None = None
    """How places rest that nobody on the list wants."""
    contacts: tuple[Contact, ...] = ()
    """Of those in the house who have no appointment yet."""

    @property
    def emails(self) -> tuple[bytes, ...]:
        """Addresses whose live bookings a decision counts."""
        return tuple({c.email_key for c in self.contacts if c.email_key and c.most_live})

    @property
    def cards(self) -> tuple[bytes, ...]:
        """Residence cards that a decision may bind."""
        return tuple({card for contact in self.contacts for card in contact.cards})

    @property
    def cells(self) -> tuple[CellKey, ...]:
        """What a decision looks at."""
        return tuple({c for each in self.places.values() for place in each for c in place.cells})


class Draft(msgspec.Struct):
    """Rows before and after, gathered until they become one claim."""

    before: list[Booking] = msgspec.field(default_factory=list)
    after: list[Booking] = msgspec.field(default_factory=list)
    wishes: list[Wish] = msgspec.field(default_factory=list)
    offers: list[Offer] = msgspec.field(default_factory=list)
    made: list[OfferMade] = msgspec.field(default_factory=list)
    codes: list[str] = msgspec.field(default_factory=list)
    people: list[Person] = msgspec.field(default_factory=list)
    bound: list[tuple[BookingId, tuple[bytes, ...]]] = msgspec.field(default_factory=list)
    """Residence cards of whoever accepts at once."""

    def change(self) -> dict[CellKey, int]:
        """The net difference."""
        return claims.net(self.before, self.after)

    def shown(self) -> tuple[BookingNow, ...]:
        """Public states after."""
        known = {b.id: b.seq for b in self.before}
        return tuple(BookingNow.of(b, known.get(b.id, 0)) for b in self.after)


class Shared(TypedDict):
    """Fields that every fact of the chapter has."""

    bookings: tuple[BookingNow, ...]
    cells: tuple[CellsNow, ...]
    wishes: tuple[WishNow, ...]
    offers: tuple[OfferMade, ...]
    seen: int


def shared(world: World, draft: Draft, terms: Terms) -> Shared:
    """What the fact says of the rows; of wishes only those that are no longer on the list."""
    ended = [wish for wish in draft.wishes if wish.state is not WishState.OPEN]
    return {
        "bookings": draft.shown(),
        "cells": claims.left_after(world, draft.change()),
        "wishes": tuple(WishNow.of(wish, wish.seq) for wish in ended),
        "offers": tuple(draft.made),
        "seen": terms.seen if draft.made else 0,
    }


def told(
    world: World,
    draft: Draft,
    fact: WaitingFact,
    *,
    answer: msgspec.Struct,
    people: tuple[Person, ...] = (),
) -> Told | Refusal:
    """The draft as one claim; a refusal where its net difference does not fit."""
    change = draft.change()
    refusal = claims.fits(world, change)
    if refusal is not None:
        return refusal
    done: Told | Refusal = Told(
        fact,
        bookings=tuple(draft.after),
        people=(*people, *draft.people),
        net=change,
        waiting=WaitingTold(tuple(draft.wishes), tuple(draft.offers)),
        public_codes=tuple(draft.codes),
        answer=answer,
    )
    for booking, wanted in draft.bound:
        done = cards.claimed(world, done, wanted, booking)
    return done


def hand_on(
    world: World,
    grounds: Grounds,
    terms: Terms,
    draft: Draft,
    freed: Booking,
    *,
    answered: Wish,
) -> None:
    """Offer to the next what `freed` gives back; what nobody wants rests as the office says."""
    offer_next(world, grounds, terms, draft, answered=answered)
    given = [(booking, None) for booking in draft.before if booking.id != freed.id]
    draft.after += resting_places(world, [*given, (freed, grounds.rest)], draft.after)


def offer_next(
    world: World,
    grounds: Grounds,
    terms: Terms,
    draft: Draft,
    *,
    answered: Wish | None = None,
) -> list[Wish]:
    """Offer what the draft leaves free to the next; `answered` is the wish that acted, as after.

    Ends the wishes that lost their sense, and answers them: who is passed over must stand in the
    journal as on the list.
    """
    room = Room(_left(world, grounds.cells, draft.change()), _resting(world, grounds.resting))
    waiting = list(_after_answer(world.waiting.all(), answered))
    chosen = offering.choose(waiting, grounds.places, room, terms, most=len(grounds.fresh))
    known = {contact.person.wish: contact for contact in grounds.contacts}
    given: list[tuple[Booking, Rest | None]] = []
    others = len(draft.after)
    for each, fresh in zip(chosen, grounds.fresh, strict=False):
        given += [(resting, None) for resting in each.resting]
        contact = known.get(each.waiting.wish.id)
        may = each.waiting.live is not None or _may(world, draft, contact)
        at_once = replace(each, at_once=each.at_once and may)
        if at_once.at_once and each.waiting.live is not None:
            given.append((each.waiting.live, grounds.rest))
        _note(world, draft, at_once, fresh, contact)
    draft.before += [booking for booking, _ in given]
    offered = draft.after[others:]
    rests = resting_on((b for b, _ in given if b.state is BookingState.RESTING), offered)
    draft.after += [*rests, *resting_places(world, given, [*offered, *rests])]
    ended = [
        replace(w.wish, state=WishState.OVER if w.live is None else WishState.PLACED)
        for w in waiting
        if offering.is_to_end(w, terms)
    ]
    draft.wishes += ended
    return ended


def _may(world: World, draft: Draft, contact: Contact | None) -> bool:
    """Whether a new appointment can be theirs without being asked; else they are offered it."""
    if contact is None:
        return False
    if contact.email_key is not None and contact.most_live:
        here = sum(booking.email_key == contact.email_key for booking in draft.after)
        if world.live_of_email(contact.email_key) + here >= contact.most_live:
            return False
    return not cards.refused([world.card(key) for key in contact.cards])


def _after_answer(waiting: Iterable[Waiting], answered: Wish | None) -> Iterator[Waiting]:
    """The list once that wish has answered its offer: its person has none any more."""
    for each in waiting:
        if answered is None or each.wish.person_key != answered.person_key:
            yield each
        elif each.wish.id != answered.id or answered.state is WishState.OPEN:
            yield replace(each, outstanding=False)


def _note(world: World, draft: Draft, each: Chosen, fresh: Fresh, contact: Contact | None) -> None:
    wish, place, live = each.waiting.wish, each.place, each.waiting.live
    booking = Booking(
        fresh.booking,
        BookingState.BOOKED if each.at_once else BookingState.OFFERED,
        place.start,
        place.end,
        wish.parts,
        place.limits,
        wish.language,
        place.once,
        code=fresh.code,
        group=wish.group,
        person_key=wish.person_key,
        until=None if each.at_once else each.until,
        buffer=place.buffer,
        cards=wish.cards,
    )
    if each.at_once and live is not None:
        booking = brought_forward(live, booking)
    else:
        draft.codes.append(fresh.code)
        if each.at_once and contact is not None:
            booking = replace(booking, email_key=contact.email_key)
            draft.people.append(contact.person.of(booking.id))
            draft.bound.append((booking.id, contact.cards))
    asked = tuple(tick for tick in wish.asked if tick >= tick_of(world.now))
    draft.after.append(booking)
    draft.wishes.append(
        replace(
            wish,
            state=WishState.PLACED if each.at_once else WishState.OPEN,
            offered=booking.id,
            asked=(*asked, tick_of(place.start)),
        )
    )
    answer = "accepted" if each.at_once else ""
    draft.offers.append(Offer(booking.id, wish.id, each.rank, world.now, each.until, answer))
    draft.made.append(
        OfferMade(
            booking.id, wish.id, wish.number, each.rank, place.start, each.passed, each.at_once
        )
    )


def _left(world: World, cells: Sequence[CellKey], change: dict[CellKey, int]) -> dict[CellKey, int]:
    left = {}
    for key in cells:
        cell = world.cell(key)
        if cell is not None and cell.capacity:
            left[key] = max(0, cell.capacity - cell.taken - change.get(key, 0))
    return left


def _resting(world: World, named: Sequence[BookingId]) -> list[Booking]:
    """Places that rest and are there: what an edit took away since is nobody's to be offered."""
    found = (world.booking(each) for each in named)
    return [
        b
        for b in found
        if b is not None
        and b.state is BookingState.RESTING
        and not any(claims.excess(world, cell) for cell in claims.taken_by(b))
    ]


def brought_forward(later: Booking, place: Booking) -> Booking:
    """The later appointment at an earlier place; code and calendar entry stay."""
    return replace(
        later,
        start=place.start,
        end=place.end,
        limits=place.limits,
        once=place.once,
        buffer=place.buffer,
        moved_from=later.start,
        overbooked=False,
    )
