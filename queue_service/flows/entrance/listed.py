"""Which appointment a clerk means who has the printed day list in hand.

A code may be cut short as long as it fits one appointment of the day: the list prints how far.
There are no places to count, for whoever books after the list was printed would shift them.
"""

from collections.abc import Sequence

from queue_service.flows.entrance.arriving import booking_of
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking
from queue_service.model.codes import CODE_LENGTH, SHORTEST_CODE
from queue_service.model.refusal import Code, Refusal


def plain(typed: str) -> str:
    """Without spaces, in capitals, digits of any script as those on paper."""
    signs = "".join(typed.split()).upper()
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in signs)


async def named(
    house: House, office: Followed, typed: str, day: Sequence[Booking]
) -> Booking | Refusal | None:
    """The appointment that was `typed`; None where nothing was.

    `day` holds today's. A whole code also finds those of other days, so that a later check says
    which day it is.
    """
    said = plain(typed)
    if not said:
        return None
    found = [each for each in day if (each.code or "").startswith(said)]
    if len(found) == 1 and len(said) >= SHORTEST_CODE:
        return found[0]
    if len(found) > 1 or len(said) < SHORTEST_CODE:
        return Refusal(Code.INVALID, {"field": "appointment", "reason": "more signs, please"})
    if len(said) < CODE_LENGTH:
        return Refusal(Code.UNKNOWN_CODE)
    return await booking_of(house, office, said)
