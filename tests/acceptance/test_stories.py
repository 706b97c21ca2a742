"""Stories of the first issue at the size of a test: many screens, two processes, cut lines."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from tests.city import City, Served, serving
from tests.served import Event, Hall, client, events, hall_of, soon

BOARD = "/api/v1/displays/heidelberg.board-1/board"
STREAM = "/api/v1/displays/heidelberg.board-1/stream"
SCREENS = 10
DESKS = ("1", "2", "3", "4")
SERVED_EACH = 3
CHANGES = len(DESKS) * SERVED_EACH * 3 + 1
"""Called, called again and gone, each; then one more call."""


@pytest.fixture(scope="module")
def hall(module_city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """Heidelberg, served by two processes."""
    folder = tmp_path_factory.mktemp("served")
    with serving(module_city, folder, workers=2) as served, hall_of(served) as made:
        yield made


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


def fold(rows: list[dict[str, Any]], event: Event) -> list[dict[str, Any]]:
    """What a screen shows after an event."""
    if event.name == "snapshot":
        return list(event.data["rows"])
    away = {*event.data["gone"], *(row["number"] for row in event.data["rows"])}
    kept = [row for row in rows if row["number"] not in away]
    return sorted(
        [*kept, *event.data["rows"]], key=lambda r: (r["called_at"], r["number"]), reverse=True
    )


class Screen(threading.Thread):
    """A screen that hears so many changes; one that `stumbles` loses its line again and again.

    It comes back as browsers do: by the number it heard last.
    """

    def __init__(self, served: Served, after: int, changes: int, *, stumbles: bool) -> None:
        super().__init__(daemon=True)
        self.heard: list[Event] = []
        self._served = served
        self._after = after
        self._changes = changes
        self._most = 3 if stumbles else changes

    def run(self) -> None:
        """Listen, with a connection of its own each time."""
        at = self._after
        while len(self.heard) < self._changes:
            with (
                client(self._served) as somebody,
                events(somebody, STREAM, **{"Last-Event-ID": str(at)}) as stream,
            ):
                changes = (event for event in stream if event.id is not None)
                most = min(self._most, self._changes - len(self.heard))
                self.heard += itertools.islice(changes, most)
            at = self.heard[-1].id or at


def busy_hour(hall: Hall) -> int:
    """Call, call again and serve twelve people at four desks; the journal's number after."""
    for _ in range(len(DESKS) * SERVED_EACH):
        hall.walk_in()
    hall.staff()

    def serve(counter: str) -> int:
        last = 0
        for _ in range(SERVED_EACH):
            visit = hall.press(counter).json()["current"]["visit"]
            hall.on_visit(visit, "recall")
            last = int(hall.on_visit(visit, "finish").json()["seq"])
        return last

    with ThreadPoolExecutor(len(DESKS)) as pool:
        return max(pool.map(serve, DESKS))


def test_ten_screens_tell_the_same_story_however_often_their_line_is_cut(hall: Hall) -> None:
    before = hall.anyone.get(BOARD).json()
    screens = [
        Screen(hall.served, before["seq"], CHANGES, stumbles=n % 2 == 0) for n in range(SCREENS)
    ]
    for screen in screens:
        screen.start()
    busy_hour(hall)
    hall.walk_in()
    final = int(hall.press("1").json()["seq"])
    for screen in screens:
        screen.join(60)
        assert not screen.is_alive(), f"{len(screen.heard)} of {CHANGES} heard"
    board = soon(lambda: hall.anyone.get(BOARD).json(), lambda said: said["seq"] >= final)
    for screen in screens:
        ids = [event.id for event in screen.heard]
        assert ids == sorted(set(ids)), "in order, none twice"
        assert ids[-1] == final, "none lost"
        rows: list[dict[str, Any]] = before["rows"]
        for event in screen.heard:
            rows = fold(rows, event)
        assert rows == board["rows"]


def test_what_one_process_did_the_other_shows(hall: Hall) -> None:
    """Each request has a connection of its own, so that both processes are asked."""
    number = hall.walk_in()["number"]
    hall.press("1")

    def shown() -> list[str]:
        with client(hall.served) as somebody:
            return [row["number"] for row in somebody.get(BOARD).json()["rows"]]

    for _ in range(8):
        soon(shown, lambda numbers: numbers == [number])


@pytest.mark.parametrize("places", [1, 3])
def test_a_hundred_want_the_last_places(hall: Hall, places: int) -> None:
    service = {1: "LOSS", 3: "PICK"}[places]
    start = hall.free(service)[0]

    def want(_: int) -> tuple[int, str]:
        with client(hall.served) as somebody:
            wish = {"services": [{"service": service}], "start": start}
            held = somebody.post("/api/v1/offices/heidelberg/holds", json=wish)
            if held.status_code != 201:
                assert held.json()["alternatives"]
                return held.status_code, str(held.json()["code"])
            return hall.confirm(held.json()).status_code, "booked"

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(want, range(100)))
    assert answers.count((201, "booked")) == places
    assert answers.count((409, "slot_full")) == 100 - places


def test_repeating_every_step_of_a_visit_changes_nothing(hall: Hall) -> None:
    """A phone, a kiosk and a desk on bad lines: each POST is sent three times under its key."""

    def thrice(somebody: Any, path: str, key: str, **more: Any) -> Any:
        with ExitStack() as stack:
            headers = {**somebody.headers, "Idempotency-Key": key, **more.pop("headers", {})}
            lines = [stack.enter_context(client(hall.served)) for _ in range(3)]
            answers = [line.post(path, headers=headers, **more) for line in lines]
        said = [answer.json() for answer in answers]
        assert [answer.status_code for answer in answers] == [answers[0].status_code] * 3, said
        assert answers[0].status_code < 300, said
        return said

    wish = {"services": [{"service": "PICK"}], "start": hall.free()[0]}
    held = thrice(hall.anyone, "/api/v1/offices/heidelberg/holds", "hold", json=wish)
    assert held[0] == held[1] == held[2]
    own = {"Authorization": f"Bearer {held[0]['secret']}"}
    longer = thrice(hall.anyone, f"/api/v1/holds/{held[0]['hold']}/extend", "extend", headers=own)
    assert longer[0] == longer[1] == longer[2]
    told = {
        "hold": held[0]["hold"],
        "secret": held[0]["secret"],
        "applicant": {"name": "Bad Line", "email": "bad@example.org"},
    }
    booked = thrice(hall.anyone, "/api/v1/bookings", "book", json=told)
    assert booked[0] == booked[1] == booked[2]
    move = f"/api/v1/bookings/{booked[0]['code']}/move"
    moved = thrice(hall.anyone, move, "move", json={"start": hall.free()[3]}, headers=own)
    assert moved[0] == moved[1] == moved[2]
    code = {"code": hall.book_soon()["code"]}
    arrived = thrice(hall.kiosk, "/api/v1/kiosk/check-ins", "arrive", json=code)
    assert {each["number"] for each in arrived} == {arrived[0]["number"]}
    clerk = hall.staff()
    called = thrice(clerk, "/api/v1/desks/heidelberg.1/next", "call")
    assert {each["current"]["number"] for each in called} == {arrived[0]["number"]}
    assert {each["current"]["calls"] for each in called} == {1}
    visit = f"/api/v1/visits/{called[0]['current']['visit']}"
    again = thrice(clerk, f"{visit}/recall", "again")
    assert {each["current"]["calls"] for each in again} == {2}
    done = thrice(clerk, f"{visit}/finish", "done")
    assert [each["current"] for each in done] == [None] * 3
