"""What a body says is taken at its word: no text is a number, no number a day or an instant."""

from typing import Any

import httpx
import pytest

from tests.served import Hall

DAYS = {"first": "2026-11-24", "last": "2026-12-05"}
AMAL = {"name": "Amal", "email": "loose@example.org"}
PARTS = [{"service": "PICK", "persons": 1}]
WISH = {"services": PARTS, "applicant": AMAL, "language": "en"}
BY_STAFF = {"services": PARTS, "start": "2026-11-25T09:00:00+01:00", "applicant": {"name": "Amal"}}
PLACES = {"kind": "places", "limit": "pickup", "reason": "ill", "add": 1}


def refused(answer: httpx.Response, field: str) -> None:
    assert answer.status_code == 422, answer.text
    said = answer.json()
    assert said["code"] == "invalid"
    assert [error["field"] for error in said["errors"]] == [field], said
    assert said["errors"][0]["reason"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"until": 3}, "until"),
        ({"until": "1764000000"}, "until"),
        ({"until": 1764000000.5}, "until"),
        ({"until": True}, "until"),
        ({"windows": [DAYS | {"weekdays": ["0"]}]}, "windows[0].weekdays[0]"),
        ({"windows": [DAYS, DAYS | {"weekdays": [0, 1, "2"]}]}, "windows[1].weekdays[2]"),
        ({"windows": [DAYS | {"weekdays": [True]}]}, "windows[0].weekdays[0]"),
        ({"windows": [DAYS | {"opens": 8}]}, "windows[0].opens"),
        ({"windows": [DAYS | {"first": 20261124}]}, "windows[0].first"),
        ({"services": [{"service": "PICK", "persons": "1"}]}, "services[0].persons"),
        ({"services": [{"service": 7}]}, "services[0].service"),
        ({"applicant": AMAL | {"birth_date": 0}}, "applicant.birth_date"),
        ({"applicant": AMAL | {"birth_date": ""}}, "applicant.birth_date"),
        ({"applicant": AMAL | {"birth_date": "null"}}, "applicant.birth_date"),
        ({"language": None}, "language"),
    ],
)
def test_a_wish(hall: Hall, more: dict[str, Any], field: str) -> None:
    path = f"/api/v1/offices/{hall.office}/wishes"
    refused(hall.anyone.post(path, json=WISH | more), field)


@pytest.mark.parametrize(
    ("role", "path", "body", "field"),
    [
        ("clerk", "offices/{}/bookings", BY_STAFF | {"start": 1_795_600_000}, "start"),
        (
            "clerk",
            "offices/{}/bookings",
            BY_STAFF | {"services": [{"service": "PICK", "persons": "1"}]},
            "services[0].persons",
        ),
        (
            "manager",
            "offices/{}/capacity/layers",
            {"layers": [PLACES | {"add": "1"}]},
            "layers[0].add",
        ),
        (
            "manager",
            "offices/{}/capacity/layers",
            {"layers": [PLACES | {"until": 1_795_600_000}]},
            "layers[0].until",
        ),
    ],
)
def test_other_bodies(hall: Hall, role: str, path: str, body: dict[str, Any], field: str) -> None:
    path = f"/api/v1/{path.format(hall.office)}"
    refused(hall.staff(role).post(path, json=body), field)


def test_a_check_in(hall: Hall) -> None:
    wish = {"walk_in": {"service": "PICK", "persons": "2"}}
    refused(hall.kiosk.post("/api/v1/kiosk/check-ins", json=wish), "walk_in.persons")


def test_a_body_that_lacks_something_says_what(hall: Hall) -> None:
    answer = hall.anyone.post(f"/api/v1/offices/{hall.office}/wishes", json={"services": PARTS})
    refused(answer, "data")
    assert "applicant" in answer.json()["errors"][0]["reason"]


@pytest.mark.parametrize("email", ["a\0b@x.de", "a,b@x.de", "a@x.de\n", "a\u202eb@x.de"])
def test_an_address_that_no_letter_reaches_is_refused(hall: Hall, email: str) -> None:
    said = {"service": "PICK", "card": "AA10001", "email": email}
    path = "/api/v1/offices/heidelberg/card-contacts"
    refused = hall.anyone.post(path, json=said)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


def test_a_number_that_nobody_has_is_not_waiting_whatever_its_signs(hall: Hall) -> None:
    desk = hall.anyone.get(f"/api/v1/offices/{hall.office}").json()["counters"][0]["counter"]
    path = f"/api/v1/desks/{desk}/serve"
    for number in ("A\x00", "A999", "Ω"):
        answer = hall.staff("clerk").post(path, json={"number": number})
        assert 400 <= answer.status_code < 500, answer.text
