"""Nobody reads or changes what is not theirs: every operation of the API, by foreign keys.

The list of operations comes from the OpenAPI document, so that a new one is tried by itself.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.served import Hall, ask, client, counted, hall_of

START = "2026-11-25T09:00:00+01:00"
_LAYER = {
    "kind": "places",
    "limit": "house",
    "add": 1,
    "since": START,
    "until": "2026-11-25T10:00:00+01:00",
    "reason": "peak",
}
_MISSING: dict[str, object] = {
    "counters": ["1"],
    "since": START,
    "until": "2026-11-25T10:00:00+01:00",
    "why": "staff_missing",
}
_SHEET: dict[str, object] = {"rows": [{"number": "A100", "service": "INFO", "time": "09:00:00"}]}
BODIES: dict[str, dict[str, object]] = {
    "POST /offices/{office}/bookings": {
        "services": [{"service": "PICK"}],
        "start": START,
        "applicant": {"name": "Foreign"},
    },
    "POST /bookings/{code}/move": {"start": START},
    "POST /desks/{counter}/call": {"number": "A100"},
    "POST /desks/{counter}/serve": {"number": "A100"},
    "PUT /desks/{counter}/state": {"state": "closed"},
    "POST /visits/{visit}/park": {"reason": "papers"},
    "POST /visits/{visit}/forward": {"to": "2"},
    "POST /visits/{visit}/add": {"service": "LOSS"},
    "POST /visits/{visit}/mark": {"need": "emergency"},
    "POST /visits/{visit}/hand-over": {"to": 0},
    "POST /visits/{visit}/accept": {"counter": "stuttgart.1"},
    "POST /kiosk/check-ins": {"code": "23456789"},
    "POST /guide/{office}/looks": {"said": "23456789"},
    "POST /guide/{office}/people": {
        "letters": "fo",
        "birth_date": "1990-01-31",
        "reason": "lost_code",
    },
    "POST /offices/{office}/devices": {"device": "foreign", "role": "kiosk"},
    "POST /devices/heartbeat": {"sound": "on"},
    "POST /offices/{office}/swaps": {"one": "23456789", "other": "98765432", "reason": "agreed"},
    "POST /offices/{office}/bookings/{code}/move": {"start": START},
    "POST /offices/{office}/bookings/{code}/restore": {"reason": "came_late"},
    "POST /offices/{office}/capacity/preview": {"layers": [_LAYER]},
    "POST /offices/{office}/capacity/layers": {"layers": [_LAYER]},
    "POST /offices/{office}/disruption/proposal": _MISSING,
    "POST /offices/{office}/disruption": _MISSING,
    "POST /offices/{office}/disruption/cancellation": {
        "services": ["PICK"],
        "first": START,
        "end": "2026-11-25T18:00:00+01:00",
        "why": "closed",
    },
    "POST /offices/{office}/surge/{rule}/override": {"act": "pause"},
    "POST /offices/{office}/paper-numbers": _SHEET,
    "POST /offices/{office}/paper-numbers/preview": _SHEET,
}
QUERIES = {"GET /kiosk/block": {"keeper": str(uuid.uuid4())}}
OPEN = {
    "GET /offices",
    "GET /offices/{office}",
    "GET /offices/{office}/availability",
    "POST /offices/{office}/holds",
    "POST /bookings",
    "POST /sessions",
    "DELETE /sessions",
    "GET /displays/{display}/board",
    "GET /displays/{display}/waits",
    "GET /displays/{display}/stream",
    "GET /tickets/{code}",
    "GET /tickets/{code}/stream",
    "POST /tickets/{code}/late",
    "GET /offices/{office}/triage",
    "POST /offices/{office}/triage",
    "POST /offices/{office}/card-checks",
    "POST /offices/{office}/card-contacts",
    "POST /offices/{office}/wishes",
    "GET /offices/{office}/keys",
    "GET /confirmations/{signed}",
    "POST /devices/enrol",
}
"""For anyone, or for whoever knows a code that cannot be guessed."""
STAFF = ("clerk", "guide", "case_worker", "manager")


@pytest.fixture(scope="module")
def theirs(hall: Hall, stuttgart: Hall) -> dict[str, str]:
    """What exists in Stuttgart, by the name of the parameter."""
    stuttgart.walk_in("INFO")
    counter = next(
        c["counter"]
        for c in stuttgart.anyone.get("/api/v1/offices/stuttgart").json()["counters"]
        if "INFO" in c["skills"]
    )
    desk = stuttgart.staff().post(f"/api/v1/desks/{counter}/next").json()
    code = stuttgart.book("BIO", birth_date="1990-01-31")["code"]
    seen = stuttgart.staff("guide").post("/api/v1/guide/stuttgart/looks", json={"said": code})
    return {
        "office": "stuttgart",
        "hold": stuttgart.hold("BIO")["hold"],
        "code": code,
        "booking": seen.json()["booking"]["booking"],
        "counter": counter,
        "visit": desk["current"]["visit"],
        "layer": "1",
        "rule": "eat_season",
        "device": "kiosk-1",
        "contact": stuttgart.anyone.post(
            "/api/v1/offices/stuttgart/card-contacts",
            json={"service": "PICK", "card": "AA1234", "email": "theirs@example.org"},
        ).json()["contact"],
    }


def guarded(hall: Hall) -> Iterator[tuple[str, str, str]]:
    """Every operation that is not for anyone: its name, method and path."""
    paths: dict[str, Any] = hall.anyone.get("/api/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for method in operations:
            name = f"{method.upper()} {path.removeprefix('/api/v1')}"
            if name not in OPEN:
                yield name, method.upper(), path


def tried(somebody: httpx.Client, name: str, method: str, path: str, ids: dict[str, str]) -> Any:
    body = BODIES.get(name)
    filled = re.sub(r"{(\w+)}", lambda found: ids[found[1]], path)
    return somebody.request(method, filled, json=body, params=QUERIES.get(name))


def strangers(hall: Hall) -> dict[str, httpx.Client]:
    """Everybody of Heidelberg, and nobody in particular."""
    mine = hall.hold()
    return {
        "nobody": hall.anyone,
        "kiosk": hall.kiosk,
        "board": hall.client(hall.links.board.key),
        "somebody with another secret": hall.client(mine["secret"]),
        **{role: hall.staff(role) for role in ("clerk", "guide", "case_worker", "manager")},
    }


def test_foreign_keys_open_nothing(hall: Hall, theirs: dict[str, str]) -> None:
    everybody = strangers(hall)
    before = counted(hall.served.city)
    operations = list(guarded(hall))
    assert len(operations) >= 14
    for name, method, path in operations:
        for who, somebody in everybody.items():
            if name == "POST /devices/heartbeat" and who in ("kiosk", "board"):
                continue  # Their own: the key names the device.
            if name == "POST /guide/decode" and who in STAFF:
                continue  # Whoever guides anywhere may have a photo read; it says nothing else.
            if name == "GET /kiosk/block" and who == "kiosk":
                continue  # It names no office: the device's key does.
            if name == "POST /kiosk/check-ins" and who in ("kiosk", "clerk", "guide", "manager"):
                continue  # It names no office: the key does. Codes of others: see the next test.
            answer = tried(somebody, name, method, path, theirs)
            assert answer.status_code in (401, 403, 404), (name, who, answer.text)
            assert "Amal" not in answer.text
    assert counted(hall.served.city) == before


def test_a_foreign_booking_cannot_be_checked_in(hall: Hall, theirs: dict[str, str]) -> None:
    before = counted(hall.served.city)
    answer = hall.kiosk.post("/api/v1/kiosk/check-ins", json={"code": theirs["code"]})
    assert answer.json()["code"] == "other_office"
    assert counted(hall.served.city) == before


def test_an_id_of_others_under_ones_own_office_leads_nowhere(
    hall: Hall, theirs: dict[str, str]
) -> None:
    visit = theirs["visit"].replace("stuttgart", "heidelberg")
    hold = theirs["hold"].replace("stuttgart", "heidelberg")
    manager = hall.staff("manager")  # signs in, which is written down
    before = counted(hall.served.city)
    for act in ("recall", "missed", "finish", "undo"):
        answer = manager.post(f"/api/v1/visits/{visit}/{act}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_visit")
    assert manager.post(f"/api/v1/holds/{hold}/extend").status_code == 403
    assert counted(hall.served.city) == before


def test_staff_keys_do_not_open_bookings(stuttgart: Hall, theirs: dict[str, str]) -> None:
    answer = stuttgart.staff("manager").get(f"/api/v1/bookings/{theirs['code']}")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("guide", set()),
        ("clerk", {"desk", "call"}),
        ("case_worker", {"desk", "call", "exceed"}),
        ("manager", {"desk", "call", "exceed"}),
    ],
)
def test_each_role_may_do_its_work(hall: Hall, role: str, allowed: set[str]) -> None:
    somebody = hall.staff(role)
    desk = somebody.get("/api/v1/desks/heidelberg.1").status_code
    call = somebody.post(f"/api/v1/visits/heidelberg.{uuid.uuid4()}/finish").status_code
    exceed = somebody.post(
        "/api/v1/offices/heidelberg/bookings",
        json=BODIES["POST /offices/{office}/bookings"]
        | {"exceed_reason": "hardship", "applicant": {"name": f"Exceeded by {role}"}},
    ).status_code
    assert desk == (200 if "desk" in allowed else 403)
    assert call == (404 if "call" in allowed else 403)
    assert exceed == (201 if "exceed" in allowed else 403)


def test_the_pages_of_a_desk_are_as_closed_as_its_api(hall: Hall, stuttgart: Hall) -> None:
    for key, status in (
        ("", 303),
        (hall.token("guide"), 403),
        (stuttgart.token("manager"), 403),
        (hall.token("clerk"), 200),
    ):
        with client(hall.served) as browser:
            if key:
                browser.cookies.set("queue_staff", key)
            assert browser.get("/de/desk/heidelberg.1").status_code == status
            if status != 200:
                answer = browser.post("/de/desk/heidelberg.1/next")
                assert answer.status_code == status


def test_a_revoked_device_is_a_stranger(hall: Hall) -> None:
    with hall_of(hall.served) as other:
        wish = {"walk_in": {"service": "PICK"}}
        assert other.kiosk.post("/api/v1/kiosk/check-ins", json=wish).status_code == 201
        ask(
            hall.served.city,
            "update device set revoked = true where key = 'kiosk-1' and office ="
            " (select id from office where slug = 'heidelberg') returning id",
        )
        assert other.kiosk.post("/api/v1/kiosk/check-ins", json=wish).status_code == 401
        assert other.kiosk.get("/de/kiosk").status_code == 403
        ask(hall.served.city, "update device set revoked = false returning id")
