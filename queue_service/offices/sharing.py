"""Desks with several skills → the limits that make a set of appointments servable by them.

Each visit needs, at every moment, one desk with the right skills. By Hall's condition everybody
can have one exactly when for every set of desks no more people are bound to it than it has desks;
so each such set is a limit, and a visit takes a place in every limit that contains all its desks.
Only unions of the desks of overlapping kinds of visits are kept: any other set falls apart into
sets that bind as much. A desk kept for people without appointment is a visit that is always there,
a missing desk takes one place from each limit that names it; both leave the condition exact.

Which desk serves whom is decided on the day, by the line. Reading and judging texts is left to
`checking` and `rules_of_sharing`.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec

from queue_service.model.ids import CounterKey, ServiceCode
from queue_service.model.office import Limit, Office, Texts
from queue_service.model.release import LastMinute

Desks = frozenset[CounterKey]
Kind = frozenset[ServiceCode]
"""Services that one desk does in one go."""

MOST_SETS = 64
"""More limits than this would make every booking wait for their cells; real offices have 3 to 6."""
_LONGEST_KEY = 41


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Desks kept for people without appointment; each has all of `services` as its skills."""

    services: tuple[ServiceCode, ...]
    desks: int


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Key and name of the limit that has exactly these services; the key outlives its desks."""

    key: str
    name: Texts
    services: tuple[ServiceCode, ...]
    last_minute: tuple[LastMinute, ...] = ()
    """Shares of its places that open late."""


class Sharing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[sharing]``: how appointments share the desks."""

    services: tuple[ServiceCode, ...] = ()
    """Empty: all that can be booked."""
    walk_in_counters: tuple[CounterKey, ...] = ()
    """Counters that take no appointments at all."""
    kept: tuple[Kept, ...] = ()
    names: tuple[Named, ...] = ()


class TooManySetsError(ValueError):
    """The skills overlap in so many ways that the limits would be more than `MOST_SETS`."""


def shared_limits(office: Office, sharing: Sharing) -> tuple[Limit, ...]:
    """The limits of `sharing`, by key; capacities may be negative where too much is kept.

    Raises TooManySetsError.
    """
    skilled = skills(office, sharing)
    kinds = kinds_of(skilled)
    kept = [(desks_for(office, sharing, each.services), each.desks) for each in sharing.kept]
    limits = []
    for desks in sets_of((*kinds.values(), *(among for among, _ in kept))):
        bound = [kind for kind, among in kinds.items() if among <= desks]
        if bound:
            places = len(desks) - sum(many for among, many in kept if among and among <= desks)
            limits.append(_limit(office, sharing, desks, bound, places))
    return tuple(sorted(limits, key=lambda limit: limit.key))


def skills(office: Office, sharing: Sharing) -> dict[ServiceCode, Desks]:
    """The desks that can serve an appointment for each shared service; without those of none."""
    wanted = sharing.services or tuple(s.code for s in office.services if s.bookable)
    found = {code: desks_for(office, sharing, (code,)) for code in sorted(wanted)}
    return {code: desks for code, desks in found.items() if desks}


def desks_for(office: Office, sharing: Sharing, services: Iterable[ServiceCode]) -> Desks:
    """The counters for appointments that have all these skills."""
    wanted = set(services)
    return frozenset(
        counter.key
        for counter in office.counters
        if counter.key not in sharing.walk_in_counters
        and wanted <= set(counter.skills)
        and not counter.is_station
    )


def kinds_of(skilled: Mapping[ServiceCode, Desks]) -> dict[Kind, Desks]:
    """Every kind of visit with its desks: single services, and those together that fewer can do.

    A kind in which one service could be left out without freeing a desk is left out itself: it
    is bound to the same desks as what remains. Raises TooManySetsError.
    """
    level = {frozenset((code,)): desks for code, desks in skilled.items()}
    found = dict(level)
    while level and len(found) <= MOST_SETS:
        level = {
            kind | {code}: among & desks
            for kind, among in level.items()
            for code, desks in skilled.items()
            if code > max(kind) and among & desks and _each_counts(kind | {code}, skilled)
        }
        found |= level
    if len(found) > MOST_SETS:
        raise TooManySetsError
    return found


def sets_of(desks_of_kinds: Iterable[Desks]) -> frozenset[Desks]:
    """Unions of overlapping sets of desks: the only ones that bind. Raises TooManySetsError."""
    known = {desks for desks in desks_of_kinds if desks}
    found, fresh = set(known), set(known)
    while fresh:
        fresh = {one | other for one in fresh for other in known if one & other} - found
        found |= fresh
        if len(found) > MOST_SETS:
            raise TooManySetsError
    return frozenset(found)


def _each_counts(kind: Kind, skilled: Mapping[ServiceCode, Desks]) -> bool:
    among = frozenset.intersection(*(skilled[code] for code in kind))
    return all(
        frozenset.intersection(*(skilled[code] for code in kind - {left_out})) != among
        for left_out in kind
    )


def _limit(office: Office, sharing: Sharing, desks: Desks, bound: list[Kind], places: int) -> Limit:
    services = sorted(code for kind in bound if len(kind) == 1 for code in kind)
    together = sorted(
        tuple(sorted(kind))
        for kind in bound
        if len(kind) > 1 and not any(other < kind for other in bound)
    )
    counters = sorted(desks, key=lambda key: (len(key), key))
    name = next(
        (n for n in sharing.names if not together and set(n.services) == set(services)), None
    )
    return Limit(
        key=name.key if name else _key(services, together),
        name=name.name if name else _name(office, counters),
        capacity=places,
        services=tuple(services),
        together=tuple(together),
        counters=tuple(counters),
        last_minute=name.last_minute if name else (),
    )


def _key(services: list[ServiceCode], together: list[tuple[ServiceCode, ...]]) -> str:
    """Made of the services, so that it stays when a desk is added to them."""
    key = "-".join(("desks", *services, *("_".join(kind) for kind in together)))
    if len(key) <= _LONGEST_KEY:
        return key
    return f"desks-{blake2b(key.encode(), digest_size=8).hexdigest()}"


def _name(office: Office, counters: list[CounterKey]) -> Texts:
    named = [counter.name for key in counters if (counter := office.counter(key)) is not None]
    return {
        tag: ", ".join(name.get(tag, name["de"]) for name in named)
        for tag in (office.languages or ("de",))
    }
