"""The hall as a scene to play forward: line, counters on duty, who is served, who is to come.

Built from the views alone. A visit's stops become stages, each with the counters that would go on
with it there; whoever is nobody's to call has a stage that no counter knows. Whoever was sent to
fetch something comes back to where they stood, or does not, as others did.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

import msgspec

from queue_service.floor import line as engine
from queue_service.floor import steps
from queue_service.model.booking import Part
from queue_service.model.expecting import ToCome
from queue_service.model.ids import CounterKey, ServiceCode, VisitId
from queue_service.model.office import Counter, Office
from queue_service.model.visit import AT_COUNTER, NeedClass, Stop, Visit, VisitState
from queue_service.rehearsal.day import Services
from queue_service.rehearsal.outlook import Door, Scene
from queue_service.rehearsal.wait import Counter as OnDuty
from queue_service.rehearsal.wait import Expected, Returning, Stream, Waiting
from queue_service.views.habits import (
    Habits,
    Spans,
    away_of,
    gaps_of,
    minutes_of,
    per_minute,
    return_share,
    show_share,
)

MOST_STAGES = 6
_MINUTE = timedelta(minutes=1)
_NOBODY = VisitId(UUID(int=0))
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class _Stage(msgspec.Struct, frozen=True):
    kind: Services
    own: frozenset[CounterKey]
    fallback: frozenset[CounterKey]
    minutes: tuple[float, ...]


def scene(
    office: Office,
    visits: Sequence[Visit],
    on_duty: tuple[Counter, ...],
    habits: Habits,
    now: datetime,
    *,
    to_come: Sequence[ToCome] = (),
    open_today: Spans = (),
    away: Mapping[VisitId, datetime] = MappingProxyType({}),
    seed: int = 0,
) -> Scene:
    """What a worker plays forward for everybody in `visits` who waits.

    `away` says since when people in it are gone who were sent to fetch something; whoever is not
    named has just gone.
    """
    stages = _Stages(office, on_duty, habits)
    line = engine.order(visits, now, office.line)
    served = {v.counter: v for v in visits if v.state in AT_COUNTER and v.counter}
    ends = max((closes for _, closes in open_today), default=now)
    left = max(0.0, (ends - now) / _MINUTE)
    waiting = tuple(stages.waiting(visit, now) for visit in line)
    doors = tuple(
        Door(s.code, stages.stranger(s.code, probe=True))
        for s in office.services
        if s.walk_in or s.emergency
    )
    rates = per_minute(office, habits, now, open_today)
    streams = tuple(
        Stream(person.need, person.services, rate, left, person.rest)
        for service, rate in sorted(rates.items())
        if rate > 0 and (person := stages.stranger(service)).services
    )
    likely = show_share(office, habits)
    expected = tuple(
        stages.to_come(each, now, likely) for each in to_come if now < each.start <= ends
    )
    gone = tuple(visit for visit in visits if visit.state is VisitState.PARKED)
    returning = tuple(stages.returning(visit, away.get(visit.id, now), now) for visit in gone)
    counters = tuple(stages.counter(c, served.get(c.key), now) for c in stages.counters)
    return Scene(
        tuple(visit.id for visit in line),
        waiting,
        # Only now every stage is known that a counter may have to call.
        tuple(
            stages.with_skills(duty, c) for duty, c in zip(counters, stages.counters, strict=True)
        ),
        tuple(stages.durations.items()),
        office.line,
        doors,
        streams,
        expected,
        gaps_of(habits),
        seed,
        returning,
        tuple(visit.id for visit in gone),
    )


class _Stages:
    """The stages met so far; visits alike share theirs."""

    def __init__(self, office: Office, counters: tuple[Counter, ...], habits: Habits) -> None:
        self.counters = counters
        self.durations: dict[Services, tuple[float, ...]] = {}
        self._office = office
        self._habits = habits
        self._known: dict[object, tuple[_Stage, ...]] = {}
        self._stages: dict[Services, _Stage] = {}

    def waiting(self, visit: Visit, now: datetime) -> Waiting:
        """Somebody in the line; who said "later" joins it only then."""
        first, *rest = self.of(visit)
        arrived = (visit.arrived - now) / _MINUTE
        if engine.is_away(visit, now) and visit.away_until is not None:
            arrived = (visit.away_until - now) / _MINUTE
        due = (visit.due - now) / _MINUTE
        return Waiting(arrived, due, visit.need, first.kind, tuple(s.kind for s in rest))

    def stranger(self, service: ServiceCode, *, probe: bool = False) -> Waiting:
        """Somebody who comes in for a service now."""
        known = self._office.service(service)
        need = NeedClass.EMERGENCY if known and known.emergency else NeedClass.WALK_IN
        first, *rest = self.of(self._visitor(need, (Part(service, 1),)))
        return Waiting(0.0, 0.0, need, first.kind, tuple(s.kind for s in rest), probe)

    def to_come(self, each: ToCome, now: datetime, likely: float) -> Expected:
        """An appointment that somebody may come to."""
        first, *rest = self.of(self._visitor(NeedClass.BOOKING, each.parts))
        due = (each.start - now) / _MINUTE
        return Expected(due, first.kind, likely, tuple(s.kind for s in rest))

    def returning(self, visit: Visit, gone_at: datetime, now: datetime) -> Returning:
        """Somebody who was sent away: back to the counter that sent them, if it is on duty."""
        keeps = any(counter.key == visit.only for counter in self.counters)
        back = msgspec.structs.replace(
            visit, state=VisitState.WAITING, only=visit.only if keeps else None
        )
        return Returning(
            self.waiting(back, now),
            away_of(self._habits, visit.parked),
            max(0.0, (now - gone_at) / _MINUTE),
            return_share(self._habits),
        )

    def counter(self, counter: Counter, visit: Visit | None, now: datetime) -> OnDuty:
        """A counter with whom it serves, since when, and where they go from there."""
        if visit is None:
            return OnDuty(frozenset())
        did = steps.here(visit, counter) or steps.open_stops(visit)[:1]
        kind = self._kind(visit.parts, did if visit.stops else (), (), ())
        since = visit.called_at or visit.served_at or now
        after = msgspec.structs.replace(
            visit,
            state=VisitState.WAITING,
            stops=steps.done_here(visit, counter),
            only=None,
            hand=None,
        )
        comes_back = bool(visit.stops) and bool(steps.open_stops(after))
        return OnDuty(
            frozenset(),
            serving=kind,
            since=max(0.0, (now - since) / _MINUTE),
            then=self.waiting(after, now) if comes_back else None,
        )

    def with_skills(self, duty: OnDuty, counter: Counter) -> OnDuty:
        """The counter with every stage it would call."""
        return msgspec.structs.replace(
            duty,
            skills=self._called_by(counter.key, fallback=False),
            fallback=self._called_by(counter.key, fallback=True),
        )

    def of(self, visit: Visit) -> tuple[_Stage, ...]:
        """The stages of a visit from here on; at least one."""
        key = (visit.parts, visit.stops, visit.only, visit.hand is None)
        if key not in self._known:
            self._known[key] = self._walk(visit)
        return self._known[key]

    def _walk(self, visit: Visit) -> tuple[_Stage, ...]:
        found: list[_Stage] = []
        while len(found) < MOST_STAGES:
            own = tuple(c for c in self.counters if _calls(visit, c))
            fallback = tuple(c for c in self.counters if steps.falls_to(visit, c))
            first = next(iter(own + fallback), None)
            if first is None and found:
                break
            did = steps.open_stops(visit)[:1] if first is None else steps.here(visit, first)
            did = did if visit.stops else ()
            found.append(self._stage(visit.parts, did, own, fallback))
            if not visit.stops or not did:
                break
            left = steps.with_done(visit, did)
            visit = msgspec.structs.replace(visit, stops=left, only=None, hand=None)
            if not steps.open_stops(visit):
                break
        return tuple(found)

    def _stage(
        self,
        parts: tuple[Part, ...],
        did: tuple[Stop, ...],
        own: tuple[Counter, ...],
        fallback: tuple[Counter, ...],
    ) -> _Stage:
        kind = self._kind(parts, did, own, fallback)
        if kind not in self._stages:
            minutes = self.durations[kind]
            keys = frozenset(c.key for c in own), frozenset(c.key for c in fallback)
            self._stages[kind] = _Stage(kind, *keys, minutes)
        return self._stages[kind]

    def _kind(
        self,
        parts: tuple[Part, ...],
        did: tuple[Stop, ...],
        own: tuple[Counter, ...],
        fallback: tuple[Counter, ...],
    ) -> Services:
        """A name for what takes the same time at the same counters."""
        what = "+".join(f"{p.service}*{p.persons}" for p in parts)
        where = "+".join(f"{s.service}:{s.step}" for s in did)
        who = ",".join(c.key for c in own) + "/" + ",".join(c.key for c in fallback)
        kind = frozenset({ServiceCode(f"{what} {where} {who}")})
        if kind not in self.durations:
            self.durations[kind] = minutes_of(self._office, self._habits, parts, did)
        return kind

    def _called_by(self, key: CounterKey, *, fallback: bool) -> Services:
        return frozenset[ServiceCode]().union(
            *(
                stage.kind
                for stage in self._stages.values()
                if key in (stage.fallback if fallback else stage.own)
            )
        )

    def _visitor(self, need: NeedClass, parts: tuple[Part, ...]) -> Visit:
        """Somebody who is not here yet."""
        stops = steps.plan(self._office, parts)
        return Visit(
            _NOBODY, "", VisitState.WAITING, need, parts, "de", _NEVER, _NEVER, stops=stops
        )


def _calls(visit: Visit, counter: Counter) -> bool:
    return visit.only in (None, counter.key) and engine.serves(visit, counter)
