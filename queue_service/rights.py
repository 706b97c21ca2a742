"""PURE: act × role × scope → yes or a refusal; command line and ticker are actors too."""

from enum import StrEnum

import msgspec

from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import Need


class Role(StrEnum):
    """Who somebody is to the service."""

    GUIDE = "guide"
    CLERK = "clerk"
    CASE_WORKER = "case_worker"
    MANAGER = "manager"
    KIOSK = "kiosk"
    DISPLAY = "display"
    TABLET = "tablet"


class Act(StrEnum):
    """What somebody wants to do."""

    CHECK_IN = "check_in"
    GUIDE = "guide"
    """At the entrance: look at codes and places, mark, hand an emergency over."""
    UNDO_OWN = "undo_own"
    """Take back one's own last act at the entrance within its seconds."""
    FIND_PERSON = "find_person"
    """Find somebody by name and birth date: only who signed in, so that the journal knows who."""
    KEEP_NUMBERS = "keep_numbers"
    """Keep a block of numbers for the hour without network: devices only."""
    RETURN_PAPER = "return_paper"
    """Type in the numbers that were given on paper: only who signed in."""
    SHOW_BOARD = "show_board"
    SHOW_DESK = "show_desk"
    CALL = "call"
    CHANGE_DESK = "change_desk"
    """Open, pause or close a counter."""
    ACCEPT_HAND = "accept_hand"
    """Accept an emergency that was handed over, or pass it on."""
    BOOK_BY_STAFF = "book_by_staff"
    EXCEED = "exceed"
    SEE_BOOKINGS = "see_bookings"
    CHANGE_BOOKING = "change_booking"
    """Move, swap, restore, mark as not come."""
    SEE_FIGURES = "see_figures"
    SEE_SURGE = "see_surge"
    APPROVE_SURGE = "approve_surge"
    SEE_CAPACITY = "see_capacity"
    EDIT_CAPACITY = "edit_capacity"
    RECORD_CARDS = "record_cards"
    CONFIGURE = "configure"
    BEAT = "beat"
    """Say as a device how one is."""
    SEE_DEVICES = "see_devices"
    MANAGE_DEVICES = "manage_devices"
    """Invite and revoke."""


MAY: dict[Act, frozenset[Role]] = {
    Act.CHECK_IN: frozenset({Role.KIOSK, Role.TABLET, Role.GUIDE, Role.CLERK, Role.MANAGER}),
    Act.GUIDE: frozenset({Role.TABLET, Role.GUIDE, Role.CLERK, Role.CASE_WORKER, Role.MANAGER}),
    Act.UNDO_OWN: frozenset({Role.TABLET, Role.GUIDE, Role.CLERK, Role.CASE_WORKER, Role.MANAGER}),
    Act.FIND_PERSON: frozenset({Role.GUIDE, Role.CLERK, Role.CASE_WORKER, Role.MANAGER}),
    Act.KEEP_NUMBERS: frozenset({Role.KIOSK, Role.TABLET}),
    Act.RETURN_PAPER: frozenset({Role.GUIDE, Role.CLERK, Role.MANAGER}),
    Act.SHOW_BOARD: frozenset({Role.DISPLAY, Role.KIOSK, Role.TABLET, *list(Role)[:4]}),
    Act.SHOW_DESK: frozenset({Role.CLERK, Role.CASE_WORKER, Role.MANAGER}),
    Act.CALL: frozenset({Role.CLERK, Role.CASE_WORKER, Role.MANAGER}),
    Act.CHANGE_DESK: frozenset({Role.CLERK, Role.CASE_WORKER, Role.MANAGER}),
    Act.ACCEPT_HAND: frozenset({Role.CASE_WORKER, Role.MANAGER}),
    Act.BOOK_BY_STAFF: frozenset({Role.GUIDE, Role.CLERK, Role.CASE_WORKER, Role.MANAGER}),
    Act.EXCEED: frozenset({Role.CASE_WORKER, Role.MANAGER}),
    Act.SEE_BOOKINGS: frozenset({Role.GUIDE, Role.CLERK, Role.CASE_WORKER, Role.MANAGER}),
    Act.CHANGE_BOOKING: frozenset({Role.CLERK, Role.CASE_WORKER, Role.MANAGER}),
    Act.SEE_FIGURES: frozenset({Role.MANAGER}),
    Act.SEE_SURGE: frozenset({Role.CASE_WORKER, Role.MANAGER}),
    Act.APPROVE_SURGE: frozenset({Role.MANAGER}),
    Act.SEE_CAPACITY: frozenset({Role.MANAGER}),
    Act.EDIT_CAPACITY: frozenset({Role.MANAGER}),
    Act.RECORD_CARDS: frozenset({Role.CLERK, Role.CASE_WORKER, Role.MANAGER}),
    Act.CONFIGURE: frozenset({Role.MANAGER}),
    Act.BEAT: frozenset({Role.KIOSK, Role.DISPLAY, Role.TABLET}),
    Act.SEE_DEVICES: frozenset({Role.MANAGER}),
    Act.MANAGE_DEVICES: frozenset({Role.MANAGER}),
}
"""A row an act: adding a role to it is the whole change."""


class Actor(msgspec.Struct, frozen=True):
    """Somebody signed in or a device with its key, within one office."""

    id: ActorId
    office: str
    roles: frozenset[Role]
    name: str = ""
    """Login or device name, for their own screen; never written into the journal."""


def check(actor: Actor | None, act: Act, office: str) -> Refusal | None:
    """None when `actor` may do `act` in `office`."""
    if actor is None:
        return Refusal(Code.NOT_SIGNED_IN)
    if actor.office != office or actor.roles.isdisjoint(MAY[act]):
        return Refusal(Code.NOT_ALLOWED, {"act": act.value})
    return None


def claims(actor: Actor, urgency: Need | None, office: str) -> Refusal | None:
    """None when `actor` may say that somebody's need is of that class.

    N0 is the word of who guides, never that of a kiosk alone.
    """
    return check(actor, Act.GUIDE, office) if urgency is Need.N0 else None
