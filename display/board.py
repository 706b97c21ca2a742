"""The board as a fold of the journal: which number is called to which counter.

A number leaves as soon as its owner has come to the counter, is sent away or goes on elsewhere.
Pure: no clock, no I/O. It carries numbers, counter keys and configured counter names only, never
who somebody is, what they come for or which class they wait in. How the screen looks, which rows
fit and when the gong sounds is left to `display.layout` and the page.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from queue_service.events.entry import Fact, VisitNow
from queue_service.events.floor import (
    Called,
    CheckedIn,
    ComesLater,
    DeskChanged,
    HandAccepted,
    HandPassed,
    NumbersReserved,
    Recalled,
    Resumed,
)
from queue_service.model.ids import CounterKey, VisitId
from queue_service.model.office import Office
from queue_service.model.visit import Visit, VisitState

Seen = Visit | VisitNow
"""What the board looks at: a visit's row, or its public state in an entry."""


class Call(msgspec.Struct, frozen=True):
    """One number that is called to one counter."""

    visit: VisitId
    number: str
    counter: CounterKey
    called_at: datetime
    calls: int


class Row(msgspec.Struct, frozen=True):
    """A call as the screen gets it; the counter's name is German, as on the wall."""

    number: str
    counter: str
    counter_name: str
    called_at: datetime
    calls: int
    """From two on the row says so. Time alone does not: a clerk may serve without saying that the
    person has come, and a board that wrote "2nd call" beside it would be lying."""


class Snapshot(msgspec.Struct, frozen=True):
    """Everything a screen shows, newest call first; `seq` says where its stream goes on."""

    seq: int
    now: datetime
    rate: float
    """Office seconds a real second; 1 in production."""
    zone: str
    office: str
    open: bool
    opens: datetime | None
    """When the office opens next, if it is closed and the day is known."""
    turns: datetime | None
    """When a screen asks for a snapshot again, because the office opens or closes."""
    rows: tuple[Row, ...]


class Change(msgspec.Struct, frozen=True):
    """What one entry changes on the board: rows to put on it, numbers to take off it."""

    rows: tuple[Row, ...] = ()
    gone: tuple[str, ...] = ()


class Opening(msgspec.Struct, frozen=True):
    """Whether the office is open now, and if not, when next."""

    open: bool
    opens: datetime | None = None
    turns: datetime | None = None
    """When to ask again; None when nothing is known to change."""


class Board(msgspec.Struct, frozen=True):
    """The calls in force after journal entry `seq`, newest first."""

    seq: int = 0
    calls: tuple[Call, ...] = ()

    @classmethod
    def load(cls, visits: Iterable[Seen], seq: int) -> "Board":
        """The board from the visits' rows as they were right after entry `seq`."""
        return cls(seq, _newest_first(call for visit in visits if (call := _call(visit))))

    def apply(self, seq: int, fact: Fact) -> "Board":
        """The board after entry `seq` said `fact`; an entry that is already in changes nothing."""
        if seq <= self.seq:
            return self
        if not fact.visits:
            return Board(seq, self.calls)
        touched = {visit.id for visit in fact.visits}
        stay = [call for call in self.calls if call.visit not in touched]
        come = [call for visit in fact.visits if (call := _call(visit))]
        return Board(seq, _newest_first([*stay, *come]))

    def public(self, office: Office, now: datetime, rate: float, opening: Opening) -> Snapshot:
        """What a screen may know at `now`: the calls of today, oldest last."""
        today = now.astimezone(office.tz).date()
        rows = tuple(
            _row(call, office)
            for call in self.calls
            if call.called_at.astimezone(office.tz).date() == today
        )
        return Snapshot(
            seq=self.seq,
            now=now,
            rate=rate,
            zone=office.zone,
            office=office.name["de"],
            open=opening.open,
            opens=opening.opens,
            turns=opening.turns,
            rows=rows,
        )


def event(fact: Fact, office: Office) -> tuple[str, Change] | None:
    """Name and body of the event an entry means for the screens; None when it means nothing.

    `call` rings, `back` puts a call on the board again after an undo without ringing, `gone` only
    takes off. One event an entry, so a stream cut between two events has lost nothing.
    """
    rows = tuple(_row(call, office) for visit in fact.visits if (call := _call(visit)))
    gone = tuple(visit.number for visit in fact.visits if _call(visit) is None)
    if rows:
        rings = isinstance(fact, Called | Recalled | HandAccepted)
        return ("call" if rings else "back", Change(rows, gone))
    if gone and not isinstance(fact, _NEVER_SHOWN):
        return ("gone", Change(gone=gone))
    return None


_NEVER_SHOWN = CheckedIn | Resumed | ComesLater | HandPassed | DeskChanged | NumbersReserved
"""What happens only to people who are not called."""


def _call(visit: Seen) -> Call | None:
    if visit.state is not VisitState.CALLED or visit.counter is None or visit.called_at is None:
        return None
    return Call(visit.id, visit.number, visit.counter, visit.called_at, visit.calls)


def _newest_first(calls: Iterable[Call]) -> tuple[Call, ...]:
    return tuple(sorted(calls, key=lambda call: (call.called_at, call.number), reverse=True))


def _row(call: Call, office: Office) -> Row:
    counter = office.counter(call.counter)
    name = counter.name["de"] if counter else str(call.counter)
    return Row(call.number, str(call.counter), name, call.called_at, call.calls)
