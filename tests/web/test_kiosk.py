"""Arriving over HTTP: a code, a link, no appointment; a number, a ticket, a range of minutes."""

import re
import secrets
from datetime import timedelta

import httpx
import pytest

from queue_service.model.codes import TOKEN_ALPHABET
from tests.city import BEGIN
from tests.served import Hall, ask, client, events, soon

CHECK_INS = "/api/v1/kiosk/check-ins"


def check_in(hall: Hall, code: str, **headers: str) -> httpx.Response:
    return hall.kiosk.post(CHECK_INS, json={"code": code}, headers=headers)


def test_a_booking_checks_in_by_its_code(hall: Hall) -> None:
    booking = hall.book_soon()
    answer = check_in(hall, booking["code"])
    given = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(f"[{TOKEN_ALPHABET}]{{26}}", given["ticket"])
    assert re.fullmatch("[A-Z][0-9]{3}", given["number"])
    assert 0 <= given["wait"]["from"] <= given["wait"]["to"]
    assert given["instructions"] == "wait_early"
    assert given["language"] == "en"
    shown = hall.anyone.get(
        f"/api/v1/bookings/{booking['code']}",
        headers={"Authorization": f"Bearer {booking['secret']}"},
    ).json()
    assert shown["state"] == "arrived"


@pytest.mark.parametrize(
    "scanned",
    [
        "https://example.org/T/{code}",
        "HTTPS://EXAMPLE.ORG/T/{code}",
        "HTTPSÖ--EXAMPLE:ORG-T-{code}",
        "  {code}\n",
        "{lower}",
    ],
)
def test_a_scanned_link_is_as_good_as_the_code(hall: Hall, scanned: str) -> None:
    code = hall.book_soon()["code"]
    answer = check_in(hall, scanned.format(code=code, lower=code.lower()))
    assert answer.status_code == 201, answer.text


def test_scanning_again_shows_the_same_ticket(hall: Hall) -> None:
    code = hall.book_soon()["code"]
    first, *again = [check_in(hall, code).json() for _ in range(3)]
    for each in again:
        assert (each["ticket"], each["number"]) == (first["ticket"], first["number"])
        assert each["instructions"] == "already_checked_in"
    keyed = [check_in(hall, code, **{"Idempotency-Key": "scan"}).json() for _ in range(2)]
    assert keyed[0] == keyed[1]
    visits = ask(hall.served.city, "select count(*) from visit where number = $1", first["number"])
    assert visits[0][0] == 1


def test_without_appointment_one_gets_a_number_in_ones_language(hall: Hall) -> None:
    given = hall.walk_in()
    assert given["language"] == "ar"
    assert given["instructions"] == "wait"
    ticket = hall.anyone.get(f"/api/v1/tickets/{given['ticket']}").json()
    assert ticket["language"] == "ar"
    assert ticket["number"] == given["number"]


def test_a_number_is_given_once_for_a_key(hall: Hall) -> None:
    wish, key = {"walk_in": {"service": "PICK"}}, {"Idempotency-Key": secrets.token_hex()}
    first, again = (hall.kiosk.post(CHECK_INS, json=wish, headers=key).json() for _ in range(2))
    assert (first["ticket"], first["number"]) == (again["ticket"], again["number"])
    other = hall.kiosk.post(CHECK_INS, json={"walk_in": {"service": "BIO"}}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_no_two_people_get_one_number(hall: Hall) -> None:
    numbers = [hall.walk_in("INFO")["number"] for _ in range(30)]
    assert len(set(numbers)) == 30
    assert len({number[0] for number in numbers}) == 1, "the letter says nothing about anybody"


def test_staff_at_the_entrance_may_check_in(hall: Hall) -> None:
    answer = hall.staff("guide").post(CHECK_INS, json={"walk_in": {"service": "PICK"}})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"code": "23456789"}, 404, "unknown_code"),
        ({"code": "!!!"}, 404, "unknown_code"),
        ({"code": "ABC"}, 404, "unknown_code"),
        ({}, 422, "invalid"),
        ({"code": "23456789", "walk_in": {"service": "PICK"}}, 422, "invalid"),
        ({"walk_in": {"service": "NONE"}}, 404, "unknown_service"),
        ({"walk_in": {"service": "PICK", "persons": 9}}, 422, "too_many_persons"),
        ({"walk_in": {"service": "APPL"}}, 409, "no_walk_ins"),
    ],
)
def test_who_cannot_check_in_learns_why(
    hall: Hall, wish: dict[str, object], status: int, code: str
) -> None:
    answer = hall.kiosk.post(CHECK_INS, json=wish)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["next_step"]


def test_who_comes_on_another_day_learns_which(hall: Hall) -> None:
    booking = hall.book()
    said = check_in(hall, booking["code"]).json()
    assert said["code"] == "other_day"
    assert said["start"] == booking["start"]
    with client(hall.served) as screen:
        screen.cookies.set("queue_device", hall.links.kiosk.key)
        back = screen.post("/en/kiosk/check-in", data={"code": booking["code"]})
        assert back.headers["location"] == "/en/kiosk/code?sorry=other_day"
        assert f"at {booking['start'][11:16]}." in screen.get(back.headers["location"]).text
        screen.get("/en/kiosk")
        assert "queue_sorry" not in screen.cookies, "nothing is left for the next"


def test_who_comes_far_too_early_learns_from_when(hall: Hall) -> None:
    latest = hall.free(first=BEGIN.date(), days=0)[-1]
    held = hall.ask_hold(latest).json()
    said = check_in(hall, hall.confirm(held).json()["code"]).json()
    assert said["code"] == "too_early"
    assert said["check_in_from"] > (BEGIN + timedelta(hours=1)).isoformat()


def test_who_comes_to_the_wrong_office_learns_the_right_one(hall: Hall, stuttgart: Hall) -> None:
    booking = stuttgart.book("PICK")
    answer = check_in(hall, booking["code"])
    assert (answer.status_code, answer.json()["code"]) == (409, "other_office")
    assert answer.json()["office_name"]["en"] == "Stuttgart immigration office"


def test_who_cancelled_does_not_check_in(hall: Hall) -> None:
    booking = hall.book_soon()
    hall.anyone.delete(
        f"/api/v1/bookings/{booking['code']}",
        headers={"Authorization": f"Bearer {booking['secret']}"},
    )
    answer = check_in(hall, booking["code"])
    assert (answer.status_code, answer.json()["code"]) == (409, "cancelled")


def test_only_devices_and_staff_check_people_in(hall: Hall) -> None:
    wish = {"walk_in": {"service": "PICK"}}
    assert hall.anyone.post(CHECK_INS, json=wish).status_code == 401
    board = hall.client(hall.links.board.key)
    assert board.post(CHECK_INS, json=wish).status_code == 403
    forged = hall.links.kiosk.key[:-1] + ("2" if hall.links.kiosk.key[-1] != "2" else "3")
    assert hall.client(forged).post(CHECK_INS, json=wish).status_code == 401


def test_a_ticket_opens_for_its_owner_alone(hall: Hall) -> None:
    for code in ("A" * 26, "A" * 25, "a" * 26, "../../etc/passwd", "%00"):
        answer = hall.anyone.get(f"/api/v1/tickets/{code}")
        assert answer.status_code == 404, code
    answer = hall.anyone.get(f"/api/v1/tickets/{'A' * 26}")
    assert answer.json()["code"] == "unknown_ticket"


def test_a_ticket_follows_its_visit(hall: Hall) -> None:
    hall.clear()
    mine, behind = hall.walk_in(), hall.walk_in()
    path = f"/api/v1/tickets/{behind['ticket']}"
    soon(lambda: hall.anyone.get(path).json()["ahead"], lambda ahead: ahead == 1)
    with events(hall.anyone, f"{path}/stream") as stream:
        assert next(stream).name == "state"
        shown = hall.press("1").json()
        assert shown["current"]["number"] == mine["number"]
        state = next(e for e in stream if e.name == "state" and e.data["ahead"] == 0)
        assert state.id == shown["seq"]
        shown = hall.press("2").json()
        state = next(e for e in stream if e.name == "state" and e.data["state"] == "called")
        assert state.data["counter"] == "2"
        assert state.data["counter_name"] == "الشباك 2"
        assert state.data["wait"] is None
        hall.on_visit(shown["current"]["visit"], "finish")
        state = next(e for e in stream if e.name == "state" and e.data["state"] == "finished")
        assert state.data["counter"] is None
