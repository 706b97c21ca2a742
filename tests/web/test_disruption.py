"""Disruptions over HTTP: by program and by the console's pages, without a script."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.city import BEGIN
from tests.served import Hall, client
from tests.web.shapes import shaped

DAY = BEGIN.date() + timedelta(days=2)
API = "/api/v1/offices/heidelberg/disruption"
PAGE = "/de/console/heidelberg/disruption"


def at(clock: str) -> str:
    return f"{DAY}T{clock}:00+01:00"


def missing(hall: Hall, **changes: Any) -> dict[str, Any]:
    office = hall.anyone.get("/api/v1/offices/heidelberg").json()
    counters = [counter["counter"].partition(".")[2] for counter in office["counters"]]
    said = {
        "counters": counters[:2],
        "since": at("08:00"),
        "until": at("12:00"),
        "why": "staff_missing",
    }
    return said | changes


def browser(hall: Hall, role: str = "manager") -> httpx.Client:
    somebody = client(hall.served)
    somebody.cookies.set("queue_staff", hall.token(role))
    return somebody


def test_a_proposal_changes_nothing_and_is_for_managers(hall: Hall) -> None:
    manager = hall.staff("manager")
    before = manager.get(f"{API}/calls").json()
    answer = manager.post(f"{API}/proposal", json=missing(hall))
    assert isinstance(shaped("POST /offices/{office}/disruption/proposal", answer)["moves"], list)
    assert manager.get(f"{API}/calls").json() == before
    refused = hall.staff("clerk").post(f"{API}/proposal", json=missing(hall))
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert hall.anyone.get(f"{API}/calls").status_code == 401


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"counters": ["nowhere"]}, "unknown_counter"),
        ({"counters": []}, "invalid"),
        ({"until": at("07:00")}, "invalid"),
        ({"since": "2020-01-01T08:00:00Z", "until": "2020-01-01T09:00:00Z"}, "past"),
        ({"why": "no reason of ours"}, "invalid"),
        ({"since": "tomorrow"}, "invalid"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "invalid"),
        ({"until": "9999-12-31T23:59:59-12:00"}, "invalid"),
        ({"more": 1}, "invalid"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    hall: Hall, changes: dict[str, Any], code: str
) -> None:
    answer = hall.staff("manager").post(API, json=missing(hall, **changes))
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == code


def test_missing_counters_move_whom_they_must_and_say_how_many(hall: Hall) -> None:
    manager = hall.staff("manager")
    for _ in range(3):
        hall.book()
    office = missing(hall)
    proposed = manager.post(f"{API}/proposal", json=office).json()["moves"]
    key = {"Idempotency-Key": "missing-counters-1"}
    done = manager.post(API, json=office, headers=key)
    said = shaped("POST /offices/{office}/disruption", done)
    assert said["moved"] + said["left"] == len(proposed)
    assert manager.post(API, json=office, headers=key).json() == said
    again = manager.post(f"{API}/proposal", json=office).json()["moves"]
    assert len(again) <= done.json()["left"]


def test_a_cancelled_group_stands_in_the_list_of_calls(hall: Hall) -> None:
    manager, booked = hall.staff("manager"), hall.book(phone="06221 123")
    body = {
        "services": ["PICK"],
        "first": booked["start"],
        "end": booked["end"],
        "why": "title_extended",
    }
    done = manager.post(f"{API}/cancellation", json=body)
    assert shaped("POST /offices/{office}/disruption/cancellation", done)["cancelled"] >= 1
    listed = shaped("GET /offices/{office}/disruption/calls", manager.get(f"{API}/calls"))["calls"]
    assert any(each["name"] == booked["name"] and each["now"] is None for each in listed)
    mine = hall.anyone.get(f"/en/b/{booked['code']}/{booked['secret']}").text
    assert "The office cancelled this appointment." in mine
    assert "was extended by law" in mine
    assert manager.post(f"{API}/cancellation", json=body).json() == {"cancelled": 0}


def test_the_pages_propose_before_they_act(hall: Hall) -> None:
    hall.book(phone="06221 124")
    with browser(hall) as manager:
        form = manager.get(PAGE)
        assert form.status_code == 200
        counters = re.findall(r'name="counter" value="([^"]+)"', form.text)
        asked = {"counter": counters, "day": f"{DAY}", "from": "08:00", "to": "12:00"}
        shown = manager.get(f"{PAGE}/proposal", params=asked | {"why": "closed"})
        assert shown.status_code == 200, shown.text
        key = re.search(r'name="idempotency_key" value="([^"]+)"', shown.text)
        assert key is not None
        posted = manager.post(PAGE, data=asked | {"why": "closed", "idempotency_key": key[1]})
        assert posted.status_code == 303
        assert re.search(r"moved=\d+&left=\d+$", posted.headers["location"])
        assert manager.get(posted.headers["location"]).status_code == 200
        assert manager.get(f"{PAGE}/calls").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"counter": []},
        {"day": "31.12."},
        {"from": "8"},
        {"to": "07:00"},
        {"day": "2020-01-01"},
        {"day": "9999-12-31"},
        {"why": ""},
    ],
)
def test_a_form_filled_in_badly_comes_back_with_what_was_entered(
    hall: Hall, changes: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {"counter": ["1"], "day": f"{DAY}", "from": "08:00", "to": "12:00"}
    with browser(hall) as manager:
        answer = manager.get(f"{PAGE}/proposal", params=asked | {"why": "closed"} | changes)
    assert answer.status_code == 400
    (field,) = changes
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}-error"' in answer.text


def test_a_group_is_shown_before_it_is_cancelled(hall: Hall) -> None:
    asked = {"service": ["FIKT"], "first": f"{DAY}", "last": f"{DAY}", "why": "title_extended"}
    with browser(hall) as manager:
        far = manager.get(f"{PAGE}/cancellation", params=asked | {"last": "9999-12-31"})
        assert (far.status_code, 'id="last-error"' in far.text) == (400, True)
        wrong = manager.get(f"{PAGE}/cancellation", params=asked | {"why": ""}).text
        assert 'href="#why-group"' in wrong
        assert 'id="why-group-error"' in wrong
        shown = manager.get(f"{PAGE}/cancellation", params=asked)
        assert shown.status_code == 200
        posted = manager.post(f"{PAGE}/cancellation", data=asked)
        assert "cancelled=" in posted.headers["location"]
    with browser(hall, "clerk") as clerk:
        assert clerk.get(PAGE).status_code == 403
