"""Everybody in the house as the journal tells it, for tickets and desks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from queue_service.events.entry import Fact, VisitNow
from queue_service.events.floor import Called, WhyNext
from queue_service.floor import line as engine
from queue_service.floor.line import Range
from queue_service.model.ids import CounterKey, VisitId
from queue_service.model.office import Office
from queue_service.model.visit import NeedClass, Visit, VisitState

_OPEN = (VisitState.WAITING, VisitState.CALLED)
_KEPT_ENDED = 2_000


class Line:
    """Open visits of one office, and the latest ended ones so that a ticket still has an answer."""

    def __init__(self, office: Office) -> None:
        """Empty; `load` or entries fill it."""
        self.office = office
        self._open: dict[VisitId, Visit] = {}
        self._ended: dict[VisitId, Visit] = {}
        self._why: dict[VisitId, WhyNext] = {}
        self._last_act: dict[CounterKey, tuple[VisitId, datetime, str, int]] = {}

    def load(self, visits: Iterable[Visit]) -> None:
        """Take over all open visits, read at one seq."""
        self._open = {v.id: v for v in visits if v.state in _OPEN}
        self._ended = {}

    def apply(self, fact: Fact, seq: int, recorded: datetime) -> None:
        """Replace what the entry says."""
        for now in fact.visits:
            if isinstance(fact, Called):
                self._why[now.id] = fact.why
            elif now.state is not VisitState.CALLED:
                self._why.pop(now.id, None)
            before = self._open.get(now.id) or self._ended.get(now.id)
            visit = _visit(now, seq)
            counter = now.counter or (before.counter if before else None)
            if counter is not None:
                tag = str(fact.__struct_config__.tag)
                self._last_act[counter] = (now.id, recorded, tag, seq)
            if now.state in _OPEN:
                self._open[now.id] = visit
                self._ended.pop(now.id, None)
            else:
                self._open.pop(now.id, None)
                self._ended[now.id] = visit
                if len(self._ended) > _KEPT_ENDED:
                    del self._ended[next(iter(self._ended))]

    def visit(self, visit: VisitId) -> Visit | None:
        """The visit while it is in the house or lately left."""
        return self._open.get(visit) or self._ended.get(visit)

    def waiting(self, now: datetime) -> list[Visit]:
        """Who waits, the next one first."""
        return engine.order(self._open.values(), now, self.office.line)

    def has_earlier(self, than: datetime) -> bool:
        """Whether somebody who came before `than` is still in the house by the book."""
        return any(v.arrived < than for v in self._open.values())

    def called(self) -> list[Visit]:
        """Who is called or served."""
        return [v for v in self._open.values() if v.state is VisitState.CALLED]

    def at(self, counter: CounterKey) -> Visit | None:
        """Who is at a counter."""
        return next((v for v in self.called() if v.counter == counter), None)

    def why(self, visit: VisitId) -> WhyNext | None:
        """Why somebody at a counter was called."""
        return self._why.get(visit)

    def last_act(self, counter: CounterKey) -> tuple[VisitId, datetime, str, int] | None:
        """(visit, when, tag, seq) of the last act that concerned a counter."""
        return self._last_act.get(counter)

    def ahead(self, visit: Visit, now: datetime) -> int:
        """How many are called before `visit` as things stand."""
        return engine.ahead_of(visit, self._rivals(visit), now, self.office.line)

    def wait(self, visit: Visit, now: datetime) -> Range:
        """The range a waiting person is shown."""
        until_due = max(0.0, (visit.due - now) / timedelta(minutes=1))
        counters = [c for c in self.office.counters if engine.served_by(visit, c.skills)]
        return engine.wait_range(
            self.ahead(visit, now), self._minutes_each(), len(counters), not_before=until_due
        )

    def _rivals(self, visit: Visit) -> list[Visit]:
        """Waiting visits that some counter able to serve `visit` could serve too."""
        skills = {
            s for c in self.office.counters if engine.served_by(visit, c.skills) for s in c.skills
        }
        return [v for v in self._open.values() if v.id == visit.id or engine.served_by(v, skills)]

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
    return Visit(
        id=now.id,
        number=now.number,
        state=now.state,
        need=now.need,
        parts=now.parts,
        language=now.language,
        arrived=now.arrived,
        due=now.due,
        seq=seq,
        booking=now.booking,
        counter=now.counter,
        called_at=now.called_at,
        calls=now.calls,
        ended_at=now.ended_at,
        flags=now.flags,
    )
