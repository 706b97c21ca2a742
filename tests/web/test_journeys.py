"""Journeys over HTTP: stations, away and back, hands, states of counters; who may do what."""

from collections.abc import Iterator

import httpx
import pytest

from queue_service.rights import Role
from tests.served import Hall
from tests.web.shapes import shaped

BOARD = "/api/v1/displays/heidelberg.board-1/board"


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> Iterator[None]:
    hall.clear()
    yield
    hall.clear()


def act(hall: Hall, visit: str, name: str, role: str = "clerk", **body: object) -> httpx.Response:
    return hall.staff(role).post(f"/api/v1/visits/{visit}/{name}", json=body or None)


def numbers(hall: Hall) -> set[str]:
    return {row["number"] for row in hall.anyone.get(BOARD).json()["rows"]}


def called(hall: Hall, counter: str = "1", service: str = "PICK") -> str:
    hall.walk_in(service)
    return str(hall.press(counter).json()["current"]["visit"])


def test_the_board_lets_a_number_go_when_its_owner_has_come(hall: Hall) -> None:
    visit = called(hall)
    [number] = numbers(hall)
    desk = shaped("POST /visits/{visit}/start", act(hall, visit, "start"))
    assert desk["current"]["state"] == "serving"
    assert desk["undo"]["act"] == "started"
    assert numbers(hall) == set()
    act(hall, visit, "undo")
    assert numbers(hall) == {number}


def test_away_and_back_to_where_they_stood(hall: Hall) -> None:
    visit = called(hall)
    away = shaped("POST /visits/{visit}/park", act(hall, visit, "park", reason="papers"))
    assert away["current"] is None
    assert [p["visit"] for p in away["parked"]] == [visit]
    assert hall.press("1").json()["code"] == "nobody_waiting"
    shaped("POST /visits/{visit}/resume", act(hall, visit, "resume"))
    assert act(hall, visit, "resume").json()["code"] == "not_parked"
    again = hall.press("1").json()["current"]
    assert (again["visit"], again["why"]["code"]) == (visit, "returned")
    assert again["text"]
    assert act(hall, visit, "park", reason="bored").status_code == 422


def test_to_another_counter_with_a_sentence_for_colleagues_only(hall: Hall) -> None:
    visit = called(hall)
    sent = act(hall, visit, "forward", to="5", sentence="Bringt den Pass morgen.")
    shaped("POST /visits/{visit}/forward", sent)
    assert hall.press("1").json()["code"] == "nobody_waiting"
    there = hall.press("5").json()["current"]
    assert (there["visit"], there["why"]["code"]) == (visit, "handed_to_you")
    left = hall.staff().get(f"/api/v1/visits/{visit}/notes")
    said = shaped("GET /visits/{visit}/notes", left)["notes"]
    assert [note["text"] for note in said] == ["Bringt den Pass morgen."]
    for nobody in (hall.kiosk, hall.anyone, hall.staff("guide")):
        assert nobody.get(f"/api/v1/visits/{visit}/notes").status_code in (401, 403)
    assert act(hall, visit, "forward").json()["code"] == "invalid"
    assert act(hall, visit, "forward", to="99").json()["code"] == "unknown_counter"
    assert act(hall, visit, "forward", step="papers").status_code == 200


def test_an_interview_goes_through_the_station_and_the_cashier(hall: Hall) -> None:
    hall.walk_in("TRAN")
    assert hall.press("8").json()["code"] == "nobody_waiting"
    first = hall.press("5").json()["current"]
    assert first["here"] == [{"service": "TRAN", "step": "case_worker"}]
    assert first["later"] == [{"service": "TRAN", "step": "fee"}]
    hall.on_visit(first["visit"], "finish")
    cashier = hall.press("8").json()["current"]
    assert (cashier["visit"], cashier["number"]) == (first["visit"], first["number"])
    hall.on_visit(first["visit"], "finish")
    assert hall.press("8").json()["code"] == "nobody_waiting"


def test_one_more_service_and_marks(hall: Hall) -> None:
    visit = called(hall)
    more = shaped("POST /visits/{visit}/add", act(hall, visit, "add", service="DOCS", persons=2))
    assert more["current"]["services"] == ["PICK", "DOCS"]
    assert act(hall, visit, "add", service="NONE").json()["code"] == "unknown_service"
    assert act(hall, visit, "add", service="DOCS", persons=7).json()["code"] == "too_many_persons"
    marked = act(hall, visit, "mark", "guide", aids=["hearing"], language="uk")
    assert shaped("POST /visits/{visit}/mark", marked)["state"] == "called"
    desk = hall.staff().get("/api/v1/desks/heidelberg.1").json()
    assert (desk["current"]["aids"], desk["current"]["language"]) == (["hearing"], "uk")
    assert act(hall, visit, "mark", language="xx").json()["code"] == "invalid"


def test_an_emergency_is_handed_over_accepted_and_passed(hall: Hall) -> None:
    hall.walk_in()
    visit = hall.staff().get("/api/v1/desks/heidelberg.1").json()["waiting"][0]["visit"]
    nobody = act(hall, visit, "hand-over", "guide", to=999_999)
    assert (nobody.json()["code"], nobody.json()["field"]) == ("invalid", "to")
    given = act(hall, visit, "hand-over", "guide", sentence="Flug heute.")
    assert shaped("POST /visits/{visit}/hand-over", given)["need"] == "emergency"
    seen = hall.staff("case_worker").get("/api/v1/offices/heidelberg/hands")
    [hand] = shaped("GET /offices/{office}/hands", seen)["hands"]
    assert (hand["visit"], hand["overdue"], hand["sentence"]) == (visit, False, "Flug heute.")
    assert act(hall, visit, "accept", counter="heidelberg.5").status_code == 403
    passed = act(hall, visit, "pass", "case_worker")
    shaped("POST /visits/{visit}/pass", passed)
    taken = act(hall, visit, "accept", "manager", counter="heidelberg.6")
    assert shaped("POST /visits/{visit}/accept", taken)["current"]["visit"] == visit
    assert act(hall, visit, "accept", "manager", counter="heidelberg.5").json()["code"] == (
        "not_handed"
    )
    assert len(numbers(hall)) == 1


def test_who_stands_at_the_counter_is_served_without_a_call(hall: Hall) -> None:
    hall.walk_in()
    number = hall.walk_in()["number"]
    path = "/api/v1/desks/heidelberg.1/serve"
    desk = shaped("POST /desks/{counter}/serve", hall.staff().post(path, json={"number": number}))
    assert (desk["current"]["number"], desk["current"]["state"]) == (number, "serving")
    assert numbers(hall) == set()


def test_a_counter_on_a_break_calls_nobody_until_it_is_taken_back(hall: Hall) -> None:
    hall.walk_in()
    desk = "/api/v1/desks/heidelberg.2"
    paused = hall.staff().put(f"{desk}/state", json={"state": "break"})
    assert shaped("PUT /desks/{counter}/state", paused)["state"] == "break"
    refused = hall.press("2")
    assert (refused.status_code, refused.json()["code"]) == (409, "desk_not_open")
    assert refused.json()["next_step"]
    undone = hall.staff().post(f"{desk}/undo")
    assert shaped("POST /desks/{counter}/undo", undone)["state"] == "open"
    assert hall.press("2").status_code == 200
    assert hall.staff().put(f"{desk}/state", json={"state": "asleep"}).status_code == 422


@pytest.mark.parametrize("role", [Role.GUIDE, Role.MANAGER])
def test_guides_mark_and_hand_over_but_neither_call_nor_close(hall: Hall, role: Role) -> None:
    visit = called(hall)
    may = role is Role.MANAGER
    for name, body in (("start", {}), ("park", {"reason": "photo"}), ("resume", {})):
        assert act(hall, visit, name, role, **body).is_success is may
    state = hall.staff(role).put("/api/v1/desks/heidelberg.3/state", json={"state": "open"})
    assert state.is_success is may
