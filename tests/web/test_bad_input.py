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

HOLDS = "/api/v1/offices/heidelberg/holds"
BOOKINGS = "/api/v1/bookings"
CHECK_INS = "/api/v1/kiosk/check-ins"
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


def applicant(**more: object) -> dict[str, object]:
    return {"name": "Amal", **more}


def confirm(hall: Hall, **more: object) -> httpx.Response:
    body = {"hold": f"heidelberg.{'0' * 8}-0000-4000-8000-{'0' * 12}", "secret": "A" * 26}
    return hall.anyone.post(BOOKINGS, json=body | {"applicant": applicant()} | more)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"start": "2026-11-20T09:00:00+01:00"}, "past"),
        ({"start": "2026-11-23T08:40:00+01:00"}, "past"),
        ({"start": "1970-01-01T00:00:00Z"}, "past"),
        ({"start": "0001-01-01T00:00:00Z"}, None),
        ({"start": "0001-01-01T00:00:00+14:00"}, None),
        ({"start": "9999-12-31T23:50:00Z"}, None),
        ({"start": "9999-12-31T23:50:00-14:00"}, None),
        ({"start": "2026-12-20T09:00:00+01:00"}, "not_bookable_yet"),
        ({"start": "2027-11-24T09:00:00+01:00"}, "not_bookable_yet"),
        ({"start": "2026-11-28T09:00:00+01:00"}, "closed"),
        ({"start": "2026-11-25T20:00:00+01:00"}, "closed"),
        ({"start": "2026-11-25T17:30:00+01:00"}, "closed"),
        ({"start": "2026-11-25T09:03:00+01:00"}, "not_a_start"),
        ({"start": "2026-11-25T09:00:00.000001+01:00"}, "not_a_start"),
        ({"start": "2026-11-25T09:00:00"}, "invalid"),
        ({"start": "2026-11-25"}, "invalid"),
        ({"start": "tomorrow"}, "invalid"),
        ({"start": ""}, "invalid"),
        ({"start": None}, "invalid"),
        ({"start": 1_795_600_000}, "invalid"),
        ({"start": "2026-02-30T09:00:00Z"}, "invalid"),
        ({"start": "2026-11-25T24:00:00Z"}, "invalid"),
        ({"services": []}, "invalid"),
        ({"services": [{"service": "PICK"}] * 9}, "invalid"),
        ({"services": "PICK"}, "invalid"),
        ({"services": {"service": "PICK"}}, "invalid"),
        ({"services": [{"service": "PICK", "persons": 0}]}, "invalid"),
        ({"services": [{"service": "PICK", "persons": 10**30}]}, "invalid"),
        ({"services": [{"service": "PICK", "persons": "1"}]}, "invalid"),
        ({"services": [{"service": "PICK", "persons": 1.5}]}, "invalid"),
        ({"services": [{"service": "PICK", "persons": 9}]}, "too_many_persons"),
        ({"services": [{"service": "x" * 40_000}]}, "invalid"),
        ({"services": [{"service": "\x00"}]}, "unknown_service"),
        ({"services": [{"service": "VERP"}]}, "unknown_service"),
        ({"services": [{"service": "pick"}]}, "unknown_service"),
        ({"language": "x" * 40_000}, "invalid"),
        ({"language": "../../etc"}, "invalid"),
        ({"color": "red"}, "invalid"),
        ({"services": [{"service": "PICK", "vip": True}]}, "invalid"),
    ],
)
def test_an_impossible_hold(hall: Hall, more: dict[str, object], code: str | None) -> None:
    found = said(hold(hall, **more))
    assert code is None or found["code"] == code


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe\x00",
        b"\x00" * 100,
        b'{"services":' + b"[" * 30_000,
        b'{"start": "\\ud800"}',
        b'{"a":1,"a":2}',
        b"services=PICK",
        b'{"services":[{"service":"PICK"}],"start":"' + b"9" * 40_000 + b'"}',
        b'{"services":[{"service":"PICK","persons":1e400}],"start":"2026-11-25T09:00:00Z"}',
        b'{"services":[{"service":"PICK","persons":NaN}],"start":"2026-11-25T09:00:00Z"}',
    ],
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
    [
        {"hold": "nonsense"},
        {"hold": ""},
        {"hold": "heidelberg."},
        {"hold": ".x"},
        {"hold": "nowhere.00000000-0000-4000-8000-000000000000"},
        {"hold": "heidelberg.00000000-0000-4000-8000-000000000000"},
        {"hold": "x" * 40_000},
        {"secret": "é" * 26},
        {"secret": "\x00" * 26},
        {"secret": "x" * 40_000},
        {"applicant": {}},
        {"applicant": "Amal"},
        {"applicant": applicant(vip=True)},
        {"applicant": applicant(birth_date="31.01.1990")},
        {"applicant": applicant(name="x" * 40_000)},
        {"applicant": applicant(email="x" * 40_000)},
        {"answers": {"x" * 40_000: "y"}},
        {"answers": {"x": "y" * 40_000}},
        {"language": ""},
    ],
)
def test_a_booking_of_nothing(hall: Hall, more: dict[str, object]) -> None:
    said(confirm(hall, **more))


@pytest.mark.parametrize(
    "more",
    [
        {"name": "\x00"},
        {"name": ""},
        {"name": "   "},
        {"name": "Amal\x00Öztürk"},
        {"name": "Amal\r\nBcc: all@example.org"},
        {"email": "no address"},
        {"email": "a@b\r\nBcc: all@example.org"},
        {"email": "a\x00@example.org"},
        {"phone": "\x00"},
        {"phone": "call me"},
        {"birth_date": "9999-12-31"},
        {"birth_date": "0001-01-01"},
        {"document": "\x00"},
        {"name": "\u202eevil\u2066"},
        {"name": "\ud83d\ude00" * 3},
    ],
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
    [
        ("GET", "/api/v1/offices/nowhere", 404),
        ("GET", "/api/v1/offices/nowhere/availability?service=PICK", 404),
        ("GET", "/api/v1/offices/" + "x" * 4_000, 404),
        ("GET", "/api/v1/offices/%00", 404),
        ("GET", "/api/v1/offices/%ff%fe", 404),
        ("GET", "/api/v1/offices/%zz", 404),
        ("GET", "/api/v1/bookings/%00", 403),
        ("GET", "/api/v1/bookings/%ED%A0%80", 403),
        ("GET", "/api/v1/tickets/%00", 404),
        ("GET", "/api/v1/displays/%00.x/board", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v2/offices", 404),
        ("PUT", "/api/v1/offices", 405),
        ("DELETE", "/api/v1/offices/heidelberg", 405),
        ("PATCH", HOLDS, 405),
        ("GET", HOLDS, 405),
        ("POST", "/api/v1/holds/nonsense/extend", 403),
        ("DELETE", "/api/v1/holds/nonsense", 403),
        ("POST", "/api/v1/holds/heidelberg.%00/extend", 403),
        ("POST", "/api/v1/desks/nonsense/next", 401),
        ("POST", "/api/v1/visits/nonsense/finish", 401),
    ],
)
def test_addresses_that_lead_nowhere(hall: Hall, method: str, path: str, status: int) -> None:
    answer = hall.anyone.request(method, path)
    found = said(answer)
    assert answer.status_code == status, found


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Accept-Language", "x" * 8_000),
        ("Accept-Language", "de;q=nonsense,*;q=-1"),
        ("Authorization", "x" * 8_000),
        ("Authorization", "Bearer \xff\xfe"),
        ("Second-Factor", "\xff"),
        ("Second-Factor", "9999-99-99"),
        ("Cookie", "queue_staff=\xff; =;;; queue_device=" + "x" * 4_000),
        ("If-None-Match", "*"),
        ("Origin", "null"),
        ("Origin", "http://["),
        ("Host", "evil.example"),
    ],
)
def test_strange_headers(hall: Hall, header: str, value: str) -> None:
    for method, path in (("GET", "/api/v1/bookings/23456789"), ("DELETE", "/api/v1/holds/x.y")):
        raw = [(header.encode(), value.encode("latin-1"))]
        answer = hall.anyone.request(method, path, headers=raw)
        assert answer.status_code < 500, answer.text
    assert hall.anyone.get("/api/v1/offices", headers=raw).status_code == 200


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
    [
        {"code": "x" * 40_000},
        {"code": "\x00"},
        {"code": 23456789},
        {"code": None},
        {"walk_in": {}},
        {"walk_in": {"service": "PICK", "persons": -1}},
        {"walk_in": {"service": "PICK", "persons": 2**63}},
        {"walk_in": {"service": "PICK", "language": "x" * 40_000}},
        {"walk_in": {"service": "PICK", "postcode": "x" * 40_000}},
        {"walk_in": {"service": "PICK", "name": "Amal"}},
        {"code": "23456789", "vip": True},
    ],
)
def test_an_impossible_check_in(hall: Hall, wish: dict[str, object]) -> None:
    said(hall.kiosk.post(CHECK_INS, json=wish))


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("number", ["", "\x00", "x" * 40_000, 417, None])
def test_an_impossible_call(hall: Hall, number: object) -> None:
    path = "/api/v1/desks/heidelberg.1/call"
    said(hall.staff().post(path, json={"number": number}))


PAGES = [
    "/xx",
    "/xx/heidelberg",
    "/de/nowhere",
    "/de/heidelberg/service/NONE",
    "/de/heidelberg/book",
    "/de/heidelberg/book?service=NONE",
    "/de/heidelberg/book?service=PICK&persons=x",
    "/de/heidelberg/book?service=PICK&persons=99999999999999999999",
    "/de/heidelberg/book?service=PICK&day=9999-12-31",
    "/de/heidelberg/book?service=PICK&day=0001-01-01",
    "/de/heidelberg/book?service=PICK&day=x",
    "/de/heidelberg/details",
    "/de/heidelberg/details?service=PICK",
    "/de/b/23456789",
    "/de/b/23456789/" + "A" * 26,
    "/de/b/%00/%00",
    "/de/b/23456789/" + "A" * 26 + "/termin.ics",
    "/de/t/" + "A" * 26,
    "/de/t/%00",
    "/de/kiosk",
    "/de/kiosk?sorry=nonsense",
    "/de/desk/nonsense",
    "/de/desk/heidelberg.1",
    "/de/staff/nothing",
    "/board/nowhere.x",
    "/board/heidelberg.x",
    "/board/heidelberg.x?diagonal=0",
    "/board/heidelberg.x?diagonal=nan",
    "/T/AAAAAAAA",
    "/T/%00",
    "/qr/%00.svg",
    "/qr/" + "x" * 3_000 + ".svg",
    "/enrol/nonsense",
    "/enrol/%00",
    "/static/x/app.css",
    "/screen/x/board.js",
    "/demo/letters",
    "/%ff%fe",
    "/de/%ff",
    "/" + "x" * 4_000,
    "/de/../../etc/passwd",
    "/de/heidelberg/" + "x/" * 50,
]


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
    [
        "/de/heidelberg/book",
        "/de/heidelberg/details",
        "/de/b",
        "/de/b/23456789/AAAAAAAAAAAAAAAAAAAAAAAAAA/cancel",
        "/de/b/23456789/AAAAAAAAAAAAAAAAAAAAAAAAAA/move",
        "/de/b/23456789/AAAAAAAAAAAAAAAAAAAAAAAAAA/confirm",
        "/de/staff",
        "/de/staff/out",
        "/de/kiosk/check-in",
        "/de/desk/heidelberg.1/next",
        "/de/desk/heidelberg.1/nonsense",
    ],
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
