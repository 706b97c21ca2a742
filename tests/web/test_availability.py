"""What is free: read by anyone, cheap to ask again, the same as what can be booked."""

import gzip
from datetime import date, timedelta

import httpx
import pytest

from tests.city import BEGIN
from tests.served import Hall, instant, soon

PATH = "/api/v1/offices/heidelberg/availability"
TODAY = BEGIN.date()


def test_offices_say_what_they_offer_in_their_languages(hall: Hall) -> None:
    said = hall.anyone.get("/api/v1/offices").json()["offices"]
    assert [office["office"] for office in said] == ["heidelberg", "stuttgart"]
    for office in said:
        assert {"de", "en", "ar"} <= set(office["languages"])
        assert {"de", "en", "ar"} <= set(office["name"])
        assert all(service["service"] and service["name"]["de"] for service in office["services"])


def test_an_office_says_its_rules(hall: Hall) -> None:
    office = hall.anyone.get("/api/v1/offices/heidelberg").json()
    pickup = next(each for each in office["services"] if each["service"] == "PICK")
    assert pickup["minutes_first"] == 7
    assert pickup["minutes_next"] == 3
    assert pickup["bookable"] is True
    assert (pickup["first_come"], pickup["window_days"]) == (True, None)
    assert pickup["required"] == ["name"]
    assert pickup["bring"]
    assert office["counters"][0]["counter"] == "heidelberg.1"
    assert office["rules"]["booking"]["window_days"] == 14
    assert office["rules"]["booking"]["release"]["busy_above"] == 1.0
    assert instant(office["now"]).date() == TODAY
    assert office["closures"][0]["reason"]["en"] == "Christmas Eve"


def test_a_month_has_a_state_for_every_day(hall: Hall) -> None:
    last = TODAY + timedelta(days=31)
    asked = {"service": "PICK", "from": f"{TODAY}", "to": f"{last}"}
    said = hall.anyone.get(PATH, params=asked).json()
    assert said["office"] == "heidelberg"
    assert said["services"] == [{"service": "PICK", "persons": 1}]
    assert said["minutes"] == 10
    states = {date.fromisoformat(day["date"]): day["state"] for day in said["days"]}
    assert list(states) == [TODAY + timedelta(days=n) for n in range(32)]
    assert states[TODAY] == "free"
    assert states[date(2026, 11, 28)] == "closed"
    assert states[date(2026, 12, 24)] != "free"
    assert states[TODAY + timedelta(days=20)] == "not_yet"
    assert all(bool(day["starts"]) == (day["state"] == "free") for day in said["days"])


def test_starts_carry_offset_and_places(hall: Hall) -> None:
    asked = {"service": "PICK", "from": "2026-11-24", "to": "2026-11-24"}
    (day,) = hall.anyone.get(PATH, params=asked).json()["days"]
    first = day["starts"][0]
    assert first["start"] == "2026-11-24T08:00:00+01:00"
    assert first["places"] > 1


def test_several_services_take_longer(hall: Hall) -> None:
    asked = [("service", "PICK"), ("persons", "3"), ("service", "BIO"), ("persons", "1")]
    said = hall.anyone.get(PATH, params=asked).json()
    assert said["services"] == [
        {"service": "PICK", "persons": 3},
        {"service": "BIO", "persons": 1},
    ]
    assert said["minutes"] == 25


def test_the_second_look_costs_nothing(hall: Hall) -> None:
    first = hall.anyone.get(PATH, params={"service": "PICK"})
    tag = first.headers["etag"]
    for validator in (tag, f"W/{tag}"):
        again = hall.anyone.get(
            PATH, params={"service": "PICK"}, headers={"If-None-Match": validator}
        )
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == tag
    hall.hold("PICK")

    def look() -> httpx.Response:
        return hall.anyone.get(PATH, params={"service": "PICK"}, headers={"If-None-Match": tag})

    changed = soon(look, lambda answer: answer.status_code == 200)
    assert changed.headers["etag"] != tag


def test_answers_are_compressed_for_who_can_read_it(hall: Hall) -> None:
    plain = hall.anyone.get(PATH, params={"service": "BIO"}, headers={"Accept-Encoding": ""})
    assert "content-encoding" not in plain.headers
    asked = hall.anyone.build_request(
        "GET", PATH, params={"service": "BIO"}, headers={"Accept-Encoding": "gzip"}
    )
    answer = hall.anyone.send(asked, stream=True)
    packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert len(packed) < len(plain.content) / 5
    assert gzip.decompress(packed) == plain.content


def test_a_hold_takes_a_place_and_gives_it_back(hall: Hall) -> None:
    held = hall.hold("FIKT")
    day = held["start"][:10]

    def starts() -> dict[str, int]:
        asked = {"service": "FIKT", "from": day, "to": day}
        (found,) = hall.anyone.get(PATH, params=asked).json()["days"]
        return {start["start"]: start["places"] for start in found["starts"]}

    def places() -> int:
        return starts().get(held["start"], 0)

    most = max(starts().values())
    during = soon(places, lambda left: left < most)
    freed = hall.anyone.delete(
        f"/api/v1/holds/{held['hold']}", headers={"Authorization": f"Bearer {held['secret']}"}
    )
    assert freed.status_code == 204
    soon(places, lambda left: left > during)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"service": "PICK", "from": "2026-11-23", "to": "2027-01-24"}, "invalid"),
        ({"service": "PICK", "from": "2026-11-23", "to": "2026-11-22"}, "invalid"),
        ({"service": "PICK", "from": "tomorrow"}, "invalid"),
        ({"service": "PICK", "persons": "many"}, "invalid"),
        ({"service": "PICK", "persons": "0"}, "invalid"),
        ({"service": "PICK", "persons": "1_0"}, "invalid"),
        ({"service": "PICK", "from": "20261123"}, "invalid"),
        ({"service": "PICK", "from": "2026-W48-1"}, "invalid"),
        ({"service": "PICK", "from": ["2026-11-23", "2026-11-24"]}, "invalid"),
        ({"service": "PICK", "persons": "9"}, "too_many_persons"),
        ({"service": ["PICK"], "persons": ["1", "2"]}, "invalid"),
        ({"service": ["PICK"] * 9}, "invalid"),
        ({"service": "NONE"}, "unknown_service"),
        ({"service": "INFO"}, "no_appointment_needed"),
        ({"service": "PICK", "from": "9999-12-31"}, "invalid"),
        ({"service": "PICK", "from": "0001-01-01", "to": "0001-01-02"}, "invalid"),
        ({}, "field_required"),
    ],
)
def test_what_cannot_be_asked_is_explained(hall: Hall, asked: dict[str, str], code: str) -> None:
    answer = hall.anyone.get(PATH, params=asked)
    assert (answer.status_code in (404, 409, 422), answer.json()["code"]) == (True, code)
    assert answer.json()["next_step"]


def test_sixty_two_days_are_the_most(hall: Hall) -> None:
    asked = {"service": "PICK", "from": "2026-11-23", "to": "2027-01-23"}
    assert len(hall.anyone.get(PATH, params=asked).json()["days"]) == 62
