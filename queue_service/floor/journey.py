"""What leads a visit elsewhere: sent away and back, to another counter or step, more services.

One number leads through all of it, and waiting counts from the same due time. Leaves alone: the
sentence that goes along (a note, not the journal's) and who is next.
"""

from datetime import datetime

import msgspec

from queue_service.events import floor as facts
from queue_service.events.entry import VisitNow
from queue_service.floor import steps
from queue_service.floor.desks import STAYS
from queue_service.floor.visit import acted, back, there
from queue_service.model.booking import Part
from queue_service.model.ids import CounterKey, VisitId
from queue_service.model.office import Office, Service
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import Need
from queue_service.model.visit import (
    OPEN,
    Aid,
    NeedClass,
    Step,
    Stop,
    Visit,
    VisitState,
)
from queue_service.model.world import Told, World

REASONS = ("papers", "photo", "payment", "other")
"""Why somebody is sent away for a while."""


def park(world: World, visit: VisitId, reason: str) -> Told | Refusal:
    """Send somebody at a counter to fetch something; they come back to it, to where they stood."""
    if reason not in REASONS:
        return Refusal(Code.INVALID, {"field": "reason", "reason": "one of " + ", ".join(REASONS)})
    found = there(world, visit)
    if isinstance(found, Refusal):
        return found
    after = back(found, state=VisitState.PARKED, only=found.counter, parked=reason)
    fact = facts.Parked(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=acted(after))


def resume(world: World, visit: VisitId) -> Told | Refusal:
    """Back from being parked: the counter that sent them calls them, unless it has closed."""
    found = world.visit(visit)
    if found is None:
        return Refusal(Code.UNKNOWN_VISIT)
    if found.state is not VisitState.PARKED:
        return Refusal(Code.NOT_PARKED, {"number": found.number})
    keeps = found.only is not None and world.hall.desk(found.only).state in STAYS
    after = msgspec.structs.replace(
        found, state=VisitState.WAITING, only=found.only if keeps else None
    )
    fact = facts.Resumed(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=acted(after))


def forward(
    world: World,
    visit: VisitId,
    office: Office,
    *,
    to: CounterKey | None = None,
    step: Step | None = None,
) -> Told | Refusal:
    """Hand somebody over under the same number: to a counter, for a step, or both.

    A station's step comes first and leads back to what was open; a counter's or case worker's
    step takes the place of what would have been done here.
    """
    found = there(world, visit)
    if isinstance(found, Refusal):
        return found
    refusal = _nowhere(world, found, office, to, step)
    if refusal is not None:
        return refusal
    stops = found.stops if step is None else _with_step(found, office, step)
    after = back(found, stops=stops, only=to)
    fact = facts.Forwarded(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=acted(after))


def _nowhere(
    world: World, visit: Visit, office: Office, to: CounterKey | None, step: Step | None
) -> Refusal | None:
    """Why that is no place to send somebody to; None when it is one."""
    if to is None and step is None:
        return Refusal(Code.INVALID, {"field": "to", "reason": "a counter or a step"})
    if to is not None and (office.counter(to) is None or (to == visit.counter and step is None)):
        return Refusal(Code.UNKNOWN_COUNTER, {"counter": str(to)[:80]})
    if to is not None and world.hall.desk(to).state not in STAYS:
        return Refusal(Code.DESK_NOT_OPEN, {"counter": to})
    if step is not None and not _does(office, step, visit):
        return Refusal(Code.NO_STATION, {"step": step})
    return None


def _does(office: Office, step: Step, visit: Visit) -> bool:
    """Whether some counter does `step` for the service that it becomes part of."""
    service = (_at_hand(visit, office) or steps.open_stops(visit))[0].service
    return any(step in c.steps and service in (*c.skills, *c.fallback) for c in office.counters)


def _at_hand(visit: Visit, office: Office) -> tuple[Stop, ...]:
    """What the counter where the visit is does of it."""
    counter = office.counter(visit.counter or "")
    return steps.here(visit, counter) if counter else ()


def _with_step(visit: Visit, office: Office, step: Step) -> tuple[Stop, ...]:
    all_stops, at_hand = steps.written_out(visit), _at_hand(visit, office)
    first = (at_hand or steps.open_stops(visit))[0]
    sent = Stop(first.service, step)
    if step in steps.STATIONS:
        later = tuple(s for s in all_stops if s != sent)
        place = later.index(first) if first in later else 0
        return (*later[:place], sent, *later[place:])
    instead = [s for s in all_stops if s not in at_hand and s != sent]
    place = all_stops.index(first)
    return (*instead[:place], sent, *instead[place:])


def add_service(
    world: World, visit: VisitId, office: Office, service: Service, persons: int
) -> Told | Refusal:
    """One more service in the same visit, or more persons for one it has."""
    found = there(world, visit, states=OPEN)
    if isinstance(found, Refusal):
        return found
    had = next((p for p in found.parts if p.service == service.code), None)
    many = persons + (had.persons if had else 0)
    if persons < 1 or many > service.max_persons:
        data = {"service": service.code, "max_persons": service.max_persons}
        return Refusal(Code.TOO_MANY_PERSONS, data)
    part = Part(service.code, many)
    parts = tuple(part if p is had else p for p in found.parts) if had else (*found.parts, part)
    after = msgspec.structs.replace(found, parts=parts, stops=_more(found, office, service, parts))
    fact = facts.ServiceAdded(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=acted(after))


def _more(
    visit: Visit, office: Office, service: Service, parts: tuple[Part, ...]
) -> tuple[Stop, ...]:
    if any(stop.service == service.code for stop in steps.open_stops(visit)):
        return visit.stops
    if not visit.stops and not steps.plan(office, parts) and _whole(visit, office, parts):
        return ()
    return (*steps.written_out(visit), *steps.stops_of(office, service.code))


def _whole(visit: Visit, office: Office, parts: tuple[Part, ...]) -> bool:
    """Whether the counter somebody stands at does all of it; who still waits finds one."""
    counter = office.counter(visit.counter or "")
    return counter is None or {p.service for p in parts} <= set(counter.skills)


def mark(
    world: World,
    visit: VisitId,
    *,
    aids: tuple[Aid, ...] | None = None,
    need: NeedClass | None = None,
    urgency: Need | None = None,
    language: str | None = None,
) -> Told | Refusal:
    """Note what staff see: aids, class of need, language; None leaves each as it is.

    An `urgency` makes an emergency of it; whoever is none any more has none.
    """
    found = there(world, visit, states=OPEN)
    if isinstance(found, Refusal):
        return found
    if need is NeedClass.BOOKING and found.booking is None:
        return Refusal(Code.INVALID, {"field": "need", "reason": "has no appointment"})
    if urgency is not None and need not in (None, NeedClass.EMERGENCY):
        return Refusal(Code.INVALID, {"field": "urgency", "reason": f"of an emergency, not {need}"})
    after = msgspec.structs.replace(
        found,
        aids=found.aids if aids is None else tuple(dict.fromkeys(aids)),
        language=language or found.language,
    )
    if need is NeedClass.EMERGENCY or urgency is not None:
        after = pressing(after, world.now, urgency or found.urgency)
    elif need is not None:
        after = msgspec.structs.replace(after, need=need, urgency=None, hand=None)
    fact = facts.Marked(visits=(VisitNow.of(after, found.seq),))
    return Told(fact, visits=(after,), answer=acted(after))


def pressing(visit: Visit, now: datetime, urgency: Need | None) -> Visit:
    """`visit` as an emergency of that class: nobody waits for an appointment any more."""
    return msgspec.structs.replace(
        visit, need=NeedClass.EMERGENCY, urgency=urgency, due=min(visit.due, now)
    )
