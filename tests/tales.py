"""A small journal told act by act, for what is read from journals."""

from datetime import timedelta
from typing import cast

import msgspec

from queue_service.events import floor
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry, Fact, VisitNow
from queue_service.model.ids import SYSTEM, ActorId, CounterKey, OfficeId
from queue_service.model.office import LineRules
from queue_service.model.visit import Visit, VisitState
from queue_service.views.day_report import DayReport, day_report
from queue_service.views.periods import Ledger, ledger, periods
from tests import make
from tests.make import BERLIN, NOW

MINUTE = timedelta(minutes=1)
ONE, TWO = CounterKey("1"), CounterKey("2")
CLERK, OTHER = ActorId(7), ActorId(8)
TODAY = NOW.date()
TALE = list[tuple[Entry, AnyFact]]


class Told:
    """Writes a small journal, act by act."""

    def __init__(self) -> None:
        self.entries: TALE = []
        self.now = NOW
        self.visits: dict[str, Visit] = {}
        self._before: list[tuple[str, Visit]] = []

    def come(self, number: str = "A100", **more: object) -> "Told":
        visit = make.visit(number, arrived=self.now, **more)  # type: ignore[arg-type]  # fields of a Visit
        return self.say(floor.CheckedIn, visit)

    def act(
        self,
        kind: type[Fact],
        state: VisitState,
        after: float = 0,
        number: str = "A100",
        by: ActorId = CLERK,
        **more: object,
    ) -> "Told":
        """`after` so many minutes somebody does something with a visit."""
        self.now += after * MINUTE
        more = {"counter": ONE if state in (VisitState.CALLED, VisitState.SERVING) else None} | more
        visit = msgspec.structs.replace(self.visits[number], state=state, **more)
        return self.say(kind, visit, by)

    def undo(self, after: float = 0, number: str = "A100") -> "Told":
        self.now += after * MINUTE
        undoes = self.entries[-1][0].seq
        return self.say(floor.Undone, self._before[-1][1], CLERK, undoes)

    def say(
        self, kind: type[Fact], visit: Visit, by: ActorId = SYSTEM, undoes: int | None = None
    ) -> "Told":
        before = self.visits.get(visit.number, visit)
        self._before.append((visit.number, before))
        self.visits[visit.number] = visit
        fact = cast(AnyFact, kind(visits=(VisitNow.of(visit, before.seq),)))
        self.entries.append((self.entry(fact, by, undoes), fact))
        return self

    def entry(self, fact: Fact, by: ActorId, undoes: int | None) -> Entry:
        return Entry(
            office=OfficeId(1),
            seq=len(self.entries) + 1,
            recorded=self.now,
            happened=self.now,
            by=by,
            undoes=undoes,
            tag=str(fact.__struct_config__.tag),
            body="{}",
            digest=b"",
            salt=b"",
            link=b"",
        )

    def ledger(self) -> Ledger:
        return ledger(self.entries)

    def report(self, no_shows: int = 0) -> DayReport:
        journeys = self.ledger().journeys()
        return day_report(journeys, TODAY, BERLIN, LineRules(), no_shows)

    def kinds(self) -> list[tuple[str, float | None]]:
        [of] = periods(self.entries).values()
        return [(p.kind.value, (p.end - p.start) / MINUTE if p.end else None) for p in of]
