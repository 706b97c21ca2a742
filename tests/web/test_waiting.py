"""The waiting list over HTTP: joined on a page, offered by letter, answered by one button."""

import re
from typing import Any

import httpx

from tests.served import Hall, soon
from tests.servers import Letters
from tests.web.shapes import shaped

API = "/api/v1/offices/stuttgart/wishes"
_LINK = re.compile(r"https?://\S+?(/\w\w/o/\S+)")


def wish(hall: Hall, name: str, key: str = "", **more: object) -> httpx.Response:
    said = {
        "services": [{"service": "LOSS", "persons": 1}],
        "applicant": {"name": name, "email": f"{name}@example.org"},
        "language": "en",
        **more,
    }
    return hall.anyone.post(API, json=said, headers={"Idempotency-Key": key} if key else {})


def own(shown: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown['secret']}"}


def offered(hall: Hall, shown: dict[str, Any]) -> dict[str, Any]:
    """The wish once the leader has made an offer."""

    def look() -> dict[str, Any]:
        answer = hall.anyone.get(f"/api/v1/wishes/{shown['code']}", headers=own(shown))
        return dict(shaped("GET /wishes/{code}", answer))

    return soon(look, lambda seen: seen["offer"] is not None, 20)


def letter_to(post: Letters, address: str, words: str) -> str:
    """The text of the letter to `address` that has these words."""

    def look() -> str:
        for letter in list(post.received):
            part = letter.get_body(("plain",))
            text = str(part.get_content()) if part else ""  # type: ignore[attr-defined]  # a message
            if letter["To"] == address and words in text:
                return text
        return ""

    return soon(look, bool, 20)


def test_joined_on_a_page_offered_by_letter_and_taken_by_a_button(
    stuttgart: Hall, post: Letters
) -> None:
    form = stuttgart.anyone.get("/en/stuttgart/waiting?service=LOSS&persons=1")
    assert form.status_code == 200
    nobody = stuttgart.anyone.post("/en/stuttgart/waiting", data={"service": "LOSS"})
    assert nobody.status_code == 422
    unreachable = {"service": "LOSS", "persons": "1", "name": "Page"}
    asked = stuttgart.anyone.post("/en/stuttgart/waiting", data=unreachable)
    assert asked.status_code == 422
    assert 'href="#email"' in asked.text
    said = {"service": "LOSS", "persons": "1", "name": "Page", "email": "page@example.org"}
    joined = stuttgart.anyone.post("/en/stuttgart/waiting", data=said)
    assert joined.status_code == 303
    page = stuttgart.anyone.get(joined.headers["location"])
    assert "You are on the waiting list." in page.text
    assert page.headers["cache-control"] == "no-store"
    found = _LINK.search(letter_to(post, "page@example.org", "/o/"))
    assert found
    link = found[1]
    for _ in range(2):  # scanners open it, and again
        assert "Yes, I take it" in stuttgart.anyone.get(link).text
    yes = stuttgart.anyone.post(f"{link}/accept")
    assert yes.status_code == 303
    assert "Your appointment is booked." in stuttgart.anyone.get(yes.headers["location"]).text
    assert "You took this place" in stuttgart.anyone.get(link).text
    again = stuttgart.anyone.post(f"{link}/accept")
    assert (again.status_code, again.headers["location"]) == (303, yes.headers["location"])
    late = stuttgart.anyone.post(f"{link}/decline")
    assert late.status_code == 410
    assert "You took this place" in late.text


def test_a_program_joins_declines_and_leaves(stuttgart: Hall) -> None:
    first = wish(stuttgart, "api", key="one wish and no more")
    shaped("POST /offices/{office}/wishes", first)
    assert first.headers["cache-control"] == "no-store"
    assert first.json() == wish(stuttgart, "api", key="one wish and no more").json() | {
        "offer": first.json()["offer"]
    }
    assert wish(stuttgart, "api").json()["code"] == "already_waiting"
    shown = offered(stuttgart, first.json())
    assert shown["place"] == {"from": 1, "to": 10}
    offer = shown["offer"]
    path = f"/api/v1/offers/{offer['code']}"
    assert stuttgart.anyone.get(path).status_code == 403
    shaped("GET /offers/{code}", stuttgart.anyone.get(path, headers=own(offer)))
    declined = stuttgart.anyone.post(f"{path}/decline", headers=own(offer))
    assert shaped("POST /offers/{code}/decline", declined)["state"] == "declined"
    over = stuttgart.anyone.post(f"{path}/accept", headers=own(offer))
    assert (over.status_code, over.json()["code"]) == (410, "offer_over")
    mine = f"/api/v1/wishes/{shown['code']}"
    assert stuttgart.anyone.delete(mine, headers=own(offer)).status_code == 403
    left = stuttgart.anyone.delete(mine, headers=own(shown))
    assert shaped("DELETE /wishes/{code}", left)["state"] == "left"
    other = offered(stuttgart, wish(stuttgart, "other").json())["offer"]
    path = f"/api/v1/offers/{other['code']}"
    taken = stuttgart.anyone.post(f"{path}/accept", headers=own(other))
    assert shaped("POST /offers/{code}/accept", taken)["booking"]["code"] == other["code"]


def test_an_earlier_place_is_asked_for_on_the_booking_page(stuttgart: Hall) -> None:
    booked = stuttgart.book("TRAN", email="earlier@example.org")
    page = f"/en/b/{booked['code']}/{booked['secret']}"
    assert "Earlier place, please" in stuttgart.anyone.get(page).text
    asked = stuttgart.anyone.post(f"{page}/earlier")
    assert asked.status_code == 303
    shown = stuttgart.anyone.get(asked.headers["location"]).text
    assert "Your appointment stays yours until you say yes" in shown
    assert stuttgart.anyone.post(f"{page}/earlier").headers["location"] == asked.headers["location"]
    by_program = stuttgart.anyone.post(
        f"/api/v1/bookings/{booked['code']}/earlier", headers=own(booked)
    )
    said = shaped("POST /bookings/{code}/earlier", by_program)
    assert (said["order"], said["booking"]["code"]) == ("earlier", booked["code"])
    mine = f"/api/v1/bookings/{booked['code']}"
    assert stuttgart.anyone.delete(mine, headers=own(booked)).is_success
    late = stuttgart.anyone.post(f"{mine}/earlier", headers=own(booked)).json()
    assert late["code"] == "cancelled"
    ended = stuttgart.anyone.get(asked.headers["location"]).text
    assert "your appointment has changed or ended" in ended
    assert "Leave the list" not in ended


def test_only_staff_and_devices_say_that_somebody_has_come(stuttgart: Hall) -> None:
    windows = [{"first": "2027-02-01", "last": "2027-02-01"}]
    waits = wish(stuttgart, "here", windows=windows).json()
    path = f"{API}/{waits['code']}/here"
    assert stuttgart.anyone.post(path).status_code == 401
    told = stuttgart.staff("guide").post(path)
    seen = shaped("POST /offices/{office}/wishes/{code}/here", told)
    assert (seen["state"], seen["secret"]) == ("open", "")


def test_what_cannot_be_meant_is_refused_by_name(stuttgart: Hall) -> None:
    bad = {
        "windows": [{"first": "2026-11-29", "last": "2026-11-28"}],
        "until": "2026-11-20T08:00:00+01:00",
    }
    for field, value in bad.items():
        answer = wish(stuttgart, f"bad-{field}", **{field: value})
        assert answer.status_code in (409, 422), answer.text
    closed = {"first": "2026-11-28", "last": "2026-12-06", "weekdays": [6]}
    night = {"first": "2026-11-23", "last": "2026-12-06", "opens": "20:00:00"}
    for never in (closed, night):
        refused = wish(stuttgart, "never", windows=[never]).json()
        assert (refused["code"], refused["field"]) == ("closed", "windows"), refused
    strange = wish(stuttgart, "bad", language="zz").json()
    assert (strange["code"], strange["field"]) == ("invalid", "language")
    assert "uk" in strange["languages"]
    assert "Українська" in strange["detail"]
    many = wish(stuttgart, "bad", services=[{"service": "LOSS", "persons": 51}]).json()
    assert many["detail"] == "Please look at: Number of persons."
    unknown = wish(stuttgart, "bad", colour="green")
    assert unknown.status_code == 422
    nameless = wish(stuttgart, "bad", applicant={"name": "No contact"})
    assert nameless.json()["code"] == "field_required"
