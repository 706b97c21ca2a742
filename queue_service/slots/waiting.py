"""Acts of the waiting list, decided on the world of a turn: join, offer, accept, decline, leave.

What an act sets free is offered to the next in the same turn, as one claim: the net difference
must fit (`handing`). Who asks and how people hear of it is left alone.
"""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from queue_service.events import waiting as facts
from queue_service.events.waiting import WishNow
from queue_service.model.booking import Booking, BookingState, Person, share_group
from queue_service.model.ids import WishId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waiting import Offer, Wish, WishPerson, WishState
from queue_service.model.waitlist import WaitingTold
from queue_service.model.world import Told, World
from queue_service.slots import offering, persons
from queue_service.slots.cards import claimed
from queue_service.slots.handing import (
    Draft,
    Grounds,
    brought_forward,
    hand_on,
    offer_next,
    shared,
    told,
)
from queue_service.slots.holds import given
from queue_service.slots.offering import Terms


class Made(msgspec.Struct, frozen=True):
    """The answer of a turn that only offers."""

    offers: int
    ended: int


class Joined(msgspec.Struct, frozen=True):
    """The answer of joining and leaving; holds no secret, so receipts may keep it."""

    wish: WishId
    code: str
    generation: int
    state: WishState


def join(
    world: World,
    wish: Wish,
    person: WishPerson | None,
    *,
    email_key: bytes | None = None,
    most_live: int = 0,
) -> Told | Refusal:
    """Put a wish on the list; a person has one in each group of services.

    An address that has its `most_live` appointments could take none; 0 = without bound.
    """
    if wish.booking is not None:
        later = world.booking(wish.booking)
        if later is not None and later.state is BookingState.CANCELLED:
            return Refusal(Code.CANCELLED)
        if later is None or later.state is not BookingState.BOOKED or later.start <= world.now:
            return Refusal(Code.TOO_LATE)
    open_ = world.waiting.of(wish.person_key)
    same = [each for each in open_ if share_group(each.group, wish.group)]
    # An appointment that was moved is asked for anew, up to its new start.
    moved = [
        each
        for each in same
        if each.booking is not None and each.booking == wish.booking and each.until != wish.until
    ]
    if any(each.until > world.now for each in same if each not in moved):
        return Refusal(Code.ALREADY_WAITING, {"group": wish.group})
    if wish.booking is None:
        refusal = _too_many(world, wish, email_key, most_live)
        if refusal is not None:
            return refusal
    kin = next((each.kin or each.id for each in open_ if each not in same), None)
    joined = replace(wish, kin=kin, number=moved[0].number if moved else 0)
    ended = tuple(replace(each, state=WishState.OVER) for each in same)
    fact = facts.WishJoined(wishes=(*(WishNow.of(e, e.seq) for e in ended), WishNow.of(joined, 0)))
    return Told(
        fact,
        # First those that end: one wish a person and group is guarded row by row.
        waiting=WaitingTold((*ended, joined), people=(person,) if person else ()),
        public_codes=(joined.code,),
        answer=Joined(joined.id, joined.code, joined.generation, joined.state),
    )


def _too_many(world: World, wish: Wish, email_key: bytes | None, most_live: int) -> Refusal | None:
    """Why whoever wishes may have no new appointment."""
    return persons.refused(
        world,
        group=wish.group,
        person_key=wish.person_key,
        email_key=email_key,
        most=most_live,
    )


def offer(world: World, grounds: Grounds) -> Told | Refusal:
    """Offer what is free or resting, and end the wishes that lost their sense."""
    terms = grounds.terms(world.now)
    draft = Draft()
    ended = offer_next(world, grounds, terms, draft)
    if not draft.made and not ended:
        return Refusal(Code.SLOT_FULL)
    said, over = shared(world, draft, terms), facts.EndReason.OVER
    fact = facts.Offered(**said) if draft.made else facts.WishEnded(**said, reason=over)
    return told(world, draft, fact, answer=Made(len(draft.made), len(ended)))


def accept(
    world: World,
    made: Offer,
    *,
    person: Person,
    email_key: bytes | None,
    grounds: Grounds,
    most_live: int = 0,
) -> Told | Refusal:
    """Take the place offered; a later appointment goes to the next in the same claim.

    A new appointment counts among the `most_live` of its address as any other; 0 = without bound.
    """
    found = _open_offer(world, made)
    if isinstance(found, Refusal):
        return found
    offered, wish = found
    terms, draft = grounds.terms(world.now), Draft(before=[offered])
    placed = replace(wish, state=WishState.PLACED)
    draft.wishes.append(placed)
    draft.offers.append(replace(made, answer="accepted"))
    moved = None
    if wish.booking is not None:
        later = world.booking(wish.booking)
        if later is None or later.state is not BookingState.BOOKED or later.start <= offered.start:
            return Refusal(Code.OFFER_OVER)
        moved = later.id
        result = brought_forward(later, offered)
        draft.before.append(later)
        draft.after += [replace(offered, state=BookingState.CANCELLED, until=None), result]
        hand_on(world, grounds, terms, draft, later, answered=placed)
    else:
        refusal = _too_many(world, wish, email_key, most_live)
        if refusal is not None:
            return refusal
        result = replace(offered, state=BookingState.BOOKED, until=None, email_key=email_key)
        draft.after.append(result)
    fact = facts.OfferAccepted(**shared(world, draft, terms), moved=moved)
    people = () if moved else (person,)
    answer = told(world, draft, fact, people=people, answer=given(result))
    # A booking that is brought forward has its cards already.
    return answer if moved else claimed(world, answer, wish.cards, result.id)


def decline(world: World, made: Offer, grounds: Grounds) -> Told | Refusal:
    """Not this one: the next gets it; the wish keeps its rank for other places."""
    found = _open_offer(world, made)
    if isinstance(found, Refusal):
        return found
    offered, wish = found
    terms, draft = grounds.terms(world.now), Draft(offers=[replace(made, answer="declined")])
    _give_up(world, grounds, terms, draft, offered, wish)
    fact = facts.OfferDeclined(**shared(world, draft, terms))
    answer = Joined(wish.id, wish.code, wish.generation, wish.state)
    return told(world, draft, fact, answer=answer)


def leave(world: World, wish: WishId, made: Offer | None, grounds: Grounds) -> Told | Refusal:
    """Off the list; an offer that is open goes to the next."""
    found = world.waiting.wish(wish)
    if found is None or found.state is not WishState.OPEN:
        return Refusal(Code.NOT_WAITING_ANY_MORE)
    if found.offered != (made.booking if made else None):
        return Refusal(Code.BUSY_RETRY)
    left = replace(found, state=WishState.LEFT)
    return _ended(world, left, made, grounds, facts.EndReason.LEFT)


def end(world: World, wish: WishId, made: Offer, grounds: Grounds) -> Told | Refusal:
    """Off the list although an offer is open: the person found otherwise. The next gets it."""
    terms = grounds.terms(world.now)
    each = next((each for each in world.waiting.all() if each.wish.id == wish), None)
    if each is None or each.wish.offered != made.booking:
        return Refusal(Code.NOT_WAITING_ANY_MORE)
    if not offering.found_otherwise(each, terms):
        return Refusal(Code.BUSY_RETRY)
    state = WishState.OVER if each.live is None else WishState.PLACED
    gone = replace(each.wish, state=state)
    return _ended(world, gone, made, grounds, facts.EndReason.OVER)


def _ended(
    world: World, gone: Wish, made: Offer | None, grounds: Grounds, reason: facts.EndReason
) -> Told | Refusal:
    terms, draft = grounds.terms(world.now), Draft(wishes=[gone])
    offered = world.booking(made.booking) if made else None
    if made is not None and offered is not None and offered.state is BookingState.OFFERED:
        if reason is facts.EndReason.LEFT:
            draft.offers.append(replace(made, answer="declined"))
        _give_up(world, grounds, terms, draft, offered, gone)
    fact = facts.WishEnded(**shared(world, draft, terms), reason=reason)
    answer = Joined(gone.id, gone.code, gone.generation, gone.state)
    return told(world, draft, fact, answer=answer)


def come(world: World, wish: WishId, until: datetime) -> Told | Refusal:
    """Somebody on the list is in the house until then."""
    found = world.waiting.wish(wish)
    if found is None or found.state is not WishState.OPEN:
        return Refusal(Code.NOT_WAITING_ANY_MORE)
    here = replace(found, here=until)
    fact = facts.WishHere(wishes=(WishNow.of(here, found.seq),))
    answer = Joined(here.id, here.code, here.generation, here.state)
    return Told(fact, waiting=WaitingTold((here,)), answer=answer)


def _open_offer(world: World, made: Offer) -> tuple[Booking, Wish] | Refusal:
    offered, wish = world.booking(made.booking), world.waiting.wish(made.wish)
    if offered is None or wish is None:
        return Refusal(Code.UNKNOWN_BOOKING)
    over_ = offered.until is None or offered.until <= world.now
    # A wish may be over before the offer that was made to it: that still can be answered.
    ended = wish.state not in (WishState.OPEN, WishState.OVER)
    if offered.state is not BookingState.OFFERED or over_ or ended:
        return Refusal(Code.OFFER_OVER)
    return offered, wish


def _give_up(
    world: World,
    grounds: Grounds,
    terms: Terms,
    draft: Draft,
    offered: Booking,
    answered: Wish,
) -> None:
    draft.before.append(offered)
    draft.after.append(replace(offered, state=BookingState.CANCELLED, until=None))
    hand_on(world, grounds, terms, draft, offered, answered=answered)
