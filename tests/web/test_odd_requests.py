"""What an examiner sends: people who cannot be, keys that meet, questions for the head alone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.served import Hall

PARTS = [{"service": "PICK", "persons": 1}]


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({"email": "amal@example"[:5]}, ["email"]),
        ({"email": "a@b.example, c@d.example"}, ["email"]),
        ({"phone": "call me"}, ["phone"]),
        ({"birth_date": "2026-11-24"}, ["birth_date"]),
        ({"birth_date": "1890-01-01", "email": "x"}, ["birth_date", "email"]),
        ({"name": "\u200b"}, ["name"]),
    ],
)
def test_who_cannot_be_is_told_which_answer_and_keeps_the_place(
    hall: Hall, said: dict[str, str], fields: list[str]
) -> None:
    held = hall.hold()
    refused = hall.confirm(held, **said)
    assert refused.status_code == 422
    assert refused.json()["code"] == "invalid"
    assert refused.json()["fields"] == fields
    assert hall.confirm(held).status_code == 201
    by_staff = {"services": PARTS, "start": hall.free()[0], "applicant": {"name": "Amal", **said}}
    wish = {"services": PARTS, "applicant": {"name": "Amal", "email": "a@example.org", **said}}
    for who, path, body in (
        (hall.staff(), "bookings", by_staff),
        (hall.anyone, "wishes", wish),
    ):
        answer = who.post(f"/api/v1/offices/{hall.office}/{path}", json=body)
        assert answer.json().get("fields") == fields, answer.text


def test_a_name_is_kept_without_signs_that_turn_the_line(hall: Hall) -> None:
    given = hall.confirm(hall.hold(), name="Amal \u202eevil\u2066\r\nÖztürk").json()
    assert given["name"] == "Amal evil Öztürk"
    own = {"Authorization": f"Bearer {given['secret']}"}
    shown = hall.anyone.get(f"/api/v1/bookings/{given['code']}", headers=own)
    assert shown.json()["name"] == "Amal evil Öztürk"


def test_weak_keys_of_two_people_on_the_list_are_two_keys(hall: Hall) -> None:
    path, keyed = f"/api/v1/offices/{hall.office}/wishes", {"Idempotency-Key": "1"}

    def join(who: httpx.Client, name: str) -> Any:
        applicant = {"name": name, "email": f"{name}@example.org"}
        wish = {"services": PARTS, "applicant": applicant}
        return who.post(path, json=wish, headers=keyed)

    first, again = join(hall.anyone, "first"), join(hall.anyone, "first")
    assert first.status_code == again.status_code == 201
    assert again.json()["code"] == first.json()["code"]
    assert join(hall.anyone, "second").json()["code"] == "key_reused"
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=hall.served.url, transport=elsewhere) as stranger:
        assert join(stranger, "second").status_code == 201


def test_cancelled_twice_at_once_is_cancelled(hall: Hall) -> None:
    given = hall.book()
    path, own = f"/api/v1/bookings/{given['code']}", {"Authorization": f"Bearer {given['secret']}"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: hall.anyone.delete(path, headers=own), range(4)))
    said = {(each.status_code, each.json().get("state")) for each in answers}
    assert said == {(200, "cancelled")}
    mine = f"/en/b/{given['code']}/{given['secret']}"
    start = {"start": hall.free()[0]}
    for answer in (hall.anyone.get(f"{mine}/move"), hall.anyone.post(f"{mine}/move", data=start)):
        assert (answer.status_code, answer.headers["location"]) == (303, mine)


@pytest.mark.parametrize(
    "path",
    ["", "/heidelberg", "/heidelberg/triage", "/heidelberg/availability?service=PICK", "kit"],
)
def test_a_validator_among_others_is_known(hall: Hall, path: str) -> None:
    asked = "/api/v1/guide/heidelberg/kit" if path == "kit" else f"/api/v1/offices{path}"
    who = hall.staff("guide") if path == "kit" else hall.anyone
    tag = who.get(asked).headers["etag"].removeprefix("W/")
    for known, status in ((f'"other", {tag}', 304), (f"W/{tag}", 304), ("*", 304), ('"x"', 200)):
        answer = who.get(asked, headers={"If-None-Match": known})
        assert answer.status_code == status, known


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [("gzip;q=0", False), ("br, gzip;q=0.5", True), ("*;q=0, gzip", True), ("*;q=0", False)],
)
def test_bytes_are_packed_for_who_reads_them(hall: Hall, accepted: str, zipped: bool) -> None:
    for path in ("/api/v1/offices", "/api/v1/offices/heidelberg/availability?service=BIO", "/de"):
        answer = hall.anyone.get(path, headers={"Accept-Encoding": accepted})
        assert ("content-encoding" in answer.headers) is zipped, path


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/de", "/api/v1/offices", "/api/v1/nothing", "/de/x"]
)
def test_the_head_alone(hall: Hall, path: str) -> None:
    whole, head = hall.anyone.get(path), hall.anyone.head(path)
    assert head.status_code == whole.status_code
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert head.headers.get("etag") == whole.headers.get("etag")
    assert head.content == b""


def test_the_head_of_a_stream_ends(hall: Hall) -> None:
    display = hall.links.board.device
    answer = hall.anyone.head(f"/api/v1/displays/{display}/stream")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_beyond_every_calendar(hall: Hall, day: str) -> None:
    manager = hall.staff("manager")
    for place, said, field in (
        ("bookings", {"day": day}, "day"),
        ("overbooked", {"first": day}, "first"),
        ("reports/waits", {"from": day, "to": day}, "from"),
        ("reports/reminders", {"from": day, "to": day}, "from"),
        ("reports/day", {"date": day}, "date"),
    ):
        refused = manager.get(f"/api/v1/offices/{hall.office}/{place}", params=said)
        assert refused.status_code == 422, place
        assert refused.json()["field"] == field
    cookies = {"queue_staff": hall.token("manager")}
    with httpx.Client(base_url=hall.served.url, cookies=cookies) as browser:
        for path, field in (
            ("staff/heidelberg/appointments", "day"),
            ("staff/heidelberg/day-list", "day"),
            ("console/heidelberg/reports", "day"),
            ("console/heidelberg/waits", "to"),
        ):
            assert browser.get(f"/en/{path}", params={field: day}).status_code == 200, path


@pytest.mark.parametrize(
    ("way", "path", "takes"),
    [
        ("PUT", "/api/v1/offices", "GET"),
        ("GET", "/api/v1/offices/heidelberg/holds", "POST"),
        ("DELETE", "/en/heidelberg", "GET"),
    ],
)
def test_another_method_is_told_which_there_are(
    hall: Hall, way: str, path: str, takes: str
) -> None:
    answer = hall.anyone.request(way, path)
    allowed = answer.headers["allow"]
    assert answer.status_code == 405
    assert takes in allowed.split(", ")
    assert ("HEAD" in allowed) is ("GET" in allowed)
    assert allowed in answer.text
    assert "does not exist" not in answer.text


def test_a_parameter_is_named_as_it_was_sent(hall: Hall) -> None:
    manager, held = hall.staff("manager"), hall.hold()
    days = manager.get(f"/api/v1/offices/{hall.office}/capacity", params={"from": "soon"})
    keyed = hall.confirm(held, key="k" * 201)
    for answer, name in ((days, "from"), (keyed, "Idempotency-Key")):
        assert answer.status_code == 422, answer.text
        assert [each["field"] for each in answer.json()["errors"]] == [name]
