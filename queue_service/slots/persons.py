"""How much one person may hold: one live booking a person and group, so many an e-mail address.

Looks only at keyed hashes and numbers; whose they are is left to `seals`.
"""

from collections.abc import Iterable

from queue_service.model.booking import groups_of
from queue_service.model.office import Service
from queue_service.model.per_person import LimitsPerPerson, letter_box
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import PersonGroup, World


def most_live(limits: LimitsPerPerson, email: str) -> int:
    """How many live bookings `email` may have at a time; 0 = without bound.

    The longest entry for an institution decides: a single address stands above its domain.
    """
    if not limits.live_per_email:
        return 0
    box = letter_box(email)
    listed = [i for i in limits.institutions if _names(i.address.casefold(), box)]
    if not listed:
        return limits.live_per_email
    return max(listed, key=lambda institution: len(institution.address)).live


def _names(entry: str, box: str) -> bool:
    return box.endswith(letter_box(entry)) if entry.startswith("@") else box == letter_box(entry)


def groups(services: Iterable[Service]) -> str:
    """The groups of a visit for these services, as bookings and wishes keep them."""
    return " ".join(dict.fromkeys(service.group for service in services))


def named(person_key: bytes | None, group: str) -> tuple[PersonGroup, ...]:
    """What a turn must read to know whether a person has a live booking in one of the groups."""
    return tuple((person_key, each) for each in groups_of(group)) if person_key else ()


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
    for person in named(person_key, group):
        if world.booking_of(person) is not None:
            return Refusal(Code.ALREADY_BOOKED, {"group": person[1]})
    if email_key is not None and most and world.live_of_email(email_key) >= most:
        return Refusal(Code.TOO_MANY_BOOKINGS)
    return None
