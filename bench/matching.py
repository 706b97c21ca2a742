"""Who could sit where: maximum matching of visits to desks, and one desk for a whole visit.

Independent of the limits on purpose: benches and tests judge the limits by it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

Desks = frozenset[str]


def matched(visits: Sequence[Desks]) -> int:
    """How many of `visits`, each with the desks that can serve it, can have a desk at once."""
    seated: dict[str, int] = {}

    def seat(visit: int, asked: set[str]) -> bool:
        for desk in sorted(visits[visit] - asked):
            asked.add(desk)
            if desk not in seated or seat(seated[desk], asked):
                seated[desk] = visit
                return True
        return False

    return sum(seat(visit, set()) for visit in range(len(visits)))


Visit = tuple[range, Desks]
"""The ticks of a visit and the desks that can serve it."""


def without_one_desk(visits: Iterable[Visit], desks: Sequence[str]) -> int:
    """How many visits cannot keep one desk from their first to their last tick; 0 when all can.

    Desks that serve the same visits form a class. Within one the visits are intervals, so that it
    suffices when no tick has more visits than it has desks. What remains is which class takes a
    visit that several can: all ways are followed in order of beginning, so 0 is exact. A visit
    for which no way is left is counted and let go.
    """
    visits = sorted(visits, key=lambda visit: visit[0].start)
    kinds = Counter(frozenset(n for n, (_, able) in enumerate(visits) if d in able) for d in desks)
    size = dict(enumerate(kinds.values()))
    able = [[k for k, kind in enumerate(kinds) if n in kind] for n in range(len(visits))]
    load: Counter[tuple[int, int]] = Counter()
    for (ticks, _), among in zip(visits, able, strict=True):
        if len(among) == 1:
            load.update((among[0], tick) for tick in ticks)
    lost = sum(not among for among in able)
    lost += sum(
        max([0, *(many - places for (k, _), many in load.items() if k == kind)])
        for kind, places in size.items()
    )
    ways: set[frozenset[tuple[int, int]]] = {frozenset()}
    for number, among in enumerate(able):
        if len(among) < 2:
            continue
        ticks = visits[number][0]
        going = [{(n, k) for n, k in way if visits[n][0].stop > ticks.start} for way in ways]
        further = {
            frozenset({*here, (number, kind)})
            for here in going
            for kind in among
            if all(
                load[kind, tick] + sum(k == kind and tick in visits[n][0] for n, k in here)
                < size[kind]
                for tick in ticks
            )
        }
        lost += not further
        ways = further or {frozenset(here) for here in going}
    return lost
