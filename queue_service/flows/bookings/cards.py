"""Cards: may this one be picked up, import the office's list, tell who waits.

A number is hashed as soon as it is read and never stored, logged or repeated. Before an office has
recorded its first card nobody is asked for one: without a list nobody could pick anything up.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID, uuid4

import msgspec

from queue_service.clock import real_now
from queue_service.flows.spoken import unspoken
from queue_service.flows.wish import Replayed, stored_key
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.card import Doubt, Why
from queue_service.model.ids import ActorId, BookingId, ServiceCode
from queue_service.model.office import Service
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.offices import public_holidays
from queue_service.seals import as_uuid, same
from queue_service.slots import card_list, cards
from queue_service.slots.cards import Recorded, Said
from queue_service.slots.contact import impossible
from queue_service.store import cards as store
from queue_service.store import offices as store_offices
from queue_service.store import outbox
from queue_service.store.cards import Contact
from queue_service.store.database import transaction

ROWS_A_TURN = 500
MOST_CONTACTS = 5
"""For one card: a stranger cannot fill the table, a family can all be told."""
CONTACTS_KEPT = timedelta(days=180)
LETTER = "card_ready"
"""Purpose of the letter in the outbox; `notify.card_letters` writes it."""
_TOLD_AT_ONCE = 200
_NO_SOONER = 24 * 60 * 60
"""Seconds; so many contacts of one card stay until it is there or one is taken back."""


class Imported(msgspec.Struct, frozen=True):
    """How a list was taken: rows that changed something, said the same, or said less than known."""

    rows: int
    changed: int
    same: int
    older: int
    doubts: tuple[Doubt, ...]


class NotReady(msgspec.Struct, frozen=True):
    """A contact that was left, with what takes it back."""

    contact: str
    secret: str
    next_check: date


def wants_cards(office: Followed, parts: Sequence[Part]) -> tuple[Service, int] | None:
    """The service among `parts` that goes by cards and how many it needs; None while none does."""
    if not office.cards_listed:
        return None
    for part in parts:
        service = office.office.service(part.service)
        if service is not None and service.pickup is not None:
            return service, part.persons
    return None


def keys_of(house: House, office: Followed, serials: Sequence[str]) -> tuple[bytes, ...]:
    """How the cards of these numbers are known here."""
    return tuple(house.keys.card_key(office.key.slug, card_list.plain(each)) for each in serials)


async def checked(
    house: House,
    office: Followed,
    parts: Sequence[Part],
    keys: tuple[bytes, ...],
    replaces: BookingId | None = None,
    *,
    again: bool = False,
) -> tuple[bytes, ...] | Refusal:
    """The cards a hold of `parts` binds: one a person, all ready; none where none are asked for.

    `again`: the wish may have been granted already, and itself be what holds the cards; whether
    they are ready is then the turn's to say.
    """
    wanted = wants_cards(office, parts)
    if wanted is None:
        return ()
    if len(keys) != wanted[1] or len(set(keys)) < len(keys):
        return Refusal(Code.FIELD_REQUIRED, {"fields": ["cards"], "cards": wanted[1]})
    if again:
        return keys
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store.named(connection, office.key.office, keys, office.now())
    missing = cards.refused([found[key] for key in keys], replaces=replaces)
    if missing:
        return with_next_check(office, Refusal(Code.CARD_NOT_READY, {"cards": list(missing)}))
    return keys


def with_next_check(office: Followed, refusal: Refusal) -> Refusal:
    """`card_not_ready` says when to look again; any other refusal stays as it is."""
    if refusal.code is not Code.CARD_NOT_READY:
        return refusal
    return Refusal(refusal.code, refusal.data | {"next_check": _next_check(office)})


def _next_check(office: Followed) -> date:
    today = office.now().date()
    days = next((s.pickup.check_days for s in office.office.services if s.pickup), 0)
    holidays = public_holidays(office.office.land, (today.year, today.year + 1))
    return cards.next_check(office.office, today, days, holidays)


async def import_list(house: House, office: Followed, content: bytes, by: ActorId) -> Imported:
    """Take a CSV over, piece by piece; good rows are taken, each bad one is named by its line.

    The same list again changes nothing; a row older than what is known is passed over.
    """
    # Beside the loop: a list of a whole year takes most of a second.
    read = await asyncio.to_thread(lambda: card_list.read(card_list.decoded(content)))
    serials = [row.serial for row in read.rows]
    keys = await asyncio.to_thread(keys_of, house, office, serials)
    said = [
        Said(row.line, key, row.state, row.since) for row, key in zip(read.rows, keys, strict=True)
    ]
    pieces = [
        await _record(house, office, said[first : first + ROWS_A_TURN], by)
        for first in range(0, len(said), ROWS_A_TURN)
    ]
    doubts = sorted(
        [*read.doubts, *(doubt for piece in pieces for doubt in piece.doubts)],
        key=lambda doubt: doubt.line,
    )
    return Imported(
        len(said),
        sum(piece.changed for piece in pieces),
        sum(piece.same for piece in pieces),
        sum(piece.older for piece in pieces),
        tuple(doubts),
    )


class _NothingNewError(Exception):
    """A piece changed nothing; carries what was found out."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__()
        self.recorded = recorded


async def _record(house: House, office: Followed, rows: Sequence[Said], by: ActorId) -> Recorded:
    zone = office.office.tz

    def decide(world: World) -> Told:
        told = cards.record(world, rows, zone=zone)
        if isinstance(told, Recorded):
            raise _NothingNewError(told)
        return told

    try:
        done = await house.turn(office.key, by, Needs(cards=tuple(r.key for r in rows)), decide)
    except _NothingNewError as nothing:
        return nothing.recorded
    if isinstance(done.answer, Recorded):
        return done.answer
    if isinstance(done.answer, Refusal):
        return Recorded(
            0, 0, 0, tuple(Doubt(row.line, Why.NOT_SETTLED, done.answer.code) for row in rows)
        )
    raise TypeError(f"a card list's turn answered {type(done.answer or Replayed).__name__}")


async def leave_contact(
    house: House,
    office: Followed,
    card: bytes,
    *,
    email: str,
    language: str,
    service: ServiceCode,
    key: str | None = None,
) -> NotReady | Refusal:
    """Somebody wants to be told when the card is ready; the answer is the same for every card.

    The same wish under the same `key` is the same contact. An address that no letter reaches is
    refused.
    """
    strange = unspoken(office, language)
    if strange is not None:
        return strange
    email, today = email.strip(" "), office.now().date()
    wrong = impossible(name="", email=email, phone="", birth_date=None, today=today)
    if wrong or email != email.strip():
        return Refusal(Code.INVALID, {"fields": ["email"]})
    wish = f"{card.hex()} {email} {language} {key}"
    number = UUID(bytes=stored_key(f"{office.key.slug} card contact", wish)) if key else uuid4()
    contact = Contact(number, email, language, service)
    async with transaction(house.pool, office.key.authority) as connection:
        if await store.waiting(connection, office.key.office, card, number) >= MOST_CONTACTS:
            return Refusal(Code.TOO_MANY_CONTACTS, {"retry_after_seconds": _NO_SOONER})
        await store.leave(connection, office.key, card, contact, office.now())
    secret = house.keys.card_contact(contact.id)
    return NotReady(str(contact.id), secret, _next_check(office))


async def forget_contact(
    house: House, office: Followed, contact: str, secret: str
) -> Refusal | None:
    """Delete a contact; one that is gone already is deleted all the same."""
    number = as_uuid(contact)
    if number is None or not same(secret, house.keys.card_contact(number)):
        return Refusal(Code.UNKNOWN_CONTACT)
    async with transaction(house.pool, office.key.authority) as connection:
        await store.forget(connection, office.key.office, number)
    return None


async def tell_ready(house: House, office: Followed) -> int:
    """Plan a letter to everybody whose card has become ready; how many.

    Looks at what is true instead of following the import: a contact left while a list is being
    taken over is not lost between the two.
    """
    if not office.cards_listed:
        return 0
    async with transaction(house.pool, office.key.authority) as connection:
        ids = await store.untold(connection, office.key.office, _TOLD_AT_ONCE)
        if not ids:
            return 0
        seq = (await store_offices.seqs(connection))[office.key.office]
        rows = [outbox.Row(uuid4(), seq, LETTER, BookingId(each), 0, office.now()) for each in ids]
        await outbox.add(connection, office.key, rows, real_now())
        await store.told(connection, ids, office.now())
    return len(ids)


async def purge(house: House, office: Followed) -> int:
    """Delete contacts whose card never came."""
    async with transaction(house.pool, office.key.authority) as connection:
        return await store.expire(connection, office.key.office, office.now() - CONTACTS_KEPT)


async def ready_unbooked(house: House, office: Followed) -> int:
    """Cards that lie ready and have no appointment."""
    async with transaction(house.pool, office.key.authority) as connection:
        return await store.ready_unbooked(connection, office.key.office)


async def counts(house: House, office: Followed) -> dict[str, int]:
    """Cards by the state the office recorded."""
    async with transaction(house.pool, office.key.authority) as connection:
        return await store.counts(connection, office.key.office)
