"""Which appointment a clerk means who has the printed day list in hand.

The list numbers the day's appointments: the number is their place. A code may be cut short as long
as it fits one appointment of the day.
"""

from collections.abc import Sequence

from queue_service.flows.entrance.arriving import booking_of
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking
from queue_service.model.codes import CODE_LENGTH
from queue_service.model.refusal import Code, Refusal

MOST_PLACE_DIGITS = 3
"""Codes are longer than any place: what is no longer than this is a place."""
SHORTEST = 4
"""Signs of a code that are enough within one day."""


def plain(typed: str) -> str:
    """Without spaces, in capitals, digits of any script as those on paper."""
    signs = "".join(typed.split()).upper()
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in signs)


async def named(
    house: House, office: Followed, typed: str, day: Sequence[Booking]
) -> Booking | Refusal | None:
    """The appointment that was `typed`; None where nothing was.

    `day` holds today's in the order of their places. A whole code also finds those of other days,
    so that a later check says which day it is.
    """
    said = plain(typed)
    if not said:
        return None
    if said.isdecimal() and len(said) <= MOST_PLACE_DIGITS:
        place = int(said)
        return day[place - 1] if 1 <= place <= len(day) else Refusal(Code.UNKNOWN_CODE)
    found = [each for each in day if (each.code or "").startswith(said)]
    if len(found) == 1 and len(said) >= SHORTEST:
        return found[0]
    if len(found) > 1 or len(said) < SHORTEST:
        return Refusal(Code.INVALID, {"field": "appointment", "reason": "more signs, please"})
    if len(said) < CODE_LENGTH:
        return Refusal(Code.UNKNOWN_CODE)
    return await booking_of(house, office, said)
