"""Desks over HTTP: call, call again, absent, done, undo; nobody is called twice, boards follow."""

import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import takewhile

import httpx
import pytest

from queue_service.rights import Role
from tests.city import BEGIN, set_clocks
from tests.served import Event, Hall, ask, events, instant, soon

BOARD = "/api/v1/displays/heidelberg.board-1/board"
STREAM = "/api/v1/displays/heidelberg.board-1/stream"


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


def board(hall: Hall) -> dict[str, str]:
    return {row["number"]: row["counter"] for row in hall.anyone.get(BOARD).json()["rows"]}


def test_next_says_who_and_why(hall: Hall) -> None:
    first = hall.walk_in()
    hall.walk_in()
    shown = hall.press("1")
    desk = shown.json()
    assert shown.status_code == 200
    assert desk["counter"] == "heidelberg.1"
    assert desk["current"]["number"] == first["number"]
    assert desk["current"]["service_name"] == "Collect your residence permit card (eAT)"
    assert desk["current"]["language"] == "ar"
    assert desk["current"]["text"]
    assert desk["current"]["why"]["target_minutes"] == 60
    assert desk["waiting_count"] == 1
    assert desk["undo"]["visit"] == desk["current"]["visit"]
    assert instant(desk["undo"]["until"]) > instant(desk["now"])


def test_an_occupied_desk_and_an_empty_hall_say_so(hall: Hall) -> None:
    empty = hall.press("1")
    assert (empty.status_code, empty.json()["code"]) == (409, "nobody_waiting")
    hall.walk_in()
    number = hall.press("1").json()["current"]["number"]
    occupied = hall.press("1")
    assert (occupied.status_code, occupied.json()["code"]) == (409, "counter_occupied")
    assert occupied.json()["number"] == number


def test_an_emergency_goes_first_and_only_to_who_can_serve_it(hall: Hall) -> None:
    hall.walk_in("TRAN")
    emergency = hall.walk_in("EMER")
    set_clocks(hall.served.city, BEGIN + timedelta(minutes=10))
    assert hall.press("1").json()["code"] == "nobody_waiting"
    assert hall.press("5").json()["current"]["number"] == emergency["number"]


def test_sixteen_desks_at_once_call_sixteen_people(stuttgart: Hall) -> None:
    counters = stuttgart.anyone.get("/api/v1/offices/stuttgart").json()["counters"]
    skills = Counter(skill for counter in counters for skill in counter["skills"])
    service = skills.most_common(1)[0][0]
    desks = [c["counter"].partition(".")[2] for c in counters if service in c["skills"]]
    waiting = [stuttgart.walk_in(service)["number"] for _ in range(len(desks) + 2)]
    stuttgart.staff()
    with ThreadPoolExecutor(16) as pool:
        presses = [desks[n % len(desks)] for n in range(16)]
        answers = list(pool.map(stuttgart.press, presses))
    called = [a.json()["current"]["number"] for a in answers if a.status_code == 200]
    refused = {a.json()["code"] for a in answers if a.status_code != 200}
    assert len(called) == len(set(called)) == min(16, len(desks))
    assert set(called) <= set(waiting)
    assert refused <= {"counter_occupied"}
    rows = ask(
        stuttgart.served.city,
        "select count(*) from journal j join office o on o.id = j.office"
        " where o.slug = 'stuttgart' and j.tag = 'called'",
    )
    assert rows[0][0] == len(called)


def test_call_by_number_needs_somebody_who_waits(hall: Hall) -> None:
    hall.walk_in()
    second = hall.walk_in()
    path = "/api/v1/desks/heidelberg.2/call"
    number = second["number"].lower()
    shown = hall.staff().post(path, json={"number": f" {number} ", "reason": "children"})
    assert shown.json()["current"]["number"] == second["number"]
    again = hall.staff().post("/api/v1/desks/heidelberg.3/call", json={"number": number})
    assert again.status_code == 409
    assert again.json()["code"] in ("not_waiting", "unknown_visit")
    unknown = hall.staff().post("/api/v1/desks/heidelberg.3/call", json={"number": "X000"})
    assert unknown.status_code in (404, 409)


def test_calling_again_counts_and_stays(hall: Hall) -> None:
    hall.walk_in()
    visit = hall.press("1").json()["current"]["visit"]
    shown = hall.on_visit(visit, "recall?counter=heidelberg.1").json()
    assert shown["current"]["calls"] == 2
    assert shown["current"]["visit"] == visit


def test_who_is_absent_goes_back_and_is_missed_after_three_calls(hall: Hall) -> None:
    ticket = hall.walk_in()["ticket"]
    for waiting in (1, 1, 0):
        visit = hall.press("1").json()["current"]["visit"]
        shown = hall.on_visit(visit, "missed").json()
        assert shown["current"] is None
        assert shown["waiting_count"] == waiting
    assert hall.anyone.get(f"/api/v1/tickets/{ticket}").json()["state"] == "missed"


@pytest.mark.parametrize("act", ["next", "recall", "missed", "finish"])
def test_everything_can_be_taken_back(hall: Hall, act: str) -> None:
    number = hall.walk_in()["number"]
    before = hall.press("1").json()
    visit = before["current"]["visit"]
    if act != "next":
        before = hall.on_visit(visit, act).json()
    undone = hall.on_visit(visit, "undo")
    assert undone.status_code == 200, undone.text
    shown = undone.json()
    if act == "next":
        assert shown["current"] is None
        assert [each["number"] for each in shown["waiting"]] == [number]
        assert number not in board(hall)
    else:
        assert shown["current"]["number"] == number
        assert shown["current"]["calls"] == 1
        assert board(hall)[number] == "1"
    twice = hall.on_visit(visit, "undo")
    assert twice.status_code == 409
    assert twice.json()["code"] == "nothing_to_undo"


def test_an_old_screen_does_nothing_when_somebody_else_went_on(hall: Hall) -> None:
    hall.walk_in()
    visit = hall.press("1").json()["current"]["visit"]
    hall.on_visit(visit, "missed")
    other = hall.press("2").json()
    assert other["current"]["visit"] == visit
    for act in ("start", "recall", "missed", "finish"):
        old = hall.on_visit(visit, f"{act}?counter=heidelberg.1")
        assert (old.status_code, old.json()["code"]) == (409, "not_at_this_counter")
        page = hall.staff().post(f"/en/desk/heidelberg.1/{act}", data={"visit": visit})
        assert page.headers["location"].endswith("?sorry=not_at_this_counter")
    for nowhere in ("heidelberg.99", "stuttgart.1"):
        unknown = hall.on_visit(visit, f"finish?counter={nowhere}")
        assert unknown.json()["code"] == "unknown_counter"
    assert hall.staff().get("/api/v1/desks/heidelberg.2").json()["seq"] == other["seq"]
    hall.on_visit(visit, "undo")
    assert hall.staff().get("/api/v1/desks/heidelberg.2").json()["current"] is None
    assert hall.staff().get("/api/v1/desks/heidelberg.1").json()["current"] is None


@pytest.mark.parametrize("act", ["next", "recall", "missed", "finish", "undo"])
def test_pressing_twice_under_one_key_does_it_once(hall: Hall, act: str) -> None:
    hall.walk_in()
    if act == "next":
        path = "/api/v1/desks/heidelberg.1/next"
    else:
        path = f"/api/v1/visits/{hall.press('1').json()['current']['visit']}/{act}"
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first, again = (hall.staff().post(path, headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 200, again.text
    assert first.json()["seq"] == again.json()["seq"]
    assert first.json()["current"] == again.json()["current"]


def test_what_is_not_there_is_said(hall: Hall) -> None:
    clerk = hall.staff()
    for path, code in (
        ("/api/v1/desks/heidelberg.99/next", "unknown_counter"),
        (f"/api/v1/visits/heidelberg.{uuid.uuid4()}/finish", "unknown_visit"),
        ("/api/v1/visits/heidelberg.nonsense/finish", "unknown_visit"),
    ):
        answer = clerk.post(path)
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert hall.anyone.get("/api/v1/displays/nowhere.board-1/board").status_code == 404
    assert hall.anyone.get("/api/v1/displays/board/board").status_code == 404


# Board


def test_the_board_shows_number_and_counter_and_nothing_else(hall: Hall) -> None:
    booking = hall.book_soon()
    number = hall.kiosk.post("/api/v1/kiosk/check-ins", json={"code": booking["code"]}).json()[
        "number"
    ]
    hall.press("1")
    said = hall.anyone.get(BOARD)
    (row,) = said.json()["rows"]
    assert set(row) == {"number", "counter", "counter_name", "called_at", "calls"}
    assert (row["number"], row["counter"], row["counter_name"]) == (number, "1", "Schalter 1")
    assert said.headers["cache-control"] == "no-store"
    for secret in (booking["name"], booking["code"], "PICK", "booking"):
        assert secret not in said.text


def told(stream: Iterator[Event], seq: int) -> list[Event]:
    """What comes with a number up to `seq`."""
    found: list[Event] = []
    for event in stream:
        if event.id is not None:
            found.append(event)
        if event.id == seq:
            return found
    raise AssertionError("the stream ended")


def test_the_stream_tells_what_the_board_shows(hall: Hall) -> None:
    somebody, other = hall.walk_in(), hall.walk_in()
    seq = hall.anyone.get(BOARD).json()["seq"]
    with events(hall.anyone, f"{STREAM}?after={seq}") as stream:
        first = next(stream)
        assert (first.name, first.id) == ("heartbeat", None)
        assert first.data["rate"] == 1.0
        assert instant(first.data["now"])
        visit = hall.press("1").json()["current"]["visit"]
        hall.press("2")
        hall.on_visit(visit, "recall")
        last = hall.on_visit(visit, "finish").json()["seq"]
        seen = told(stream, last)
    assert [event.name for event in seen] == ["call", "call", "call", "gone"]
    ids = [event.id for event in seen]
    assert ids == sorted(set(ids))
    assert ids[0] == seq + 1
    assert seen[0].data["rows"][0]["number"] == somebody["number"]
    assert seen[2].data["rows"][0]["calls"] == 2
    assert seen[3].data == {"rows": [], "gone": [somebody["number"]]}
    assert board(hall) == {other["number"]: "2"}


def test_a_screen_that_was_away_is_told_what_it_missed(hall: Hall) -> None:
    hall.walk_in()
    seq = hall.anyone.get(BOARD).json()["seq"]
    visit = hall.press("1").json()["current"]["visit"]
    last = hall.on_visit(visit, "finish").json()["seq"]
    soon(lambda: hall.anyone.get(BOARD).json()["seq"], lambda now: now >= last)
    ways: tuple[tuple[str, dict[str, str]], ...] = (
        (f"{STREAM}?after={seq}", {}),
        (STREAM, {"Last-Event-ID": str(seq)}),
        (f"{STREAM}?after=1", {"Last-Event-ID": str(seq)}),
        (f"{STREAM}?after={seq}", {"Last-Event-ID": "1"}),
        (f"{STREAM}?after={seq}", {"Last-Event-ID": "nonsense"}),
    )
    for path, headers in ways:
        with events(hall.anyone, path, **headers) as stream:
            missed = list(takewhile(lambda event: event.name != "heartbeat", stream))
        assert [(event.name, event.id) for event in missed] == [("call", last - 1), ("gone", last)]


@pytest.mark.parametrize("after", ["", "?after=999999999", "?after=9223372036854775808"])
def test_an_impossible_number_gets_the_whole_board(hall: Hall, after: str) -> None:
    number = hall.walk_in()["number"]
    hall.press("1")
    soon(lambda: board(hall), lambda rows: number in rows)
    with events(hall.anyone, f"{STREAM}{after}") as stream:
        first = next(stream)
    assert first.name == "snapshot"
    assert first.id == first.data["seq"]
    assert [row["number"] for row in first.data["rows"]] == [number]


def test_a_desk_hears_of_every_change(hall: Hall) -> None:
    with events(hall.staff(), "/api/v1/desks/heidelberg.1/stream") as stream:
        assert next(stream).data["waiting_count"] == 0
        number = hall.walk_in()["number"]
        state = next(e for e in stream if e.name == "state")
        assert [each["number"] for each in state.data["waiting"]] == [number]


def test_streams_do_not_linger_in_caches(hall: Hall) -> None:
    with hall.anyone.stream("GET", STREAM) as answer:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in answer.headers


def test_who_may_not_see_a_desk_does_not(hall: Hall, stuttgart: Hall) -> None:
    def status(somebody: httpx.Client, path: str) -> int:
        with somebody.stream("GET", path) as answer:
            return answer.status_code

    for path in ("/api/v1/desks/heidelberg.1", "/api/v1/desks/heidelberg.1/stream"):
        assert status(hall.anyone, path) == 401
        assert status(hall.kiosk, path) == 403
        assert status(hall.staff(Role.GUIDE), path) == 403
        assert status(stuttgart.staff(), path) == 403
