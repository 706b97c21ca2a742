"""An applicant's way through the public contract: book, look, move, cancel."""

import re

import httpx
import pytest

from queue_service.model.codes import CODE_ALPHABET
from tests.served import Hall, full_start, own, soon

# Bookings


def test_what_is_held_becomes_a_booking(hall: Hall) -> None:
    held = hall.hold()
    answer = hall.confirm(held, name="Amal Öztürk", email="amal@example.org")
    booking = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(f"[{CODE_ALPHABET}]{{8}}", booking["code"])
    assert re.fullmatch("[0-9]{6}", booking["pin"])
    assert booking["state"] == "booked"
    assert (booking["start"], booking["end"]) == (held["start"], held["end"])
    assert booking["office"] == "heidelberg"
    assert booking["services"] == [{"service": "PICK", "persons": 1}]
    assert booking["name"] == "Amal Öztürk"


def test_repeating_a_booking_gives_the_first_answer(hall: Hall) -> None:
    held = hall.hold()
    first = hall.confirm(held, "book it", name="Ayşe Demir")
    again = hall.confirm(held, "book it", name="Ayşe Demir")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = hall.confirm(held, "book it", name="Somebody Else")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    twice = hall.confirm(held, name="Ayşe Demir")
    assert (twice.status_code, twice.json()["code"]) == (409, "already_booked")


def test_the_service_says_what_must_be_given(hall: Hall) -> None:
    held = hall.hold("EMER")
    refused = hall.confirm(held, name="Amal")
    assert (refused.status_code, refused.json()["code"]) == (422, "field_required")
    assert refused.json()["fields"] == ["birth_date", "document"]
    given = hall.confirm(held, name="Amal", birth_date="1990-01-31", document="C01X00T47")
    assert given.status_code == 201


def test_one_person_has_one_booking_for_one_matter(hall: Hall) -> None:
    hall.book("PICK", name="Same Person", email="same@example.org")
    again = hall.confirm(hall.hold("PICK"), name="same  person", email="Same@example.org")
    assert (again.status_code, again.json()["code"]) == (409, "already_booked")
    other = hall.confirm(hall.hold("TRAN"), name="Same Person", email="same@example.org")
    assert other.status_code == 201


@pytest.fixture(scope="module")
def booked(hall: Hall) -> dict[str, str]:
    return dict(hall.book("BIO", email="mine@example.org", birth_date="1990-01-31"))


def look(hall: Hall, code: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return hall.anyone.get(f"/api/v1/bookings/{code}", headers=named)


def test_a_booking_opens_by_secret_birth_date_or_pin(hall: Hall, booked: dict[str, str]) -> None:
    proofs = (
        own(booked),
        {"Second_Factor": "1990-01-31"},
        {"Second_Factor": booked["pin"]},
    )
    for proof in proofs:
        answer = look(hall, booked["code"], **proof)
        assert answer.status_code == 200, proof
        assert answer.json() == booked
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer AAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"Authorization": "Basic bWU6bWU="},
        {"Second_Factor": "1990-01-30"},
        {"Second_Factor": "31.01.1990"},
        {"Second_Factor": "000000"},
        {"Second_Factor": ""},
    ],
)
def test_a_wrong_proof_opens_nothing(
    hall: Hall, booked: dict[str, str], proof: dict[str, str]
) -> None:
    for answer in (
        look(hall, booked["code"], **proof),
        hall.anyone.delete(
            f"/api/v1/bookings/{booked['code']}",
            headers={name.replace("_", "-"): value for name, value in proof.items()},
        ),
    ):
        assert answer.status_code == 403
        assert answer.json()["code"] == "wrong_secret"
    assert "Amal" not in answer.text


def test_an_unknown_code_is_no_more_telling_than_a_wrong_proof(
    hall: Hall, booked: dict[str, str]
) -> None:
    unknown, wrong = (
        look(hall, "23456789", Second_Factor="1990-01-30"),
        look(hall, booked["code"], Second_Factor="1990-01-30"),
    )
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())


def test_moving_takes_the_new_time_and_gives_the_old_one_back(hall: Hall) -> None:
    booking = hall.book("APPL")
    new = hall.free("APPL")[-1]
    path = f"/api/v1/bookings/{booking['code']}/move"
    headers = own(booking) | {"Idempotency-Key": "move it"}
    moved, again = (hall.anyone.post(path, json={"start": new}, headers=headers) for _ in range(2))
    assert moved.status_code == 200, moved.text
    assert moved.json() == again.json()
    assert moved.json()["start"] == new
    assert moved.json()["code"] == booking["code"]
    soon(lambda: hall.free("APPL"), lambda free: booking["start"] in free and new not in free)
    shown = look(hall, booking["code"], **own(booking)).json()
    assert shown["start"] == new


def test_moving_to_a_taken_time_keeps_the_old_one(hall: Hall) -> None:
    booking, start = hall.book("TRAN"), full_start(hall)
    path = f"/api/v1/bookings/{booking['code']}/move"
    refused = hall.anyone.post(path, json={"start": start}, headers=own(booking))
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_full")
    assert len(refused.json()["alternatives"]) == 3
    assert look(hall, booking["code"], **own(booking)).json()["start"] == booking["start"]


def test_cancelling_frees_the_time_and_may_be_repeated(hall: Hall) -> None:
    booking = hall.book("TRAN")
    path = f"/api/v1/bookings/{booking['code']}"
    for _ in range(2):
        answer = hall.anyone.delete(path, headers=own(booking))
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    soon(lambda: hall.free("TRAN"), lambda free: booking["start"] in free)
    moved = hall.anyone.post(f"{path}/move", json={"start": booking["start"]}, headers=own(booking))
    assert (moved.status_code, moved.json()["code"]) == (409, "cancelled")


# Words


@pytest.mark.parametrize(
    ("accept", "title"),
    [
        ("de-DE,de;q=0.9", "Die Angaben passen nicht zusammen"),
        ("en-GB", "The details do not match"),
        ("ar", "البيانات"),
        ("nl, en;q=0.5", "The details do not match"),
        ("tlh", "Die Angaben passen nicht zusammen"),
        ("", "Die Angaben passen nicht zusammen"),
        (";;;q=,,x" * 50, "Die Angaben passen nicht zusammen"),
    ],
)
def test_refusals_speak_the_readers_language(hall: Hall, accept: str, title: str) -> None:
    answer = hall.anyone.get("/api/v1/bookings/23456789", headers={"Accept-Language": accept})
    said = answer.json()
    assert title in said["title"]
    assert said["status"] == answer.status_code == 403
    assert said["type"].endswith("wrong_secret")
    assert said["detail"]
    assert said["next_step"]
    assert answer.headers["cache-control"] == "no-store"


def test_equal_keys_of_two_people_are_two_keys(hall: Hall) -> None:
    one, other = (hall.book("LOSS") for _ in range(2))
    free = hall.free("LOSS")
    moved = [
        hall.anyone.post(
            f"/api/v1/bookings/{booking['code']}/move",
            json={"start": start},
            headers=own(booking) | {"Idempotency-Key": "move"},
        )
        for booking, start in ((one, free[5]), (other, free[-1]))
    ]
    assert [answer.status_code for answer in moved] == [200, 200]
