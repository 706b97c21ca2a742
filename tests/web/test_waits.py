"""Over HTTP: waits on tickets, "I am late", and what managers see of the forecasts' errors."""

from uuid import uuid4

from tests.served import Hall, soon

REPORT = "/api/v1/offices/heidelberg/reports/waits"


def test_a_ticket_says_how_long_and_why_in_plain_words(hall: Hall) -> None:
    tickets = [hall.walk_in("BIO") for _ in range(3)]

    def last() -> str:
        return hall.anyone.get(f"/de/t/{tickets[-1]['ticket']}").text

    page = soon(last, lambda text: "Warum warte ich?" in text)  # once the line was played
    assert "Ihre Wartezeit zählt ab dann." in page
    assert all(other["number"] not in page for other in tickets[:-1])
    shown = hall.anyone.get(f"/api/v1/tickets/{tickets[-1]['ticket']}").json()
    assert shown["wait"]["from"] < shown["wait"]["to"]
    assert shown["may_be_late"] is True


def test_i_am_late_is_said_once_a_key_and_without_a_script(hall: Hall) -> None:
    code = hall.walk_in("BIO")["ticket"]
    headers = {"Idempotency-Key": str(uuid4())}
    answers = [
        hall.anyone.post(f"/api/v1/tickets/{code}/late", json={"minutes": 10}, headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["away_until"] is not None
    form = {"idempotency_key": str(uuid4())}
    said = hall.anyone.post(f"/de/t/{code}/late", data=form)
    assert said.status_code == 303
    again = hall.anyone.post(f"/de/t/{code}/late", data={"idempotency_key": str(uuid4())})
    assert again.status_code == 409
    assert "schon zweimal" in again.text
    assert "Vor " in hall.anyone.get(f"/de/t/{code}").text
    refused = hall.anyone.post(f"/api/v1/tickets/{code}/late", json={"minutes": 10})
    assert (refused.status_code, refused.json()["code"]) == (409, "late_too_often")


def test_who_is_late_after_the_call_is_told_so_and_not_as_a_clerk(hall: Hall) -> None:
    ticket, desk = hall.walk_in("BIO"), hall.staff()
    assert desk.put("/api/v1/desks/heidelberg.1/state", json={"state": "open"}).is_success
    wish = {"number": ticket["number"], "reason": "other"}
    assert desk.post("/api/v1/desks/heidelberg.1/call", json=wish).is_success
    said = hall.anyone.post(f"/en/t/{ticket['ticket']}/late", data={})
    assert said.status_code == 409
    assert "Your turn can no longer be put off" in said.text
    assert "choose another number" not in said.text


def test_a_wrong_late_is_named(hall: Hall) -> None:
    code = hall.walk_in("BIO")["ticket"]
    for body in ({"minutes": 11}, {"minutes": 0}, {"minutes": 5, "more": 1}):
        answer = hall.anyone.post(f"/api/v1/tickets/{code}/late", json=body)
        assert answer.status_code in (400, 422)
        assert answer.json()["code"] == "invalid"
    nobody = hall.anyone.post(f"/api/v1/tickets/{'X' * 26}/late", json={})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown_ticket")
    assert hall.anyone.post(f"/de/t/{'X' * 26}/late", data={}).status_code == 404


def test_managers_see_the_errors_and_an_empty_day_says_so(hall: Hall) -> None:
    manager = hall.staff("manager")
    asked = manager.get(REPORT, params={"from": "2026-11-01", "to": "2026-11-02"})
    assert asked.status_code == 200
    assert asked.json() == {
        "office": "heidelberg",
        "from": "2026-11-01",
        "to": "2026-11-02",
        "days": [],
        "total": None,
    }
    wrong = manager.get(REPORT, params={"from": "2026-11-02", "to": "2026-11-01"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    assert hall.staff("clerk").get(REPORT).status_code == 403
    assert hall.anyone.get(REPORT).status_code == 401


def test_the_kiosk_says_at_the_door_how_long_each_service_takes(hall: Hall) -> None:
    hall.walk_in("BIO")

    def numbers() -> str:
        cookie = {"cookie": f"queue_device={hall.links.kiosk.key}"}
        return hall.anyone.get("/de/kiosk/number", headers=cookie).text

    page = soon(numbers, lambda text: "etwa " in text)
    assert page.count("etwa ") == page.count('name="service"')
