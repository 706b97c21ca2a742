"""How much one person may hold: one live booking a person and group, so many an e-mail address.

Looks only at keyed hashes and numbers; whose they are is left to `seals`.
"""

from queue_service.model.per_person import LimitsPerPerson
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import World


def most_live(limits: LimitsPerPerson, email: str) -> int:
    """How many live bookings `email` may have at a time; 0 = without bound.

    The longest entry for an institution decides: a single address stands above its domain.
    """
    if not limits.live_per_email:
        return 0
    address = email.strip().casefold()
    named = [i for i in limits.institutions if _names(i.address.casefold(), address)]
    if not named:
        return limits.live_per_email
    return max(named, key=lambda institution: len(institution.address)).live


def _names(entry: str, address: str) -> bool:
    return address.endswith(entry) if entry.startswith("@") else address == entry


def refused(
    world: World,
    *,
    group: str,
    person_key: bytes | None,
    email_key: bytes | None = None,
    most: int = 0,
) -> Refusal | None:
    """Why this person may not have one more booking, or None.

    `most` live bookings an address; 0 = without bound. The refusal names nobody and no number:
    it must not tell which addresses are known.
    """
    if person_key is not None and world.booking_of((person_key, group)) is not None:
        return Refusal(Code.ALREADY_BOOKED, {"group": group})
    if email_key is not None and most and world.live_of_email(email_key) >= most:
        return Refusal(Code.TOO_MANY_BOOKINGS)
    return None
