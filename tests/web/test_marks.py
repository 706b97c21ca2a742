"""What desks note about whoever is there, and how urgent triage found it: for staff alone."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.served import Hall, client
from tests.web.shapes import shaped

BOARD = "/api/v1/displays/heidelberg.board-1/board"
CHECK_IN = "/api/v1/kiosk/check-ins"
DESK = "/en/desk/heidelberg.5"


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


@pytest.fixture
def clerk(hall: Hall) -> httpx.Client:
    """A case worker's browser without scripts, at counter 5."""
    browser = hall.client()
    browser.cookies.set("queue_staff", hall.token("case_worker"))
    browser.follow_redirects = True
    return browser


def urgent(hall: Hall, urgency: str, credential: str, service: str = "EMER") -> httpx.Response:
    wish = {"walk_in": {"service": service, "language": "en", "urgency": urgency}}
    with client(hall.served, credential) as device:
        return device.post(CHECK_IN, json=wish)


def at_desk(hall: Hall, counter: str = "5") -> dict[str, Any]:
    desk = shaped("GET /desks/{counter}", hall.staff().get(f"/api/v1/desks/heidelberg.{counter}"))
    return dict(desk["current"] or desk["waiting"][0])


def ticked(page: str) -> set[str]:
    """The boxes that are ticked and the choices made, as a page without scripts shows them."""
    boxes = re.findall(r'name="aid"[^>]*value="(\w+)" checked', page)
    return {*boxes, *re.findall(r'<option[^>]*value="(\w+)" selected', page)}


def test_a_desk_marks_and_takes_it_back_without_a_script(hall: Hall, clerk: httpx.Client) -> None:
    hall.walk_in()
    desk = "/en/desk/heidelberg.1"
    shown = clerk.post(f"{desk}/next", data={"idempotency_key": str(uuid4())}).text
    assert ticked(shown) == {"usual", "ar"}
    visit = re.findall(r'name="visit" value="([\w.-]+)"', shown)[0]
    said = {"visit": visit, "aid": ["hearing", "wheelchair"], "need": "N2", "language": "uk"}
    marked = clerk.post(f"{desk}/mark", data={**said, "idempotency_key": str(uuid4())}).text
    assert ticked(marked) == {"hearing", "wheelchair", "N2", "uk"}
    assert "N2: work, training or benefits at risk" in marked
    assert "hears badly" in marked
    undone = clerk.post(f"{desk}/undo", data={"visit": visit}).text
    assert ticked(undone) == {"usual", "ar"}


def test_who_is_no_emergency_after_all_loses_the_class(hall: Hall, clerk: httpx.Client) -> None:
    assert urgent(hall, "N3", hall.links.kiosk.key).status_code == 201
    visit = str(hall.press("5", role="case_worker").json()["current"]["visit"])
    kept = clerk.post(f"{DESK}/mark", data={"visit": visit, "need": "N3"}).text
    assert ticked(kept) == {"N3", "en"}
    clerk.post(f"{DESK}/mark", data={"visit": visit, "need": "usual", "language": "en"})
    now = at_desk(hall)
    assert (now["need"], now["urgency"]) == ("walk_in", None)
    refused = clerk.post(f"{DESK}/mark", data={"visit": visit, "need": "N9"})
    assert "sorry=invalid" in str(refused.url)


def test_what_triage_found_at_the_kiosk_stands_at_the_desk_and_nowhere_else(
    hall: Hall, clerk: httpx.Client
) -> None:
    kiosk = hall.client()
    kiosk.cookies.set("queue_device", hall.links.kiosk.key)
    kiosk.follow_redirects = True
    tree = hall.anyone.get("/api/v1/offices/heidelberg/triage").json()
    end = next(each for each in tree["outcomes"] if each["need"] == "N2")
    form = kiosk.get("/en/kiosk/triage", params={"at": ".".join(_path(tree, end["key"]))}).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert fields["need"] == "N2"
    ticket = kiosk.post("/en/kiosk/check-in", data=fields).text
    assert "Your number is" in ticket
    now = at_desk(hall)
    assert (now["need"], now["urgency"]) == ("emergency", "N2")
    assert "N2: work, training or benefits at risk" in clerk.get(DESK).text
    told = [hall.anyone.get(BOARD).text, ticket]
    code = re.search(r"/qr/(\w+)\.svg", ticket)
    assert code
    told += [hall.anyone.get(f"/api/v1/tickets/{code[1]}").text]
    told += [hall.anyone.get(f"/en/ticket/{code[1]}", follow_redirects=True).text]
    for each in told:
        assert not re.search(r"\bN2\b", each), "a code may hold these signs"
        assert "urgency" not in each


def _path(tree: dict[str, Any], end: str) -> list[str]:
    """Answers that lead to an outcome, the shortest first."""
    questions = {q["key"]: q for q in tree["questions"]}
    ways: list[tuple[str, list[str]]] = [(tree["first"], [])]
    for key, given in ways:
        if key == end:
            return given
        asked = questions.get(key)
        answers = asked["answers"] if asked else ()
        ways.extend((each["next"], [*given, each["key"]]) for each in answers)
    raise LookupError(end)


def test_the_most_pressing_is_the_word_of_who_guides(hall: Hall, clerk: httpx.Client) -> None:
    refused = urgent(hall, "N0", hall.links.kiosk.key)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    kiosk = hall.client()
    kiosk.cookies.set("queue_device", hall.links.kiosk.key)
    form = {"service": "EMER", "need": "N0", "idempotency_key": str(uuid4())}
    answer = kiosk.post("/en/kiosk/check-in", data=form)
    assert answer.headers["location"] == "/en/kiosk/number?sorry=not_allowed"
    assert urgent(hall, "N0", hall.device("tablet")).status_code == 201
    assert at_desk(hall)["urgency"] == "N0"


def test_handed_over_it_cannot_wait(hall: Hall) -> None:
    assert urgent(hall, "N4", hall.links.kiosk.key).status_code == 201
    visit = at_desk(hall)["visit"]
    handed = hall.staff().post(f"/api/v1/visits/{visit}/hand-over", json={})
    assert shaped("POST /visits/{visit}/hand-over", handed)["urgency"] == "N0"
    undone = hall.staff().post(f"/api/v1/visits/{visit}/undo")
    assert undone.status_code == 200, undone.text
    assert at_desk(hall)["urgency"] == "N4"


def test_a_class_is_for_emergencies(hall: Hall) -> None:
    answer = urgent(hall, "N2", hall.links.kiosk.key, "PICK")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["field"] == "urgency"
    assert urgent(hall, "N6", hall.links.kiosk.key).status_code == 422
    hall.walk_in()
    visit = at_desk(hall, "1")["visit"]
    wrong = {"need": "walk_in", "urgency": "N1"}
    refused = hall.staff("guide").post(f"/api/v1/visits/{visit}/mark", json=wrong)
    assert (refused.status_code, refused.json()["field"]) == (422, "urgency")
    said = hall.staff("guide").post(f"/api/v1/visits/{visit}/mark", json={"urgency": "N1"})
    marked = shaped("POST /visits/{visit}/mark", said)
    assert (marked["need"], marked["urgency"]) == ("emergency", "N1")


def test_two_under_one_login_learn_why_a_counter_closed(hall: Hall, clerk: httpx.Client) -> None:
    first, second = "/en/desk/heidelberg.1", "/en/desk/heidelberg.2"
    for desk in (first, second):
        clerk.post(f"{desk}/state", data={"state": "open"})
    closed = clerk.get(first).text
    assert "was opened under the login" in closed
    assert "sign in with your own" in closed
    assert "sign in with your own" not in clerk.get(second).text
    hall.walk_in()
    clerk.post(f"{second}/next")
    refused = clerk.post(f"{first}/state", data={"state": "open"})
    assert "sorry=login_busy_elsewhere" in str(refused.url)
    assert "Another counter of your login has somebody there" in refused.text
    assert hall.staff().get("/api/v1/desks/heidelberg.2").json()["state"] == "open"
    for counter, role in (("1", "clerk"), ("2", "manager"), ("5", "case_worker")):
        hall.clear()
        path = f"/api/v1/desks/heidelberg.{counter}/state"
        assert hall.staff(role).put(path, json={"state": "open"}).status_code == 200
