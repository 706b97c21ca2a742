"""What the table ``[sharing]`` must fulfil, and the draft of an office with the limits it makes."""

from collections.abc import Iterator

import msgspec

from queue_service.offices.reading import Found
from queue_service.offices.rules import Draft
from queue_service.offices.sharing import (
    MOST_SETS,
    Kept,
    Sharing,
    TooManySetsError,
    desks_for,
    shared_limits,
    skills,
)


def with_shared_limits(draft: Draft, sharing: Sharing | None) -> tuple[Draft, tuple[Found, ...]]:
    """`draft` with the limits of `sharing` (None: unreadable), and what is wrong with the table.

    While something is wrong with it, or with what it rests on, no limit is missed.
    """
    if sharing is None or draft.faulty & {"services", "counters"}:
        return msgspec.structs.replace(draft, faulty=draft.faulty | {"limits"}), ()
    faults = tuple(_faults(draft, sharing))
    if faults:
        return msgspec.structs.replace(draft, faulty=draft.faulty | {"limits"}), faults
    limits = draft.office.limits + shared_limits(draft.office, sharing)
    office = msgspec.structs.replace(draft.office, limits=limits)
    return msgspec.structs.replace(draft, office=office), ()


def _faults(draft: Draft, sharing: Sharing) -> Iterator[Found]:
    office = draft.office
    for code in sharing.services:
        service = office.service(code)
        if service is None:
            yield Found("sharing.services", code, "is no service of this office")
        elif code not in skills(office, sharing):
            yield Found("sharing.services", code, "has no counter for appointments")
    for key in sharing.walk_in_counters:
        if office.counter(key) is None:
            yield Found("sharing.walk_in_counters", key, "is no counter of this office")
    for number, kept in enumerate(sharing.kept, 1):
        yield from _kept(draft, sharing, kept, f"sharing.kept[{number}]")
    yield from _made(draft, sharing)


def _made(draft: Draft, sharing: Sharing) -> Iterator[Found]:
    """What is wrong with the limits that come of it."""
    try:
        limits = shared_limits(draft.office, sharing)
    except TooManySetsError:
        reason = (
            f"makes more than {MOST_SETS} limits: the counters' skills overlap in too many ways"
        )
        yield Found("sharing", None, reason)
        return
    for limit in limits:
        if limit.capacity < 0:
            reason = f"keeps more desks than counters {', '.join(limit.counters)} are"
            yield Found("sharing.kept", limit.capacity, reason)
    made = {frozenset(limit.services) for limit in limits if not limit.together}
    for named in sharing.names:
        if frozenset(named.services) not in made:
            known = "; ".join(sorted(", ".join(sorted(services)) for services in made))
            reason = f"are the services of no shared limit; there are: {known}"
            yield Found(f"sharing.names.{named.key}.services", named.services, reason)


def _kept(draft: Draft, sharing: Sharing, kept: Kept, key: str) -> Iterator[Found]:
    if kept.desks < 1:
        yield Found(f"{key}.desks", kept.desks, "must be at least 1")
    unknown = [code for code in kept.services if draft.office.service(code) is None]
    for code in unknown:
        yield Found(f"{key}.services", code, "is no service of this office")
    if not unknown and not (kept.services and desks_for(draft.office, sharing, kept.services)):
        yield Found(f"{key}.services", kept.services, "no counter has all these skills")
