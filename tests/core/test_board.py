"""The lobby board is a fold of the journal and equals what a fresh load shows."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from display import words
from display.board import Board, Change, Opening, event
from queue_service.events import floor
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import VisitNow
from queue_service.floor.line import Range
from queue_service.model.booking import Part
from queue_service.model.ids import CounterKey, ServiceCode, VisitId
from queue_service.model.office import Counter, Office, Place, Service
from queue_service.model.visit import NeedClass, VisitState

START = datetime(2026, 11, 23, 8, 30, tzinfo=ZoneInfo("Europe/Berlin"))
OFFICE = Office(
    slug="heidelberg",
    authority="heidelberg",
    name={"de": "Ausländerbehörde Heidelberg", "en": "Heidelberg immigration office"},
    zone="Europe/Berlin",
    land="BW",
    ags="08221000",
    place=Place("Bergheimer Straße 69", "69115", "Heidelberg"),
    languages=("de", "en", "ar"),
    services=(),
    counters=tuple(
        Counter(CounterKey(str(n)), {"de": f"Schalter {n}"}, (ServiceCode("PICK"),))
        for n in range(1, 5)
    ),
    limits=(),
    hours=(),
)
OPEN = Opening(open=True)


def visit(number: int, **changes: object) -> VisitNow:
    """Somebody who waits under number A100 + `number`."""
    waiting = VisitNow(
        id=VisitId(UUID(int=number)),
        number=f"A{100 + number}",
        state=VisitState.WAITING,
        need=NeedClass.WALK_IN,
        parts=(Part(ServiceCode("PICK"), 1),),
        language="ar",
        arrived=START,
        due=START,
    )
    return msgspec.structs.replace(waiting, **changes)


def called(number: int, counter: str, minute: int, calls: int = 1) -> VisitNow:
    """Somebody who is called to `counter` that many minutes after the start."""
    return visit(
        number,
        state=VisitState.CALLED,
        counter=CounterKey(counter),
        called_at=START + timedelta(minutes=minute),
        calls=calls,
    )


def shown(board: Board, at: datetime = START + timedelta(hours=2)) -> list[tuple[str, str]]:
    """Number and counter of each row, newest first."""
    return [(r.number, r.counter) for r in board.public(OFFICE, at, 1.0, OPEN).rows]


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["call", "recall", "missed", "finish", "undo"]),
        st.integers(1, 6),
    ),
    max_size=40,
)


class Day:
    """A small day that keeps rows as the store would and tells what happened as a journal does."""

    def __init__(self) -> None:
        self.rows = {n: visit(n) for n in range(1, 7)}
        self.journal: list[tuple[int, AnyFact]] = []
        self.told: list[tuple[int, VisitNow]] = []

    def act(self, what: str, number: int) -> None:
        """Do it if it makes sense for that person now, else leave everything alone."""
        before = self.rows[number]
        minute = len(self.journal) + 1
        is_called = before.state is VisitState.CALLED
        match what:
            case "call" if before.state is VisitState.WAITING:
                after = called(number, str(number % 4 + 1), minute, before.calls + 1)
                self._tell(number, after, floor.Called(visits=(after,)))
            case "recall" if is_called:
                after = msgspec.structs.replace(
                    before,
                    calls=before.calls + 1,
                    called_at=START + timedelta(minutes=minute),
                )
                self._tell(number, after, floor.Recalled(visits=(after,)))
            case "missed" if is_called:
                state = VisitState.WAITING if before.calls < 3 else VisitState.MISSED
                after = msgspec.structs.replace(before, state=state, counter=None)
                self._tell(number, after, floor.Missed(visits=(after,)))
            case "finish" if is_called:
                after = msgspec.structs.replace(before, state=VisitState.FINISHED)
                self._tell(number, after, floor.Finished(visits=(after,)))
            case "undo" if self.told:
                last, restored = self.told[-1]
                self._tell(last, restored, floor.Undone(visits=(restored,)))
            case _:
                pass

    def _tell(self, number: int, after: VisitNow, fact: AnyFact) -> None:
        self.told.append((number, self.rows[number]))
        self.rows[number] = after
        self.journal.append((len(self.journal) + 1, fact))


@given(ACTS)
def test_the_fold_of_the_journal_is_the_board_loaded_from_the_rows(
    acts: list[tuple[str, int]],
) -> None:
    day, board = Day(), Board.load((), 0)
    for what, number in acts:
        day.act(what, number)
    for seq, fact in day.journal:
        board = board.apply(seq, fact)
    assert board == Board.load(day.rows.values(), len(day.journal))


@given(ACTS, st.integers(0, 40))
def test_a_screen_that_folds_the_events_onto_an_old_snapshot_shows_the_board(
    acts: list[tuple[str, int]], cut: int
) -> None:
    day, board = Day(), Board()
    screen: dict[str, tuple[datetime, str]] = {}
    for what, number in acts:
        day.act(what, number)
    for seq, fact in day.journal:
        board = board.apply(seq, fact)
        if seq == min(cut, len(day.journal)):
            rows = board.public(OFFICE, START, 1.0, OPEN).rows
            screen = {row.number: (row.called_at, row.counter) for row in rows}
        elif told := event(fact, OFFICE):
            for taken in told[1].gone:
                screen.pop(taken, None)
            screen |= {row.number: (row.called_at, row.counter) for row in told[1].rows}
    newest_first = sorted(screen, key=lambda seen: (screen[seen][0], seen), reverse=True)
    assert [(seen, screen[seen][1]) for seen in newest_first] == shown(board)


@given(ACTS)
def test_hearing_an_entry_twice_changes_nothing(acts: list[tuple[str, int]]) -> None:
    day, once, twice = Day(), Board(), Board()
    for what, number in acts:
        day.act(what, number)
    for seq, fact in day.journal:
        once = once.apply(seq, fact)
        twice = twice.apply(seq, fact).apply(seq, fact)
    assert once == twice


def test_the_newest_call_stands_on_top() -> None:
    board = Board.load([called(1, "3", 1), called(2, "1", 5), visit(3)], 9)
    assert shown(board) == [("A102", "1"), ("A101", "3")]


@pytest.mark.parametrize("end", [VisitState.FINISHED, VisitState.MISSED, VisitState.WAITING])
def test_a_call_leaves_when_it_is_over_and_undo_brings_it_back(end: VisitState) -> None:
    there = called(1, "3", 1)
    over = msgspec.structs.replace(there, state=end)
    board = Board.load([there], 1).apply(2, floor.Finished(visits=(over,)))
    assert shown(board) == []
    assert shown(board.apply(3, floor.Undone(visits=(there,)))) == [("A101", "3")]


def test_undoing_a_call_takes_it_off_the_board() -> None:
    board = Board.load([called(1, "3", 1)], 1).apply(2, floor.Undone(visits=(visit(1),)))
    assert shown(board) == []


def test_calls_of_yesterday_are_not_shown() -> None:
    board = Board.load([called(1, "3", 1)], 1)
    assert shown(board, START + timedelta(days=1)) == []


def test_the_snapshot_holds_nothing_but_numbers_counters_and_times() -> None:
    board = Board.load([called(1, "3", 1, calls=2)], 7)
    public = msgspec.to_builtins(board.public(OFFICE, START.astimezone(UTC), 1.0, OPEN))
    assert public["seq"] == 7
    assert public["rows"][0].keys() == {
        "number",
        "counter",
        "counter_name",
        "called_at",
        "calls",
    }
    assert public["rows"][0]["counter_name"] == "Schalter 3"
    text = str(public)
    assert "PICK" not in text
    assert "walk_in" not in text
    assert "'ar'" not in text


def test_only_a_call_rings() -> None:
    there = called(1, "3", 1)
    gone = visit(1)
    assert event(floor.Called(visits=(there,)), OFFICE) == (
        "call",
        Change(Board.load([there], 1).public(OFFICE, START, 1.0, OPEN).rows),
    )
    assert (event(floor.Recalled(visits=(there,)), OFFICE) or ("",))[0] == "call"
    assert (event(floor.Undone(visits=(there,)), OFFICE) or ("",))[0] == "back"
    assert event(floor.Missed(visits=(gone,)), OFFICE) == (
        "gone",
        Change(gone=("A101",)),
    )


def test_an_arrival_means_nothing_to_the_board() -> None:
    assert event(floor.CheckedIn(visits=(visit(1),)), OFFICE) is None


def test_waits_are_told_by_service_and_language_as_long_as_somebody_knows_them() -> None:
    short = {"de": "Abholung", "en": "Collection", "ar": "استلام"}
    services = (
        Service(ServiceCode("PICK"), {"de": "Abholung des Titels"}, 10, 5, "pick", short=short),
        Service(ServiceCode("BIO"), {"de": "Fingerabdrücke, Foto, Unterschrift"}, 10, 5, "bio"),
        Service(ServiceCode("HELP"), {"de": "Notfall"}, 10, 5, "help", emergency=True),
        Service(ServiceCode("PAY"), {"de": "Gebühr"}, 10, 5, "pay", walk_in=False),
    )
    office = msgspec.structs.replace(OFFICE, services=services)
    told = words.waits(office, lambda _: Range(5, 10))
    assert [(line.lang, line.dir) for line in told] == [("de", "ltr"), ("en", "ltr"), ("ar", "rtl")]
    assert [line.text.replace("\u2060", "") for line in told] == [
        "Abholung: 5–10 Min. warten",
        "Collection: 5–10 min wait",
        "استلام: انتظار \u20665–10\u2069 د",
    ]
    assert words.waits(office, lambda _: None) == []
