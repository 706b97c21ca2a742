"""Find somebody who lost their code, by two letters of the name and the date of birth.

Never a list of names: only who fits exactly is shown, at most three, by the end of the code, time
and service. That somebody looked, why, and how many were shown stands in the journal before any of
them is told; what was looked for does not.
"""

import unicodedata
from datetime import date, datetime, time
from enum import StrEnum

import msgspec

from queue_service.events.floor import PersonSought
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.ids import ActorId, BookingId, address
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told, World
from queue_service.store import bookings as store_bookings
from queue_service.store import finding as store
from queue_service.store.database import transaction

LETTERS = 2
MOST_SHOWN = 3
CODE_END = 3
"""Signs of the code that are shown: enough to tell papers apart, too few to use."""


class SoughtReason(StrEnum):
    """Why somebody is looked for without their code."""

    LOST_CODE = "lost_code"
    NO_PHONE = "no_phone"
    HELPED_BY_OTHERS = "helped_by_others"


class Found(msgspec.Struct, frozen=True):
    """An appointment of somebody who fits; without name or whole code."""

    booking: str
    """Public id, by which this office's staff open it."""
    code_end: str
    state: BookingState
    start: datetime
    parts: tuple[Part, ...]


async def find(
    house: House,
    slug: str,
    *,
    letters: str,
    birth_date: date,
    reason: SoughtReason,
    by: ActorId,
) -> tuple[Found, ...] | Refusal:
    """Appointments from today on whose name begins so in one of its words."""
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
    wanted = plain(letters)
    if len(wanted) != LETTERS:
        return Refusal(Code.INVALID, {"field": "letters", "reason": "two letters"})
    midnight = datetime.combine(office.now().date(), time(), office.office.tz)
    async with transaction(house.pool, office.key.authority) as connection:
        born = await store.born(connection, office.key.office, birth_date, midnight)
    fitting = [booking for booking, name in born if begins(name, wanted)]
    shown = fitting if len(fitting) <= MOST_SHOWN else []

    def decide(world: World) -> Told:
        return Told(PersonSought(reason=reason.value, found=len(shown)))

    done = await house.turn(office.key, by, Needs(), decide, floor=True)
    if isinstance(done.answer, Refusal):
        return done.answer
    if not shown:
        return Refusal(Code.UNKNOWN_PERSON)
    return tuple(_found(office, booking) for booking in shown)


def plain(name: str) -> str:
    """Letters alone, without case and accents: ``Éva`` and ``EVA`` are the same."""
    spread = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in spread if sign.isalpha())


def begins(name: str, letters: str) -> bool:
    """Whether a word of `name` begins with `letters`: any, the family's may stand first."""
    words = name.replace("-", " ").split()
    return any(plain(word).startswith(letters) for word in words)


def _found(office: Followed, booking: Booking) -> Found:
    return Found(
        address(office.key.slug, booking.id),
        (booking.code or "")[-CODE_END:],
        booking.state,
        booking.start.astimezone(office.office.tz),
        booking.parts,
    )


async def booking_of(house: House, office: Followed, booking: BookingId) -> Booking | None:
    """The booking of that number in this office."""
    async with transaction(house.pool, office.key.authority) as connection:
        return await store_bookings.by_id(connection, office.key.office, booking)
