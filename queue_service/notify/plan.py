"""Decides which letters an entry of the journal makes due or needless; leaves sending alone.

Pure: the same entry always plans the same, and every letter is named by (entry, purpose, booking),
so an entry that is planned twice changes nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from queue_service.events.booking import (
    Booked,
    BookedByStaff,
    Cancelled,
    CancelReason,
    Lapsed,
    Moved,
    NotComing,
    Restored,
    Swapped,
)
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import BookingNow, Entry
from queue_service.events.waiting import OfferAccepted, OfferDeclined, WaitingFact, WishJoined
from queue_service.model.asking import is_missing
from queue_service.model.booking import Booking, BookingState
from queue_service.model.ids import BookingId
from queue_service.model.reminding import Reminders, ReminderText
from queue_service.model.waiting import WishState

_AFTER_LAPSE = timedelta(minutes=1)
"""The leader lapses what is over within seconds; a fast clock makes them a minute."""


class Purpose(StrEnum):
    """Why a letter is written."""

    CONFIRMATION = "confirmation"
    CONFIRM_BY_LINK = "confirm_by_link"
    """The booking is binding only once the link in this letter was used."""
    CHANGE = "change"
    CANCELLATION = "cancellation"
    MISSING_PAPERS = "missing_papers"
    """A day before: the answers said that a paper is missing."""
    FIRST_REMINDER = "first_reminder"
    SECOND_REMINDER = "second_reminder"
    THIRD_REMINDER = "third_reminder"


REMINDERS = (Purpose.FIRST_REMINDER, Purpose.SECOND_REMINDER, Purpose.THIRD_REMINDER)
"""In the order in which an office names them, the earliest first."""


class ListPurpose(StrEnum):
    """Why somebody on the waiting list is written to."""

    JOINED = "wish_joined"
    OFFER = "offer"
    LAPSED = "offer_lapsed"
    """A reminder that an offer stayed without an answer; about the wish, not the place."""


class Due(msgspec.Struct, frozen=True):
    """A letter to send from `due` (office time) on; ids and numbers only, no contact datum."""

    seq: int
    """Number of the entry that made it due; rises with every change, so it is also the
    SEQUENCE of the calendar entry."""
    purpose: Purpose | ListPurpose
    booking: BookingId
    """What it is about: a booking, or a wish where the purpose says so."""
    generation: int
    due: datetime
    text: ReminderText | None = None
    """Which words a reminder is written in; None for any other letter."""


class Withdraw(msgspec.Struct, frozen=True):
    """Letters of the booking made due before entry `before` and not yet sent are not sent."""

    booking: BookingId
    before: int


def plan(entry: Entry, fact: AnyFact, rules: Reminders) -> tuple[Due | Withdraw, ...]:
    """What `fact` makes due and needless, withdrawals of a booking before its new letter.

    `rules` are the reminders of the office when it is planned; what is planned stays.
    """
    steps = tuple(step for now in fact.bookings for step in _steps(entry, fact, now, rules))
    return (*steps, *_on_list(entry, fact)) if isinstance(fact, WaitingFact) else steps


def still_due(purpose: Purpose, booking: Booking, due: datetime, now: datetime) -> bool:
    """Whether the letter that was due at `due` still helps at `now`, the moment it would be sent.

    What happened since it was planned has, or gets, a letter of its own; one that comes after the
    appointment helps nobody, nor a reminder when half of the time it left is gone: after days
    without a mail server people would hear all of them at once.
    """
    match purpose:
        case Purpose.CONFIRMATION | Purpose.CHANGE:
            return booking.state is BookingState.BOOKED and now < booking.end
        case Purpose.CONFIRM_BY_LINK:
            open_until = booking.until or booking.start
            return booking.state is BookingState.PENDING and now < open_until
        case Purpose.CANCELLATION:
            return booking.state is BookingState.CANCELLED and now < booking.end
        case Purpose.MISSING_PAPERS:
            papers = any(is_missing(flag) for flag in booking.flags)
            return papers and booking.state is BookingState.BOOKED and now < booking.start
        case Purpose.FIRST_REMINDER | Purpose.SECOND_REMINDER | Purpose.THIRD_REMINDER:
            halfway = due + (booking.start - due) / 2
            return booking.state is BookingState.BOOKED and now < halfway


def _steps(
    entry: Entry, fact: AnyFact, now: BookingNow, rules: Reminders
) -> Iterator[Due | Withdraw]:
    """The steps for one booking of the fact."""
    purpose = _purpose(fact, now.state)
    if isinstance(fact, Restored) and now.start <= entry.recorded:
        purpose = None  # the person stands at the desk
    replaces = isinstance(fact, Moved) or purpose is not Purpose.CONFIRM_BY_LINK
    over_by = isinstance(fact, Lapsed | NotComing | OfferDeclined)
    if (purpose is not None and replaces) or over_by:
        yield Withdraw(now.id, entry.seq)
    if purpose is not None:
        yield Due(entry.seq, purpose, now.id, now.generation, entry.recorded)
    if purpose in _BINDING:
        yield from _before_visit(entry, now, rules)


_BEFORE_VISIT = timedelta(hours=24)
_BINDING = (Purpose.CONFIRMATION, Purpose.CHANGE)
_NOT_SOONER = timedelta(hours=1)
"""After the letter that tells the time; somebody who has just read it needs no reminder."""


def _before_visit(entry: Entry, now: BookingNow, rules: Reminders) -> Iterator[Due]:
    """What comes between that letter and the visit; missing papers are the day's reminder."""
    missing = any(is_missing(flag) for flag in now.flags)
    if missing:
        due = max(entry.recorded, now.start - _BEFORE_VISIT)
        yield Due(entry.seq, Purpose.MISSING_PAPERS, now.id, now.generation, due)
    for purpose, before in zip(REMINDERS, rules.before, strict=False):
        due = now.start - before
        if due < entry.recorded + _NOT_SOONER or (missing and before == _BEFORE_VISIT):
            continue
        yield Due(entry.seq, purpose, now.id, now.generation, due, rules.text_for(now.id))


def _on_list(entry: Entry, fact: WaitingFact) -> Iterator[Due]:
    """Letters to people on the waiting list; whoever is in the house needs none."""
    if isinstance(fact, WishJoined):
        for wish in fact.wishes:
            if wish.state is WishState.OPEN:
                about = BookingId(wish.id)
                yield Due(entry.seq, ListPurpose.JOINED, about, 0, entry.recorded)
    offered = {now.id: now for now in fact.bookings}
    for made in fact.offers:
        now = offered[made.booking]
        if made.at_once or now.until is None:
            continue
        yield Due(entry.seq, ListPurpose.OFFER, now.id, now.generation, entry.recorded)
        later = now.until + _AFTER_LAPSE
        yield Due(entry.seq, ListPurpose.LAPSED, BookingId(made.wish), 0, later)


def _purpose(fact: AnyFact, state: BookingState) -> Purpose | None:
    """The letter a booking in `state` gets for this fact, or None.

    A fact may touch other bookings as well (a hold given back by the same claim): the state
    decides, not the tag alone. A released hold never had a letter.
    """
    match fact, state:
        case Booked() | BookedByStaff(), BookingState.BOOKED:
            return Purpose.CONFIRMATION
        case Booked() | Moved(), BookingState.PENDING:
            return Purpose.CONFIRM_BY_LINK
        case Restored(), BookingState.BOOKED:
            return Purpose.CONFIRMATION
        case Moved() | Swapped(), BookingState.BOOKED:
            return Purpose.CHANGE
        case OfferAccepted(), BookingState.BOOKED if fact.moved is None:
            return Purpose.CONFIRMATION
        case WaitingFact(), BookingState.BOOKED:
            return Purpose.CHANGE
        case Cancelled(), BookingState.CANCELLED:
            return None if fact.reason is CancelReason.RELEASED else Purpose.CANCELLATION
        case _:
            return None
