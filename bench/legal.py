"""Which ways a visit may go: the journal held against a table of states, entry by entry.

Written down apart from the engines on purpose: what they do is what is judged here.
"""

from collections.abc import Iterable

from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry, VisitNow
from queue_service.events.floor import Undone
from queue_service.model.ids import VisitId
from queue_service.model.visit import AT_COUNTER, OPEN, VisitState

_W, _C, _S = VisitState.WAITING, VisitState.CALLED, VisitState.SERVING
_P, _F, _M = VisitState.PARKED, VisitState.FINISHED, VisitState.MISSED
_STAYS = frozenset((state, state) for state in OPEN)
WAYS: dict[str, frozenset[tuple[VisitState | None, VisitState]]] = {
    "checked_in": frozenset({(None, _W)}),
    "called": frozenset({(_W, _C)}),
    "hand_accepted": frozenset({(_W, _C)}),
    "recalled": frozenset({(_C, _C)}),
    "missed": frozenset({(_C, _W), (_C, _M)}),
    # Whoever stands there is served now, also when they had been given up.
    "started": frozenset({(_C, _S), (_W, _S), (_P, _S), (_M, _S)}),
    "finished": frozenset({(_C, _F), (_S, _F), (_C, _W), (_S, _W)}),
    "parked": frozenset({(_C, _P), (_S, _P)}),
    "resumed": frozenset({(_P, _W)}),
    "forwarded": frozenset({(_C, _W), (_S, _W), (_W, _W)}),
    "handed_over": frozenset({(_C, _W), (_S, _W), (_W, _W)}),
    "hand_passed": frozenset({(_W, _W)}),
    "comes_later": frozenset({(_W, _W)}),
    "service_added": _STAYS,
    "marked": _STAYS,
    "not_coming": frozenset((state, end) for state in OPEN for end in (_F, _M)),
}
"""Of each kind of entry the changes of state it may make; None: there was no visit before."""


def illegal(entries: Iterable[tuple[Entry, AnyFact]]) -> list[str]:
    """Every step of a visit that must not be; a line of words each."""
    judged = _Judged()
    for entry, fact in entries:
        for now in fact.visits:
            judged.step(entry, fact, now)
    return judged.found


class _Judged:
    def __init__(self) -> None:
        self.found: list[str] = []
        self._tale: dict[VisitId, list[tuple[int, VisitNow]]] = {}

    def step(self, entry: Entry, fact: AnyFact, now: VisitNow) -> None:
        tale = self._tale.setdefault(now.id, [])
        before_seq, before = tale[-1] if tale else (0, None)
        self._same_visit(entry, now, before, before_seq)
        if isinstance(fact, Undone):
            self._undone(entry, now, tale)
        else:
            way = (before.state if before else None, now.state)
            if way not in WAYS.get(entry.tag, frozenset()):
                self._say(entry, now, f"{entry.tag} led from {way[0]} to {way[1]}")
            tale.append((entry.seq, now))
        self._alone_at_counter(entry, now)

    def _same_visit(
        self, entry: Entry, now: VisitNow, before: VisitNow | None, before_seq: int
    ) -> None:
        if now.before != before_seq and entry.undoes is None:
            self._say(entry, now, f"follows entry {now.before}, not {before_seq}")
        if before is not None and (before.number, before.arrived) != (now.number, now.arrived):
            self._say(entry, now, "changed its number or arrival")

    def _undone(self, entry: Entry, now: VisitNow, tale: list[tuple[int, VisitNow]]) -> None:
        if tale and (tale[-1][0], now.state) == (entry.undoes, VisitState.WITHDRAWN):
            # Nobody came: what is left of the tale is a number that stays used.
            tale[:] = [(entry.seq, now)]
            return
        if len(tale) < 2 or tale[-1][0] != entry.undoes:
            self._say(entry, now, f"took entry {entry.undoes} back, which was not the last")
            return
        _, restored = tale[-2]
        if (restored.state, restored.counter, restored.stops) != (
            now.state,
            now.counter,
            now.stops,
        ):
            self._say(entry, now, "was not restored to what it was")
        tale[-2:] = [(entry.seq, now)]

    def _alone_at_counter(self, entry: Entry, now: VisitNow) -> None:
        if now.state not in AT_COUNTER:
            return
        there = [
            tale[-1][1].number
            for visit, tale in self._tale.items()
            if visit != now.id
            and tale[-1][1].state in AT_COUNTER
            and tale[-1][1].counter == now.counter
        ]
        if there or now.counter is None:
            self._say(entry, now, f"is at counter {now.counter} with {there}")

    def _say(self, entry: Entry, now: VisitNow, what: str) -> None:
        self.found.append(f"entry {entry.seq}: {now.number} {what}")
