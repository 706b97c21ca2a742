"""Plays a line forward: who is called when, by the discipline of `floor.line`.

Times are minutes from one origin of the caller's. The pick is that of `floor.line.choose`, made
quick: people of one class whom the same counters call never overtake each other, so only the first
of each such queue is compared. It holds as long as emergencies are due when they arrive.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush, heapreplace
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
Rest = tuple[tuple[int, float], ...]
"""Stops after this one: queue and minutes of each."""
Person = tuple[float, float, int, float, Rest]
"""Due, there since, number, minutes, stops after this one; queues keep that order."""
Coming = tuple[float, int, Person]
"""When somebody joins which queue."""
_Queue = tuple[list[Person], float, float]
"""Who waits, the first due first; minutes of the target; minutes until an emergency goes first."""
_URGENT = 1e9
"""Above every share of a target."""
_NOBODY: Coming = (inf, 0, (inf, inf, 0, 0.0, ()))


def _queue(need: NeedClass, rules: LineRules) -> _Queue:
    target = {
        NeedClass.EMERGENCY: rules.emergency_minutes,
        NeedClass.BOOKING: rules.booking_minutes,
        NeedClass.WALK_IN: rules.walk_in_minutes,
    }[need]
    floor = float(rules.emergency_floor_minutes) if need is NeedClass.EMERGENCY else inf
    return [], float(target), floor


def _first(queues: Iterable[_Queue], now: float) -> list[Person] | None:
    """The queue whose first is called at `now`; None when nobody waits."""
    best: list[Person] | None = None
    most = -inf
    for line, target, floor in queues:
        if line:
            head = line[0]
            urge = (now - head[0]) / target
            if floor < inf and now - head[1] >= floor:
                urge = _URGENT + now - head[1]
            if urge > most or (urge == most and best is not None and head < best[0]):
                best, most = line, urge
    return best


class Line:
    """Who waits, in queues that keep their order."""

    def __init__(self, rules: LineRules) -> None:
        """Empty."""
        self._rules = rules
        self._queues: dict[tuple[NeedClass, Services], _Queue] = {}
        self._able: dict[Services, list[_Queue]] = {}

    def join(self, number: int, comer: Comer) -> None:
        """Somebody arrives."""
        key = (comer.need, comer.services)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _queue(comer.need, self._rules)
            self._able.clear()
        heappush(queue[0], (comer.due, comer.arrives, number, comer.minutes, ()))

    def take(self, skills: Services, now: float) -> int | None:
        """Whom a counter with these skills calls at `now`; None when nobody waits for it."""
        able = self._able.get(skills)
        if able is None:
            able = [queue for (_, wanted), queue in self._queues.items() if wanted <= skills]
            self._able[skills] = able
        line = _first(able, now)
        return None if line is None else heappop(line)[2]


class Course:
    """The desks of a day and the queues before them, set up once and played any number of times."""

    def __init__(self, desks: Sequence[Desk], rules: LineRules) -> None:
        """Without queues; `queue` names and makes them. `free_at` of the desks is not looked at."""
        self._desks = desks
        self._rules = rules
        self._queues: list[_Queue] = []
        self._called: list[bool] = []
        """Whether any desk calls from it: nobody waits for a call that never comes."""
        self._own: list[list[_Queue]] = [[] for _ in desks]
        self._fallback: list[list[_Queue]] = [[] for _ in desks]
        self._known: dict[tuple[NeedClass, Services], int] = {}
        self._alike: dict[object, int] = {}

    def queue(self, need: NeedClass, services: Services) -> int:
        """The number of the queue for such people; one for all whom the same desks call."""
        found = self._known.get((need, services))
        if found is None:
            own = [n for n, desk in enumerate(self._desks) if services <= desk.skills]
            others = [n for n, desk in enumerate(self._desks) if services <= desk.fallback]
            key = (need, tuple(own), tuple(others))
            found = self._alike.get(key)
            if found is None:
                found = self._alike[key] = len(self._queues)
                made = _queue(need, self._rules)
                self._queues.append(made)
                self._called.append(bool(own or others))
                for n in own:
                    self._own[n].append(made)
                for n in others:
                    self._fallback[n].append(made)
            self._known[need, services] = found
        return found

    def play(
        self,
        there: Iterable[Coming],
        comers: Iterator[Coming],
        free_at: Sequence[float],
        many: int,
    ) -> list[Call]:
        """When each person numbered below `many` is first called; `NEVER` for those nobody calls.

        Those are among `there`, who come in any order. `comers` are in order of their time, and
        drawn only as far as the day is played: until everybody asked for has been called.
        """
        called = [NEVER] * many
        left, back = self._begin(there, many)
        at, queue, person = next(comers, _NOBODY)
        queues, own, fallback, desks = self._queues, self._own, self._fallback, self._desks
        free = [(minute, n) for n, minute in enumerate(free_at)]
        heapify(free)
        idle: list[int] = []
        while free and left:
            turn = now, n = free[0]
            while at <= now:
                heappush(queues[queue][0], person)
                at, queue, person = next(comers, _NOBODY)
            while back and back[0][0] <= now:
                _, to, who = heappop(back)
                heappush(queues[to][0], who)
            open_still = now < desks[n].closes
            line = _first(own[n], now) if open_still else None
            if line is None and open_still and fallback[n]:
                line = _first(fallback[n], now)
            if line is not None:
                due, _, number, minutes, rest = heappop(line)
                if number < many and called[number] is NEVER:
                    called[number] = turn
                    left -= 1
                until = now + minutes
                heapreplace(free, (until, n))
                if rest:
                    stop, its_minutes = rest[0]
                    again = (due, until, number, its_minutes, rest[1:])
                    heappush(back, (until, stop, again))
                    # Whoever had nothing left to do may be wanted again.
                    for other in idle:
                        heappush(free, (until, other))
                    idle.clear()
            elif open_still and (at < inf or back):
                heapreplace(free, (min(at, back[0][0]) if back else at, n))
            else:
                idle.append(n)
                heappop(free)
        return called

    def _begin(self, there: Iterable[Coming], many: int) -> tuple[int, list[Coming]]:
        """Fill the queues; how many asked for will be called, and who joins later, as a heap."""
        for line, _, _ in self._queues:
            line.clear()
        later, left = [], 0
        for coming in there:
            at, queue, person = coming
            left += person[2] < many and self._called[queue]
            if at <= 0:
                self._queues[queue][0].append(person)
            elif at < inf:
                later.append(coming)
        for line, _, _ in self._queues:
            line.sort()
        heapify(later)
        return left, later


def play(
    comers: Sequence[Comer],
    desks: Sequence[Desk],
    rules: LineRules,
) -> list[Call]:
    """When each of `comers` is first called and by which desk; `NEVER` for those nobody calls."""
    course = Course(desks, rules)
    people = []
    for number, comer in enumerate(comers):
        rest = tuple([(course.queue(comer.need, s), minutes) for s, minutes in comer.rest])
        person = (comer.due, comer.arrives, number, comer.minutes, rest)
        people.append((comer.arrives, course.queue(comer.need, comer.services), person))
    return course.play(people, iter(()), [desk.free_at for desk in desks], len(people))
