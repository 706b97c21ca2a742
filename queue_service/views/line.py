"""Everybody in the house as the journal tells it, for tickets and desks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from queue_service.events.entry import Entry, Fact, VisitNow
from queue_service.events.floor import Called, DeskChanged, HandAccepted, Resumed, Started, WhyNext
from queue_service.floor import line as engine
from queue_service.floor.line import Range
from queue_service.model.desk import Desk
from queue_service.model.ids import SYSTEM, ActorId, CounterKey, VisitId
from queue_service.model.office import Counter, Office
from queue_service.model.visit import AT_COUNTER, OPEN, NeedClass, Visit, VisitState
from queue_service.views import desks as duty
from queue_service.views.waits import Waits

_KEPT_ENDED = 2_000


class LastAct(msgspec.Struct, frozen=True):
    """The last entry that concerned a counter; without a visit it was about the counter itself."""

    visit: VisitId | None
    when: datetime
    tag: str
    seq: int


class Line:
    """Open visits of one office, and the latest ended ones so that a ticket still has an answer."""

    def __init__(
        self,
        office: Office,
        desks: Mapping[CounterKey, Desk] = MappingProxyType({}),
        waits: Waits | None = None,
    ) -> None:
        """Empty; `load` or entries fill it. `desks` and `waits` are looked at, never changed."""
        self.office = office
        self._desks = desks
        self._waits = waits or Waits()
        self._open: dict[VisitId, Visit] = {}
        self._ended: dict[VisitId, Visit] = {}
        self._why: dict[VisitId, WhyNext] = {}
        self._last_act: dict[CounterKey, LastAct] = {}
        self._last_by: dict[ActorId, LastAct] = {}

    def load(
        self,
        visits: Iterable[Visit],
        told: Sequence[tuple[Entry, Fact]] = (),
        stood: Iterable[tuple[int, VisitNow]] = (),
    ) -> None:
        """Take over all open visits, read at one seq, and what the newest entries told up to it.

        `stood` is how their visits were before, each with the number of its entry. What lies
        further back is forgotten, but for the reasons of calls that are not over yet.
        """
        self._open = {v.id: v for v in visits if v.state in OPEN}
        self._ended, self._last_act, self._last_by = {}, {}, {}
        for _, fact in told:
            for now in fact.visits:
                self._open.pop(now.id, None)
        for seq, before in stood:
            self._take(_visit(before, seq))
        for entry, fact in told:
            self.apply(fact, entry.seq, entry.recorded, entry.by)
        self._why = {visit: why for visit, why in self._why.items() if self.visit(visit)}

    def apply(self, fact: Fact, seq: int, recorded: datetime, by: ActorId = SYSTEM) -> None:
        """Replace what the entry says; `by` is who did it."""
        tag = str(fact.__struct_config__.tag)
        for now in fact.visits[:1]:
            self._last_by[by] = LastAct(now.id, recorded, tag, seq)
        for now in fact.visits:
            self._note_why(fact, now.id)
            before = self._open.get(now.id) or self._ended.get(now.id)
            counter = now.counter or (before.counter if before else None)
            if counter is None and isinstance(fact, Resumed):
                counter = now.only
            if counter is not None:
                self._last_act[counter] = LastAct(now.id, recorded, tag, seq)
            self._take(_visit(now, seq))
        if isinstance(fact, DeskChanged):
            for desk in fact.desks:
                self._last_act[desk.counter] = LastAct(None, recorded, tag, seq)

    def _note_why(self, fact: Fact, visit: VisitId) -> None:
        """Kept after the call is over: undo leads back to it."""
        said = fact.why if isinstance(fact, Called | HandAccepted | Started) else None
        if said is not None:
            self._why[visit] = said

    def _take(self, visit: Visit) -> None:
        if visit.state in OPEN:
            self._open[visit.id] = visit
            self._ended.pop(visit.id, None)
            return
        self._open.pop(visit.id, None)
        self._ended[visit.id] = visit
        if len(self._ended) > _KEPT_ENDED:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            self._why.pop(oldest, None)

    def visit(self, visit: VisitId) -> Visit | None:
        """The visit while it is in the house or lately left."""
        return self._open.get(visit) or self._ended.get(visit)

    def numbered(self, number: str) -> Visit | None:
        """Who has that number in the house; the latest of several days."""
        named = (v for v in self._open.values() if v.number == number)
        return max(named, key=lambda v: v.arrived, default=None)

    def waiting(self, now: datetime) -> list[Visit]:
        """Who waits, the next one first."""
        return engine.order(self._open.values(), now, self.office.line)

    def for_counter(
        self, counter: Counter, now: datetime, by: ActorId | None = None
    ) -> list[Visit]:
        """Whom a counter would call, the next one first."""
        return engine.candidates(self._open.values(), counter, now, self.office.line, by)

    def is_personal(self) -> bool:
        """Whether anybody waits for one counter or case worker only."""
        return any(v.only is not None or v.hand is not None for v in self._open.values())

    def parked(self) -> list[Visit]:
        """Who was sent to fetch something, in the order of their due times."""
        return sorted(
            (v for v in self._open.values() if v.state is VisitState.PARKED),
            key=lambda v: (v.due, v.number, v.id),
        )

    def handed(self) -> list[Visit]:
        """Emergencies that wait for a case worker to accept, the longest waiting first."""
        handed = (v for v in self._open.values() if v.hand and v.state is VisitState.WAITING)
        return sorted(handed, key=lambda v: (v.hand.at if v.hand else v.arrived, v.id))

    def has_earlier(self, than: datetime) -> bool:
        """Whether somebody who came before `than` is still in the house by the book."""
        return any(v.arrived < than for v in self._open.values())

    def called(self) -> list[Visit]:
        """Who is called or served."""
        return [v for v in self._open.values() if v.state in AT_COUNTER]

    def at(self, counter: CounterKey) -> Visit | None:
        """Who is at a counter."""
        return next((v for v in self.called() if v.counter == counter), None)

    def why(self, visit: VisitId) -> WhyNext | None:
        """Why somebody at a counter was called."""
        return self._why.get(visit)

    def last_act(self, counter: CounterKey) -> LastAct | None:
        """The last act that concerned a counter."""
        return self._last_act.get(counter)

    def last_by(self, actor: ActorId) -> LastAct | None:
        """The last act of somebody, or of a device, that concerned a visit."""
        return self._last_by.get(actor)

    def ahead(self, visit: Visit, now: datetime) -> int:
        """How many are called before `visit` as things stand."""
        return engine.ahead_of(visit, self._rivals(visit, now), now, self.office.line)

    def wait(self, visit: Visit, now: datetime) -> Range:
        """The range a waiting person is shown: the forecast while it is fresh."""
        forecast = self._waits.shown(visit.id, now)
        if forecast is not None:
            return forecast.range
        return self._waits.bounded(visit.id, self.rough_wait(visit, now), now)

    def rough_wait(self, visit: Visit, now: datetime) -> Range:
        """Without a forecast of their own: that at the door, else a formula.

        The formula counts the counters on duty and everybody before.
        """
        # The door's is for who comes in; who is awaited at one counter does not begin anew.
        comes_in = visit.booking is None and visit.only is None and visit.hand is None
        if comes_in and len(visit.parts) == 1:
            at_the_door = self._waits.door(visit.parts[0].service, now)
            if at_the_door is not None:
                return at_the_door
        until_due = max(0.0, (visit.due - now) / timedelta(minutes=1))
        return engine.wait_range(
            self.ahead(visit, now),
            self._minutes_each(),
            len(self._who_serve(visit)),
            not_before=until_due,
        )

    def _who_serve(self, visit: Visit) -> list[Counter]:
        on_duty = duty.on_duty(self.office, self._desks)
        return [c for c in on_duty if visit.only in (None, c.key) and engine.serves(visit, c)]

    def _rivals(self, visit: Visit, now: datetime) -> list[Visit]:
        """Everybody whom one of the counters that may call `visit` may call as well."""
        rules, counters = self.office.line, self._who_serve(visit)
        return [
            v
            for v in self._open.values()
            if v.id == visit.id
            or any(engine.may_call(v, c, now, rules) and engine.serves(v, c) for c in counters)
        ]

    def _minutes_each(self) -> float:
        minutes = [
            service.minutes_first + service.minutes_next * (part.persons - 1)
            for v in self._open.values()
            for part in v.parts
            if (service := self.office.service(part.service)) is not None
        ]
        return sum(minutes) / len(minutes) if minutes else 10.0

    def emergencies(self) -> int:
        """How many emergencies wait."""
        return sum(
            1
            for v in self._open.values()
            if v.need is NeedClass.EMERGENCY and v.state is VisitState.WAITING
        )


def _visit(now: VisitNow, seq: int) -> Visit:
    said = msgspec.structs.asdict(now)
    del said["before"]
    return Visit(**said, seq=seq)
