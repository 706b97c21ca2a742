"""Plays a line forward: who is called when, by the discipline of `floor.line`.

Times are minutes from one origin of the caller's. The pick is that of `floor.line.choose`, made
quick: people of one class and one set of services never overtake each other, so only the first of
each such queue is compared. It holds as long as emergencies are due when they arrive.
"""

import heapq
from collections.abc import Iterable, Sequence
from math import inf

import msgspec

from queue_service.model.ids import ServiceCode
from queue_service.model.office import LineRules
from queue_service.model.visit import NeedClass

Services = frozenset[ServiceCode]


class Comer(msgspec.Struct, frozen=True):
    """Somebody who waits or will come, and how long they will be served."""

    arrives: float
    due: float
    need: NeedClass
    services: Services
    minutes: float
    rest: tuple[tuple[Services, float], ...] = ()
    """Stops after this one, each with its minutes: back in the line under the same due time."""


class Desk(msgspec.Struct, frozen=True):
    """A counter that calls from `free_at` until `closes`; who was called is served to the end."""

    skills: Services
    free_at: float
    closes: float = inf
    fallback: Services = frozenset()
    """Served here too, while nobody waits for the skills."""


Call = tuple[float, int]
"""Minute of the call, and the number of the desk."""
NEVER: Call = (inf, -1)


class _Queue:
    """People of one class and one set of services, the first due first."""

    __slots__ = ("emergency", "line", "target")

    def __init__(self, need: NeedClass, rules: LineRules) -> None:
        self.emergency = need is NeedClass.EMERGENCY
        self.target = float(
            {
                NeedClass.EMERGENCY: rules.emergency_minutes,
                NeedClass.BOOKING: rules.booking_minutes,
                NeedClass.WALK_IN: rules.walk_in_minutes,
            }[need]
        )
        self.line: list[tuple[float, float, int]] = []


class Line:
    """Who waits, in queues that keep their order."""

    def __init__(self, rules: LineRules) -> None:
        """Empty."""
        self._rules = rules
        self._floor = float(rules.emergency_floor_minutes)
        self._queues: dict[tuple[NeedClass, Services], _Queue] = {}
        self._able: dict[Services, list[_Queue]] = {}

    def join(self, number: int, comer: Comer) -> None:
        """Somebody arrives."""
        key = (comer.need, comer.services)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue(comer.need, self._rules)
            self._able.clear()
        heapq.heappush(queue.line, (comer.due, comer.arrives, number))

    def take(self, skills: Services, now: float) -> int | None:
        """Whom a counter with these skills calls at `now`; None when nobody waits for it."""
        able = self._able.get(skills)
        if able is None:
            able = [queue for (_, wanted), queue in self._queues.items() if wanted <= skills]
            self._able[skills] = able
        best: _Queue | None = None
        best_is, best_head = (-1, 0.0), (0.0, 0.0, 0)
        for queue in able:
            if not queue.line:
                continue
            head = queue.line[0]
            if queue.emergency and now - head[1] >= self._floor:
                priority = (1, now - head[1])
            else:
                priority = (0, (now - head[0]) / queue.target)
            if best is None or priority > best_is or (priority == best_is and head < best_head):
                best, best_is, best_head = queue, priority, head
        if best is None:
            return None
        return heapq.heappop(best.line)[2]


def play(
    comers: Sequence[Comer],
    desks: Iterable[Desk],
    rules: LineRules,
    *,
    until_called: Iterable[int] | None = None,
) -> list[Call]:
    """When each of `comers` is first called and by which desk; `NEVER` for those nobody calls.

    With `until_called` the day is played only until these numbers have been called.
    """
    called = [NEVER] * len(comers)
    line = Line(rules)
    arrivals = sorted(range(len(comers)), key=lambda n: comers[n].arrives)
    back: list[tuple[float, int, Comer]] = []
    wanted = set(range(len(comers)) if until_called is None else until_called)
    free = [(desk.free_at, n, desk) for n, desk in enumerate(desks)]
    heapq.heapify(free)
    idle: list[tuple[int, Desk]] = []
    stops: dict[int, Comer] = {}
    came, many = 0, len(arrivals)
    while free and wanted:
        now, n, desk = free[0]
        while came < many and comers[arrivals[came]].arrives <= now:
            line.join(arrivals[came], comers[arrivals[came]])
            came += 1
        while back and back[0][0] <= now:
            _, number, stops[number] = heapq.heappop(back)
            line.join(number, stops[number])
        taken = _take(line, desk, now) if now < desk.closes else None
        if taken is not None:
            if called[taken] is NEVER:
                called[taken] = (now, n)
                wanted.discard(taken)
            comer = stops.get(taken) or comers[taken]
            until = now + comer.minutes
            heapq.heapreplace(free, (until, n, desk))
            if comer.rest:
                heapq.heappush(back, (until, taken, _next_stop(comer, until)))
                # Whoever had nothing left to do may be wanted again.
                for other in idle:
                    heapq.heappush(free, (until, *other))
                idle.clear()
        elif (came < many or back) and now < desk.closes:
            first = comers[arrivals[came]].arrives if came < many else inf
            heapq.heapreplace(free, (min(first, back[0][0]) if back else first, n, desk))
        else:
            idle.append((n, desk))
            heapq.heappop(free)
    return called


def _take(line: Line, desk: Desk, now: float) -> int | None:
    number = line.take(desk.skills, now)
    if number is None and desk.fallback:
        number = line.take(desk.fallback, now)
    return number


def _next_stop(comer: Comer, at: float) -> Comer:
    """The same person at the next stop, waiting since the same due time."""
    services, minutes = comer.rest[0]
    return Comer(at, comer.due, comer.need, services, minutes, comer.rest[1:])
