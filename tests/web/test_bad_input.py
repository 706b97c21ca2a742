"""Whatever comes in: a clear answer that says what to do, never a defect, nothing half-written."""

import json
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.city import BEGIN, set_clocks
from tests.served import Hall, counted, soon
from tests.web.nonsense import (
    ADDRESSES,
    BODIES,
    BOOKINGS,
    BOOKINGS_OF_NOTHING,
    CHECK_INS,
    CHECK_INS_OF_NOTHING,
    FORMS,
    HEADERS,
    HOLDS,
    HOLDS_OF_NOTHING,
    PAGES,
    PEOPLE,
    applicant,
)

GOOD_START = "2026-11-25T09:00:00+01:00"


@pytest.fixture
def nothing_written(hall: Hall) -> Iterator[None]:
    hall.staff()
    before = counted(hall.served.city)
    yield
    assert counted(hall.served.city) == before


def said(answer: httpx.Response) -> dict[str, Any]:
    """The refusal, checked for everything that each refusal has."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = dict(answer.json())
    assert found["status"] == answer.status_code
    for part in ("type", "code", "title", "detail", "next_step"):
        assert found[part], part
    return found


def hold(hall: Hall, **more: object) -> httpx.Response:
    wish = {"services": [{"service": "PICK", "persons": 1}], "start": GOOD_START, "language": "de"}
    return hall.anyone.post(HOLDS, json=wish | more)


def confirm(hall: Hall, **more: object) -> httpx.Response:
    body = {"hold": f"heidelberg.{'0' * 8}-0000-4000-8000-{'0' * 12}", "secret": "A" * 26}
    return hall.anyone.post(BOOKINGS, json=body | {"applicant": applicant()} | more)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("more", "code"),
    HOLDS_OF_NOTHING,
)
def test_an_impossible_hold(hall: Hall, more: dict[str, object], code: str | None) -> None:
    found = said(hold(hall, **more))
    assert code is None or found["code"] == code


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    "body",
    BODIES,
)
@pytest.mark.parametrize("path", [HOLDS, BOOKINGS, "/api/v1/sessions"])
def test_a_body_that_is_no_wish(hall: Hall, path: str, body: bytes) -> None:
    answer = hall.anyone.post(path, content=body, headers={"Content-Type": "application/json"})
    assert said(answer)["code"] == "invalid"


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_a_body_of_another_kind(hall: Hall, kind: str) -> None:
    answer = hall.anyone.post(HOLDS, content=b"<a/>", headers={"Content-Type": kind})
    said(answer)


@pytest.mark.usefixtures("nothing_written")
def test_a_body_without_end_is_not_read(hall: Hall) -> None:
    big = json.dumps({"x": "y" * 100_000}).encode()
    for path in (HOLDS, BOOKINGS, CHECK_INS):
        answer = hall.anyone.post(path, content=big, headers={"Content-Type": "application/json"})
        assert answer.status_code in (401, 413, 422), path


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    "more",
    BOOKINGS_OF_NOTHING,
)
def test_a_booking_of_nothing(hall: Hall, more: dict[str, object]) -> None:
    said(confirm(hall, **more))


@pytest.mark.parametrize(
    "more",
    PEOPLE,
)
def test_strange_people_are_refused_or_booked_whole(hall: Hall, more: dict[str, str]) -> None:
    held = hall.hold()
    before = counted(hall.served.city)
    body = {"hold": held["hold"], "secret": held["secret"], "applicant": applicant(**more)}
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    answer = hall.anyone.post(BOOKINGS, content=raw, headers={"Content-Type": "application/json"})
    after = counted(hall.served.city)
    if answer.status_code == 201:
        assert after["person"] == before["person"] + 1
        assert after["journal"] == before["journal"] + 1
    else:
        said(answer)
        assert after == before


def test_an_expired_hold(hall: Hall) -> None:
    held = hall.hold()
    own = {"Authorization": f"Bearer {held['secret']}"}
    set_clocks(hall.served.city, BEGIN + timedelta(minutes=12))
    path = f"/api/v1/holds/{held['hold']}"
    answer = hall.anyone.post(f"{path}/extend", headers=own)
    assert (answer.status_code, said(answer)["code"]) == (410, "hold_expired")
    answer = hall.confirm(held)
    assert (answer.status_code, said(answer)["code"]) == (410, "hold_expired")
    soon(hall.free, lambda free: held["start"] in free)
    assert hall.ask_hold(held["start"]).status_code == 201


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    ADDRESSES,
)
def test_addresses_that_lead_nowhere(hall: Hall, method: str, path: str, status: int) -> None:
    answer = hall.anyone.request(method, path)
    found = said(answer)
    assert answer.status_code == status, found


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("header", "value"),
    HEADERS,
)
def test_strange_headers(hall: Hall, header: str, value: str) -> None:
    for method, path in (("GET", "/api/v1/bookings/23456789"), ("DELETE", "/api/v1/holds/x.y")):
        raw = [(header.encode(), value.encode("latin-1"))]
        answer = hall.anyone.request(method, path, headers=raw)
        assert answer.status_code < 500, answer.text
    known = 304 if header == "If-None-Match" and value == "*" else 200
    assert hall.anyone.get("/api/v1/offices", headers=raw).status_code == known


@pytest.mark.usefixtures("nothing_written")
def test_a_key_that_is_too_long(hall: Hall) -> None:
    found = said(
        hall.anyone.post(
            HOLDS,
            json={"services": [{"service": "PICK"}], "start": GOOD_START},
            headers={"Idempotency-Key": "k" * 4_000},
        )
    )
    assert found["code"] == "invalid"


def test_a_key_of_any_signs_is_a_key(hall: Hall) -> None:
    raw = [(b"Idempotency-Key", b"\xe4\xb8\xad'\"; drop table receipt--")]
    wish = {"services": [{"service": "BIO"}], "start": hall.free("BIO")[1]}
    first, again = (hall.anyone.post(HOLDS, json=wish, headers=raw) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    "wish",
    CHECK_INS_OF_NOTHING,
)
def test_an_impossible_check_in(hall: Hall, wish: dict[str, object]) -> None:
    said(hall.kiosk.post(CHECK_INS, json=wish))


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("number", ["", "\x00", "x" * 40_000, 417, None])
def test_an_impossible_call(hall: Hall, number: object) -> None:
    path = "/api/v1/desks/heidelberg.1/call"
    said(hall.staff().post(path, json={"number": number}))


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("path", PAGES)
def test_pages_that_lead_nowhere_are_kind(hall: Hall, path: str) -> None:
    answer = hall.anyone.get(path)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.text:
        assert answer.headers["content-type"].startswith("text/html"), answer.text
        assert answer.text.count("<h1") == 1


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    "path",
    FORMS,
)
def test_forms_with_nonsense_are_kind(hall: Hall, path: str) -> None:
    fields = ("service", "persons", "start", "name", "email", "code", "factor", "login", "visit")
    for value in ("", "\x00", "x" * 4_000, "-1", "é\u202e"):
        form = dict.fromkeys(fields, value) | {
            "do": "check",
            "idempotency_key": secrets.token_hex(8),
        }
        answer = hall.anyone.post(path, data=form)
        assert answer.status_code < 500, (value[:10], answer.text)
    for raw, kind in (
        (b"\xff" * 100, "application/x-www-form-urlencoded"),
        (b"%zz=%zz&%00=%ff", "application/x-www-form-urlencoded"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"x", "multipart/form-data"),
        (b"{}", "application/json"),
    ):
        answer = hall.anyone.post(path, content=raw, headers={"Content-Type": kind})
        assert answer.status_code < 500, (kind, answer.text)
