"""Which stops a visit has, and which of them a counter does in one go.

Services of one visit do not wait for each other; the steps of one service follow their order.
Leaves alone: who is next (`line`) and what is done with a visit (`visit`, `journey`).
"""

from collections.abc import Collection, Sequence

from queue_service.model.booking import Part
from queue_service.model.ids import CounterKey, ServiceCode
from queue_service.model.office import Counter, Office
from queue_service.model.visit import Step, Stop, Visit

STATIONS = frozenset({Step.FINGERPRINTS, Step.PHOTO, Step.FEE, Step.PAPERS})
"""Done on the way: whoever is sent there comes back to what was open."""


def plan(office: Office, parts: Sequence[Part]) -> tuple[Stop, ...]:
    """The stops of a visit for `parts`, in order; empty when one counter step serves all of it."""
    stops = tuple(s for part in parts for s in stops_of(office, part.service))
    if any(stop.step is not Step.COUNTER for stop in stops):
        return stops
    wanted = {part.service for part in parts}
    at_once = any(wanted <= set(c.skills) and Step.COUNTER in c.steps for c in office.counters)
    return () if at_once or len(wanted) == 1 else stops


def stops_of(office: Office, service: ServiceCode) -> tuple[Stop, ...]:
    """What one service goes through; a service nobody knows any more needs a counter."""
    known = office.service(service)
    return tuple(Stop(service, step) for step in (known.steps if known else (Step.COUNTER,)))


def written_out(visit: Visit) -> tuple[Stop, ...]:
    """The stops of a visit, also where one counter serves everything."""
    return visit.stops or tuple(Stop(part.service) for part in visit.parts)


def open_stops(visit: Visit) -> tuple[Stop, ...]:
    """What is still to be done, in order."""
    return tuple(stop for stop in written_out(visit) if not stop.done)


def here(visit: Visit, counter: Counter) -> tuple[Stop, ...]:
    """The open stops that `counter` does in one go, with its own skills and those of fallback."""
    return _done_by(visit, {*counter.skills, *counter.fallback}, counter.steps)


def served_by(visit: Visit, counter: Counter) -> bool:
    """Whether `counter` goes on with the visit by its own skills and steps."""
    if not visit.stops:  # most visits, asked for each of them at every call
        for part in visit.parts:
            if part.service not in counter.skills:
                return False
        return Step.COUNTER in counter.steps
    return bool(_done_by(visit, set(counter.skills), counter.steps))


def falls_to(visit: Visit, counter: Counter) -> bool:
    """Whether `counter` goes on with the visit only where nobody else waits for it."""
    if not counter.fallback:
        return False
    return bool(here(visit, counter)) and not served_by(visit, counter)


def done_here(visit: Visit, counter: Counter) -> tuple[Stop, ...]:
    """The stops of the visit once this counter has finished with it.

    Whom a counter called out of turn for something it has no skill for leaves its first open stop
    there: the clerk decided, and the visit must go on.
    """
    if not visit.stops:
        return ()
    did = here(visit, counter) or open_stops(visit)[:1]
    return with_done(visit, did)


def with_done(visit: Visit, did: Collection[Stop]) -> tuple[Stop, ...]:
    """The stops of the visit with those of `did` done."""
    return tuple(
        Stop(stop.service, stop.step, done=True) if stop in did else stop
        for stop in written_out(visit)
    )


def _done_by(
    visit: Visit, skills: Collection[ServiceCode], steps: Collection[Step]
) -> tuple[Stop, ...]:
    waits = open_stops(visit)
    able = [stop.service in skills and stop.step in steps for stop in waits]
    if not visit.stops:
        return waits if all(able) else ()
    blocked: set[ServiceCode] = set()
    found = []
    for stop, can in zip(waits, able, strict=True):
        if not can:
            blocked.add(stop.service)
        elif stop.service not in blocked:
            found.append(stop)
    return tuple(found)


def case_workers(office: Office) -> tuple[CounterKey, ...]:
    """The counters at which case workers accept emergencies."""
    return tuple(c.key for c in office.counters if Step.CASE_WORKER in c.steps)
