"""Residence cards: which state may follow which, who may book one, what an import changes.

A card's booking is not copied into its state: `standing` reads both, so whatever ends a booking
gives its card back exactly once. Reading files is left to `slots.card_list`, hashing to `seals`.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from queue_service.events.booking import Lapsed
from queue_service.events.cards import CardsRecorded
from queue_service.model.booking import BookingState
from queue_service.model.card import Card, CardState, Doubt, Why
from queue_service.model.ids import BookingId
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Told, World
from queue_service.slots.calendar import windows

S = CardState
TRANSITIONS: dict[CardState, frozenset[CardState]] = {
    S.ORDERED: frozenset({S.PRODUCED, S.DIRECT_SHIPPED}),
    S.PRODUCED: frozenset({S.DELIVERED}),
    S.DELIVERED: frozenset({S.RECORDED, S.RE_ORDERED}),
    S.RE_ORDERED: frozenset({S.ORDERED}),
    S.RECORDED: frozenset({S.READY}),
    S.READY: frozenset({S.OFFERED, S.BOOKED, S.POSTED, S.HANDED_OUT}),
    S.OFFERED: frozenset({S.BOOKED, S.READY, S.IN_SAFE}),
    S.BOOKED: frozenset({S.READY, S.HANDED_OUT}),
    S.IN_SAFE: frozenset({S.READY}),
    S.HANDED_OUT: frozenset(),
    S.POSTED: frozenset(),
    S.DIRECT_SHIPPED: frozenset(),
}
"""State → what may follow at once; the last three are final.

Ready → handed out: somebody came without an appointment. In the safe → ready: the office takes
the card out again.
"""
LAPSES_UNTIL_SAFE = 3
_DAYS_LOOKED_AT = 60
CLAIMING = frozenset(
    {
        BookingState.HELD,
        BookingState.OFFERED,
        BookingState.PENDING,
        BookingState.BOOKED,
        BookingState.ARRIVED,
    }
)
"""States of a booking that keep its card from others."""
RECORDABLE = frozenset(S) - {S.OFFERED, S.BOOKED}
"""What an office may write into its list; the other two follow from bookings."""


def _reachable(start: CardState) -> frozenset[CardState]:
    seen, open_ = {start}, [start]
    while open_:
        for following in TRANSITIONS[open_.pop()] - seen:
            seen.add(following)
            open_.append(following)
    return frozenset(seen)


REACHABLE = {state: _reachable(state) for state in CardState}
"""A list is written once a day or a week: states in between may never be seen."""


def standing(card: Card) -> CardState:
    """Where the card stands, its booking counted in."""
    if card.state is not S.READY or card.booking_state is None:
        return card.state
    if card.booking_state is BookingState.OFFERED:
        return S.OFFERED
    if card.booking_state is BookingState.SERVED:
        return S.HANDED_OUT
    return S.BOOKED if card.booking_state in CLAIMING else S.READY


def bookable(card: Card | None, *, replaces: BookingId | None = None) -> bool:
    """Whether the card may be booked now; `replaces` is a hold its owner gives back.

    What became an appointment meanwhile is none, and keeps its card.
    """
    if card is None:
        return False
    mine = replaces is not None and card.booking == replaces
    held = card.booking_state is BookingState.HELD
    return standing(card) is S.READY or (mine and held and standing(card) is S.BOOKED)


def refused(cards: Sequence[Card | None], *, replaces: BookingId | None = None) -> tuple[int, ...]:
    """Which of the cards, counted from 1, cannot be booked.

    An unknown card, one that is not ready and one that has an appointment are not told apart:
    whoever tries numbers out learns nothing about any of them.
    """
    return tuple(n for n, card in enumerate(cards, 1) if not bookable(card, replaces=replaces))


def claimed(
    world: World,
    told: Told | Refusal,
    keys: Sequence[bytes],
    booking: BookingId,
    *,
    replaces: BookingId | None = None,
) -> Told | Refusal:
    """`told` with these cards bound to `booking`, or the refusal: all of them or nothing.

    The booking keeps them in mind: `restoring` asks for the same ones again.
    """
    if isinstance(told, Refusal) or not keys:
        return told
    cards = [world.card(key) for key in keys]
    missing = refused(cards, replaces=replaces)
    if missing or len(set(keys)) < len(keys):
        return Refusal(Code.CARD_NOT_READY, {"cards": list(missing)})
    bound = tuple(
        msgspec.structs.replace(card, booking=booking, booking_state=BookingState.HELD)
        for card in cards
        if card is not None
    )
    replace = msgspec.structs.replace
    bookings = tuple(
        replace(each, cards=tuple(keys)) if each.id == booking else each for each in told.bookings
    )
    return replace(told, bookings=bookings, cards=(*told.cards, *bound))


def lapsed(card: Card, on: date) -> Card:
    """The card after an offer for it ran out: ready again, the third time into the safe."""
    lapses = card.lapses + 1
    state = S.IN_SAFE if lapses >= LAPSES_UNTIL_SAFE else S.READY
    return msgspec.structs.replace(
        card, state=state, since=on, lapses=lapses, booking=None, booking_state=None
    )


def given_up(told: Told, wanted: Sequence[Card], on: date) -> Told:
    """`told`, by which offers ran out, with the cards they were for; a card booked since stays."""
    free = tuple(lapsed(card, on) for card in wanted if standing(card) is S.READY)
    if not free:
        return told
    fact = told.fact
    if isinstance(fact, Lapsed):
        safe = sum(card.state is S.IN_SAFE for card in free)
        fact = msgspec.structs.replace(fact, safe=safe)
    return msgspec.structs.replace(told, fact=fact, cards=(*told.cards, *free))


def next_check(office: Office, today: date, days: int, holidays: frozenset[date]) -> date:
    """When to look again: `days` ahead, on the first day from there on which the office is open.

    The same for every card that cannot be booked, so the date says nothing about one either.
    """
    day = today + timedelta(days=days)
    for later in (day + timedelta(days=n) for n in range(_DAYS_LOOKED_AT)):
        if windows(office, (), later, holidays):
            return later
    return day


class Said(msgspec.Struct, frozen=True):
    """One row of a list: what the office says of a card."""

    line: int
    key: bytes
    state: CardState
    since: date


class Recorded(msgspec.Struct, frozen=True):
    """How a piece of a list was taken."""

    changed: int
    same: int
    older: int
    """Rows that say less than was known already."""
    doubts: tuple[Doubt, ...] = ()


def record(world: World, rows: Iterable[Said], *, zone: ZoneInfo) -> Told | Recorded:
    """Take a piece of a list over; what nothing changes leaves no entry.

    What is said of a day to come, in the office's `zone`, is doubted.
    """
    after: dict[bytes, Card] = {}
    same = older = 0
    doubts: list[Doubt] = []
    # A turn counts in UTC, where a list that is written after midnight is of a day to come.
    today = world.now.astimezone(zone).date()
    for row in rows:
        card = after.get(row.key) or world.card(row.key)
        if row.since > today:
            # A mistyped year: every later row would be older than it, without a word. One that was
            # taken before this was doubted locks its card no longer.
            doubts.append(Doubt(row.line, Why.NOT_YET, row.since.isoformat()))
        elif card is not None and row.since < card.since <= today:
            older += 1
        elif card is not None and card.state is row.state:
            same += 1
        elif (doubt := _against(card, row)) is not None:
            doubts.append(doubt)
        else:
            after[row.key] = _as_said(card, row)
    recorded = Recorded(len(after), same, older, tuple(doubts))
    if not after:
        return recorded
    fact = CardsRecorded(states=_tally(after.values()))
    return Told(fact, cards=tuple(after.values()), answer=recorded)


def _against(card: Card | None, row: Said) -> Doubt | None:
    if card is None:
        return None
    stands = standing(card)
    if stands in (S.BOOKED, S.OFFERED) and row.state is not S.HANDED_OUT:
        return Doubt(row.line, Why.BOOKED, row.state)
    if row.state not in REACHABLE[card.state]:
        return Doubt(row.line, Why.NO_WAY, f"{card.state} → {row.state}")
    return None


def _as_said(card: Card | None, row: Said) -> Card:
    if card is None:
        return Card(row.key, row.state, row.since)
    return msgspec.structs.replace(card, state=row.state, since=row.since)


def _tally(cards: Iterable[Card]) -> dict[str, int]:
    many: dict[str, int] = {}
    for card in cards:
        many[card.state.value] = many.get(card.state.value, 0) + 1
    return dict(sorted(many.items()))
