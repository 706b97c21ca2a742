"""The OpenAPI document is true: whatever is sent, answers have the status and shape it promises."""

import os
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st

from queue_service.web.api.answers.capacity import CAPACITY_ANSWERS
from queue_service.web.api.answers.confirmations import CONFIRMATION_ANSWERS
from queue_service.web.api.answers.devices import DEVICE_ANSWERS
from queue_service.web.api.answers.disruption import DISRUPTION_ANSWERS
from queue_service.web.api.answers.guides import GUIDE_ANSWERS
from queue_service.web.api.answers.hall import JOURNEY_ANSWERS
from queue_service.web.api.answers.public import ANSWERS
from queue_service.web.api.answers.surge import SURGE_ANSWERS
from queue_service.web.api.answers.waiting import WAITING_ANSWERS
from tests.city import Served
from tests.served import Hall
from tests.web.shapes import shaped
from tests.web.test_confirmations import signed_of

EXAMPLES = 30 if os.environ.get("QUEUE_SOAK") else 6
ELSEWHERE = {
    "POST /bookings/{code}/confirm",
    "GET /kiosk/block",
    "POST /offices/{office}/paper-numbers/preview",
    "GET /offices/{office}/bookings",
    "GET /offices/{office}/overbooked",
    "POST /offices/{office}/swaps",
    "POST /offices/{office}/bookings/{code}/move",
    "POST /offices/{office}/bookings/{code}/restore",
    "POST /offices/{office}/bookings/{code}/no-show",
    "GET /offices/{office}/triage",
    "POST /offices/{office}/triage",
    "POST /offices/{office}/card-checks",
    "POST /offices/{office}/card-contacts",
    "DELETE /offices/{office}/card-contacts/{contact}",
    "GET /offices/{office}/cards",
    "POST /offices/{office}/card-lists",
    *CAPACITY_ANSWERS,
    *CONFIRMATION_ANSWERS,
    *DEVICE_ANSWERS,
    *GUIDE_ANSWERS,
    *DISRUPTION_ANSWERS,
    *JOURNEY_ANSWERS,
    *SURGE_ANSWERS,
    *WAITING_ANSWERS,
}
"""Operations whose success is held against its shape where it is tried: `shapes.shaped`."""
CALM = {hypothesis.HealthCheck.filter_too_much, hypothesis.HealthCheck.too_slow}


@pytest.fixture(scope="module")
def document(served: Served) -> Any:
    whole = schemathesis.openapi.from_url(f"{served.url}/api/openapi.json")
    return whole.exclude(path_regex="/stream$")  # they never end; test_live reads them


@pytest.fixture(scope="module")
def real(hall: Hall) -> dict[str, tuple[str, str]]:
    """Something that exists for each kind of id, and the key that opens it."""
    held, booking = hall.hold(), hall.book()
    clerk = hall.token("manager")
    hall.walk_in("EMER")
    ticket = hall.walk_in()
    waits = {"service": "PICK", "card": "AA1234", "email": "lena@example.org"}
    left = hall.anyone.post("/api/v1/offices/heidelberg/card-contacts", json=waits)
    contact = left.json()
    wanted = {
        "services": [{"service": "BIO", "persons": 1}],
        "applicant": {"name": "W", "email": "w@example.org"},
    }
    wish = hall.anyone.post("/api/v1/offices/heidelberg/wishes", json=wanted).json()
    visit = hall.press("1").json()["current"]["visit"]
    look = {"said": booking["code"]}
    seen = hall.staff("guide").post("/api/v1/guide/heidelberg/looks", json=look).json()
    return {
        "office": ("heidelberg", clerk),
        "hold": (held["hold"], held["secret"]),
        "code": (booking["code"], booking["secret"]),
        "booking": (seen["booking"]["booking"], clerk),
        "counter": ("heidelberg.1", clerk),
        "visit": (visit, clerk),
        "display": ("heidelberg.board-1", ""),
        "device": ("no-such-device", clerk),
        "ticket": (ticket["ticket"], ""),
        "wish": (wish["code"], wish["secret"]),
        "kiosk": ("", hall.links.kiosk.key),
        "rule": ("eat_season", clerk),
        "signed": (signed_of(hall, booking), ""),
        "layer": ("1", hall.token("manager")),
        "contact": (contact["contact"], contact["secret"]),
    }


def test_every_operation_keeps_its_promise(
    document: Any, real: dict[str, tuple[str, str]], subtests: pytest.Subtests
) -> None:
    seen = 0
    for found in document.get_all_operations():
        operation = found.ok()
        seen += 1
        with subtests.test(f"{operation.method} {operation.path}"):
            _try(operation, real)
    assert seen == len(ANSWERS)


def _kind(path: str, name: str) -> str:
    """What an id of that name stands for there: several kinds have a code."""
    if name != "code":
        return name
    for kind in ("ticket", "wish"):
        if f"/{kind}" in path:
            return kind
    return name


def _try(operation: Any, real: dict[str, tuple[str, str]]) -> None:
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(CALM),
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.seed(1)
    @hypothesis.given(case=operation.as_strategy(), known=st.booleans())
    def one(case: Any, known: bool) -> None:
        headers = {}
        if known:
            for name in case.path_parameters or {}:
                case.path_parameters[name], key = real[_kind(operation.path, name)]
                headers["Authorization"] = f"Bearer {key}"
            if "kiosk" in operation.path or operation.path.endswith("/heartbeat"):
                headers["Authorization"] = f"Bearer {real['kiosk'][1]}"
        answer = case.call(headers=headers)
        case.validate_response(
            answer,
            checks=[
                schemathesis.checks.not_a_server_error,
                schemathesis.specs.openapi.checks.status_code_conformance,
                schemathesis.specs.openapi.checks.content_type_conformance,
                schemathesis.specs.openapi.checks.response_schema_conformance,
            ],
        )

    one()


def test_every_success_has_its_shape(hall: Hall) -> None:
    clerk, manager, anyone = hall.staff(), hall.staff("manager"), hall.anyone
    hall.clear()
    parts = [{"service": "BIO", "persons": 1}]
    applicant = {"name": "A Shape", "email": "shape@example.org"}
    free = hall.free("BIO")
    held = hall.ask_hold(free[0], "BIO")
    own = {"Authorization": f"Bearer {held.json()['secret']}"}
    other = hall.ask_hold(free[1], "BIO").json()
    booked = hall.confirm(held.json())
    booking = f"/api/v1/bookings/{booked.json()['code']}"
    login = {"login": "clerk@heidelberg", "password": "guten-morgen"}
    session = hall.client().post("/api/v1/sessions", json=login)
    signed_out = hall.client(session.json()["token"]).delete("/api/v1/sessions")
    ticket = hall.kiosk.post("/api/v1/kiosk/check-ins", json={"walk_in": {"service": "BIO"}})
    hall.walk_in("BIO")
    called = clerk.post("/api/v1/desks/heidelberg.2/next")
    visit = f"/api/v1/visits/{called.json()['current']['visit']}"
    extended_hold = hall.ask_hold(free[2], "BIO").json()
    extended = anyone.post(
        f"/api/v1/holds/{extended_hold['hold']}/extend",
        headers={"Authorization": f"Bearer {extended_hold['secret']}"},
    )
    answers = {
        "GET /offices": anyone.get("/api/v1/offices"),
        "GET /offices/{office}": anyone.get("/api/v1/offices/heidelberg"),
        "GET /offices/{office}/availability": anyone.get(
            "/api/v1/offices/heidelberg/availability?service=BIO"
        ),
        "POST /offices/{office}/holds": held,
        "POST /holds/{hold}/extend": extended,
        "DELETE /holds/{hold}": anyone.delete(
            f"/api/v1/holds/{other['hold']}",
            headers={"Authorization": f"Bearer {other['secret']}"},
        ),
        "POST /bookings": booked,
        "GET /bookings/{code}": anyone.get(booking, headers=own),
        "POST /bookings/{code}/move": anyone.post(
            f"{booking}/move", json={"start": free[5]}, headers=own
        ),
        "DELETE /bookings/{code}": anyone.delete(booking, headers=own),
        "POST /offices/{office}/bookings": manager.post(
            "/api/v1/offices/heidelberg/bookings",
            json={"services": parts, "start": free[8], "applicant": applicant},
        ),
        "POST /sessions": session,
        "DELETE /sessions": signed_out,
        "POST /kiosk/check-ins": ticket,
        "POST /desks/{counter}/next": called,
        "GET /desks/{counter}": clerk.get("/api/v1/desks/heidelberg.2"),
        "GET /displays/{display}/board": anyone.get("/api/v1/displays/heidelberg.board-1/board"),
        "POST /offices/{office}/paper-numbers": clerk.post(
            "/api/v1/offices/heidelberg/paper-numbers",
            json={"rows": [{"number": "A100", "service": "INFO", "time": "00:01:00"}]},
        ),
        "GET /displays/{display}/waits": anyone.get("/api/v1/displays/heidelberg.board-1/waits"),
        "GET /tickets/{code}": anyone.get(f"/api/v1/tickets/{ticket.json()['ticket']}"),
        "POST /tickets/{code}/late": anyone.post(
            f"/api/v1/tickets/{hall.walk_in('BIO')['ticket']}/late", json={"minutes": 5}
        ),
        "GET /offices/{office}/reports/day": manager.get("/api/v1/offices/heidelberg/reports/day"),
        "GET /offices/{office}/reports/reminders": manager.get(
            "/api/v1/offices/heidelberg/reports/reminders"
        ),
        "GET /offices/{office}/reports/waits": manager.get(
            "/api/v1/offices/heidelberg/reports/waits"
        ),
        "POST /visits/{visit}/recall": clerk.post(f"{visit}/recall"),
        "POST /visits/{visit}/missed": clerk.post(f"{visit}/missed"),
        "POST /visits/{visit}/undo": clerk.post(f"{visit}/undo"),
        "POST /visits/{visit}/finish": clerk.post(f"{visit}/finish"),
        "POST /desks/{counter}/call": clerk.post(
            "/api/v1/desks/heidelberg.3/call", json={"number": hall.walk_in("BIO")["number"]}
        ),
    }
    assert set(answers) | ELSEWHERE == set(ANSWERS)
    for name, answer in answers.items():
        shaped(name, answer)


def test_the_document_names_what_it_needs(hall: Hall) -> None:
    said = hall.anyone.get("/api/openapi.json")
    assert said.status_code == 200
    whole = said.json()
    assert whole["openapi"].startswith("3.1")
    assert "localhost" not in said.text
    for operations in whole["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert "application/problem+json" in operation["responses"]["default"]["content"]
    streams = {path for path in whole["paths"] if path.endswith("/stream")}
    assert {path.split("/")[3] for path in streams} == {"desks", "displays", "tickets"}
    for path in streams:
        assert "text/event-stream" in whole["paths"][path]["get"]["responses"]["200"]["content"]
