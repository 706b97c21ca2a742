"""Staff at the API and on their pages: who may, what is answered, and what nobody else sees."""

import re
import secrets
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import httpx
import pytest

from tests.city import BEGIN, set_clocks
from tests.served import Hall, ask, instant, own
from tests.web.shapes import shaped


def path(hall: Hall, rest: str) -> str:
    return f"/api/v1/offices/{hall.office}/{rest}"


def by_staff(hall: Hall, start: str, role: str = "manager", **more: object) -> httpx.Response:
    wish = {
        "services": [{"service": "LOSS", "persons": 1}],
        "start": start,
        "applicant": {"name": f"Amal {secrets.token_hex(4)}"},
        **more,
    }
    return hall.staff(role).post(path(hall, "bookings"), json=wish)


def test_staff_book_on_the_same_places(hall: Hall) -> None:
    start = hall.free("LOSS")[5]
    given = by_staff(hall, start, "clerk")
    assert given.status_code == 201, given.text
    assert given.json()["state"] == "booked"
    assert given.json()["code"]
    full = by_staff(hall, start, "clerk")
    assert (full.status_code, full.json()["code"]) == (409, "slot_full")
    assert hall.ask_hold(start, "LOSS").json()["code"] == "slot_full"


def test_beyond_the_places_only_with_role_and_reason(hall: Hall) -> None:
    start = hall.free("LOSS")[9]
    assert by_staff(hall, start, "clerk").status_code == 201
    denied = by_staff(hall, start, "clerk", exceed_reason="hardship")
    assert (denied.status_code, denied.json()["code"]) == (403, "not_allowed")
    assert by_staff(hall, start, "manager", exceed_reason="hardship").status_code == 201
    assert by_staff(hall, start, "manager").json()["code"] == "slot_full"


def test_strangers_do_not_book_as_staff(hall: Hall, stuttgart: Hall) -> None:
    wish = {
        "services": [{"service": "LOSS"}],
        "start": hall.free("LOSS")[0],
        "applicant": {"name": "x"},
    }
    path = "/api/v1/offices/heidelberg/bookings"
    assert hall.anyone.post(path, json=wish).status_code == 401
    assert hall.kiosk.post(path, json=wish).status_code == 403
    assert stuttgart.staff("manager").post(path, json=wish).status_code == 403


def test_two_appointments_trade_their_times(hall: Hall) -> None:
    free = hall.free("LOSS")
    first, second = (by_staff(hall, start).json() for start in (free[0], free[-1]))
    wish = {"one": first["code"], "other": second["code"].lower(), "reason": "agreed"}
    denied = hall.staff("guide").post(path(hall, "swaps"), json=wish)
    assert (denied.status_code, denied.json()["code"]) == (403, "not_allowed")
    key = {"Idempotency-Key": str(uuid.uuid4())}
    done, again = (hall.staff().post(path(hall, "swaps"), json=wish, headers=key) for _ in range(2))
    shaped("POST /offices/{office}/swaps", done)
    assert done.json() == again.json()
    assert done.json()["one"]["start"] == second["start"]
    assert done.json()["other"]["start"] == first["start"]
    assert "secret" not in done.text
    shown = hall.anyone.get(f"/api/v1/bookings/{first['code']}", headers=own(first)).json()
    assert shown["start"] == second["start"]
    clerk = hall.staff()
    with ThreadPoolExecutor(4) as pool:
        pressed = list(pool.map(lambda _: clerk.post(path(hall, "swaps"), json=wish), range(4)))
    assert {each.status_code for each in pressed} == {200}, [each.text for each in pressed]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"one": "23456789", "other": "23456788", "reason": "agreed"}, 404),
        ({"one": "23456789", "other": "23456788", "reason": "because"}, 422),
        ({"one": "23456789", "other": "23456788"}, 422),
        ({"one": "x" * 5_000, "other": "", "reason": "agreed"}, 422),
        ({"one": "", "other": "", "reason": "agreed", "more": 1}, 422),
    ],
)
def test_a_swap_of_nothing(hall: Hall, body: dict[str, object], status: int) -> None:
    answer = hall.staff().post(path(hall, "swaps"), json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["next_step"]


def test_staff_move_and_restore_and_the_list_shows_it(hall: Hall) -> None:
    free = hall.free("LOSS")
    booking = by_staff(hall, free[3]).json()
    at = path(hall, f"bookings/{booking['code']}")
    moved = hall.staff().post(f"{at}/move", json={"start": free[4]})
    assert shaped("POST /offices/{office}/bookings/{code}/move", moved)["start"] == free[4]
    assert hall.anyone.delete(
        f"/api/v1/bookings/{booking['code']}", headers=own(booking)
    ).is_success
    day = {"day": free[4][:10]}
    answer = hall.staff().get(path(hall, "bookings"), params=day)
    listed = shaped("GET /offices/{office}/bookings", answer)["bookings"]
    states = {each["code"]: each["state"] for each in listed}
    assert states[booking["code"]] == "cancelled"
    wish, key = {"reason": "cancelled_by_mistake"}, {"Idempotency-Key": "restore it once"}
    restored = hall.staff().post(f"{at}/restore", json=wish, headers=key)
    shaped("POST /offices/{office}/bookings/{code}/restore", restored)
    assert (restored.json()["state"], restored.json()["start"]) == ("booked", free[4])
    twice = hall.staff().post(f"{at}/restore", json={"reason": "cancelled_by_mistake"})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_booked")
    early = hall.staff().post(f"{at}/no-show")
    assert (early.status_code, early.json()["code"]) == (409, "not_missed_yet")
    since = instant(early.json()["noted_from"])
    assert since - instant(free[4]) == timedelta(minutes=10)
    assert since.strftime("%H:%M") in early.json()["detail"]
    assert hall.staff().post(f"{at}/move", json={"start": free[5]}).is_success
    again = hall.staff().post(f"{at}/restore", json=wish, headers=key)
    assert (again.status_code, again.json()) == (200, restored.json())


def test_what_was_given_beyond_the_places_is_marked_and_counted_for_managers(hall: Hall) -> None:
    start = hall.free("LOSS")[-1]
    while (answer := by_staff(hall, start)).status_code == 201:
        assert answer.json()["overbooked"] is False
    assert answer.json()["code"] == "slot_full"
    denied = by_staff(hall, start, "clerk", exceed_reason="hardship")
    assert denied.status_code == 403
    over = by_staff(hall, start, "case_worker", exceed_reason="hardship")
    assert over.status_code == 201, over.text
    assert over.json()["overbooked"] is True
    unknown = by_staff(hall, start, exceed_reason="because_i_can")
    assert unknown.status_code == 422
    figures = (
        hall.staff("manager")
        .get(path(hall, "overbooked"), params={"first": start[:10]})
        .json()["days"]
    )
    assert figures[0] == {"date": start[:10], "overbooked": 1}
    assert len(figures) == 14
    assert hall.staff().get(path(hall, "overbooked")).status_code == 403


@pytest.mark.parametrize("rest", ["bookings", "overbooked"])
def test_strangers_and_other_offices_see_nothing(hall: Hall, stuttgart: Hall, rest: str) -> None:
    assert hall.anyone.get(path(hall, rest)).status_code == 401
    assert stuttgart.staff("manager").get(path(hall, rest)).status_code == 403
    assert hall.kiosk.get(path(hall, rest)).status_code == 403


def test_a_code_of_another_office_is_unknown_here(hall: Hall, stuttgart: Hall) -> None:
    there = stuttgart.book("TRAN")
    answer = hall.staff().post(
        path(hall, f"bookings/{there['code']}/restore"), json={"reason": "illness"}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_booking")


def sign_in(hall: Hall, role: str) -> httpx.Client:
    somebody = hall.client()
    somebody.cookies.set("queue_staff", hall.token(role))
    return somebody


def test_pages_lead_those_who_may_not_to_where_they_may(hall: Hall) -> None:
    for rest in ("appointments", "appointments/23456789", "book"):
        asked = hall.anyone.get(f"/de/staff/{hall.office}/{rest}")
        assert (asked.status_code, asked.headers["location"]) == (303, "/de/staff")
        strange = sign_in(hall, "manager").get(f"/en/staff/stuttgart/{rest}")
        assert strange.status_code == 403
    posted = sign_in(hall, "guide").post(f"/en/staff/{hall.office}/appointments/23456789/no_show")
    assert posted.status_code == 403
    for act in ("nonsense", "moved", "swapped", "restored", "cancelled", "no_show"):
        clerk = sign_in(hall, "clerk")
        answer = clerk.post(f"/en/staff/{hall.office}/appointments/23456789/{act}")
        assert 400 <= answer.status_code < 500, act


def test_a_page_books_beyond_the_places_only_with_role_and_reason(hall: Hall) -> None:
    start = hall.free("LOSS")[-3]
    while by_staff(hall, start).status_code == 201:
        pass
    form = {"service": "LOSS", "persons": "1", "day": start[:10], "start": start, "name": "Amal"}
    at = f"/en/staff/{hall.office}/book"
    clerk, worker = sign_in(hall, "clerk"), sign_in(hall, "case_worker")
    assert "Reason to exceed" not in clerk.get(at, params=form).text
    assert clerk.post(at, data=form | {"reason": "hardship"}).status_code == 403
    full = worker.post(at, data=form)
    assert full.status_code == 409
    assert "nearest free times" in full.text
    done = worker.post(at, data=form | {"reason": "hardship", "idempotency_key": str(uuid.uuid4())})
    assert done.status_code == 303, done.text
    shown = worker.get(done.headers["location"]).text
    assert "beyond the places" in shown
    of_day = f"/en/staff/{hall.office}/appointments?day={start[:10]}"
    assert re.search(r"appointments? of this day w", sign_in(hall, "manager").get(of_day).text)
    assert "of this day w" not in worker.get(of_day).text


def test_pages_name_every_fault_at_once_and_keep_what_was_typed(hall: Hall) -> None:
    code = by_staff(hall, hall.free("LOSS")[-9]).json()["code"]
    wish = {"other": "ZZZZ-2345", "reason": "agreed"}
    one = f"/en/staff/{hall.office}/appointments/{code}"
    swapped = sign_in(hall, "clerk").post(f"{one}/swapped", data=wish)
    assert swapped.status_code == 404
    assert re.search(r'name="other"[^>]*value="ZZZZ-2345"[^>]*aria-invalid="true"', swapped.text)
    change = {"kind": "places", "limit": "none", "add": "many", "first": "x"}
    console = f"/en/console/{hall.office}/capacity/preview"
    shown = sign_in(hall, "manager").get(console, params=change).text
    for fault in ("a whole number", "a valid day", "fill in this field"):
        assert fault in shown


def test_names_stand_on_the_staffs_pages_alone(hall: Hall) -> None:
    name = f"Zaphod {secrets.token_hex(4)}"
    start = hall.free("LOSS")[8]
    by_staff(hall, start, applicant={"name": name})
    assert (
        name
        in sign_in(hall, "guide").get(f"/en/staff/{hall.office}/appointments?day={start[:10]}").text
    )
    assert name not in hall.staff().get(path(hall, "bookings"), params={"day": start[:10]}).text
    assert ask(
        hall.served.city, "select count(*) from journal where body like $1", f"%{name}%"
    ) == [(0,)]


def test_figures_start_today_when_nobody_says_when(hall: Hall) -> None:
    answer = hall.staff("manager").get(path(hall, "overbooked"))
    days = shaped("GET /offices/{office}/overbooked", answer)["days"]
    assert datetime.fromisoformat(days[0]["date"]).date() == BEGIN.date()
    assert datetime.fromisoformat(days[-1]["date"]).date() == BEGIN.date() + timedelta(days=13)


def test_who_did_not_come_is_noted_once_late_people_lost_their_turn(hall: Hall) -> None:
    begun = hall.book_soon("LOSS")
    at = path(hall, f"bookings/{begun['code']}")
    set_clocks(hall.served.city, BEGIN + timedelta(minutes=50))
    try:
        assert hall.staff("guide").post(f"{at}/no-show").status_code == 403
        missed = hall.staff().post(f"{at}/no-show")
        assert (
            shaped("POST /offices/{office}/bookings/{code}/no-show", missed)["state"] == "no_show"
        )
        back = hall.staff().post(f"{at}/restore", json={"reason": "came_late"})
        assert (back.status_code, back.json()["state"]) == (200, "booked"), back.text
        page = (
            sign_in(hall, "clerk").get(f"/en/staff/{hall.office}/appointments/{begun['code']}").text
        )
        assert "Note that nobody came" in page
    finally:
        set_clocks(hall.served.city)
