"""Bookings that a mailed link confirms: used twice, too late, and what their page says."""

import secrets

from tests.served import Hall, own
from tests.web.shapes import shaped


def test_a_mailed_link_is_used_twice_and_lapses_when_it_is_not(stuttgart: Hall) -> None:
    pending = stuttgart.book("APPL", email=f"{secrets.token_hex(4)}@example.org")
    assert pending["state"] == "pending"
    link = f"/api/v1/bookings/{pending['code']}/confirm"
    assert stuttgart.anyone.post(link).status_code == 403
    first, again = (stuttgart.anyone.post(link, headers=own(pending)) for _ in range(2))
    assert first.json() == again.json()
    assert shaped("POST /bookings/{code}/confirm", first)["state"] == "booked"
    assert stuttgart.book("APPL")["state"] == "booked", "without an address nobody waits for a link"
    page = f"/en/b/{pending['code']}/{pending['secret']}"
    pressed = stuttgart.anyone.post(f"{page}/confirm")
    assert pressed.status_code == 303
    assert (
        "Your appointment is confirmed." in stuttgart.anyone.get(pressed.headers["location"]).text
    )


def test_a_link_used_after_cancelling_books_nothing_and_says_so(stuttgart: Hall) -> None:
    pending = stuttgart.book("APPL", email=f"{secrets.token_hex(4)}@example.org")
    code = pending["code"]
    assert stuttgart.anyone.delete(f"/api/v1/bookings/{code}", headers=own(pending)).is_success
    for _ in range(2):
        late = stuttgart.anyone.post(f"/api/v1/bookings/{code}/confirm", headers=own(pending))
        assert (late.status_code, late.json()["code"]) == (409, "cancelled")
    pressed = stuttgart.anyone.post(f"/en/b/{code}/{pending['secret']}/confirm")
    assert pressed.status_code == 303
    shown = stuttgart.anyone.get(pressed.headers["location"]).text
    assert "This appointment was cancelled." in shown
    assert "Your appointment is confirmed." not in shown


def test_the_page_of_a_pending_booking_says_until_when(stuttgart: Hall) -> None:
    pending = stuttgart.book("APPL", email=f"{secrets.token_hex(4)}@example.org")
    shown = stuttgart.anyone.get(f"/en/b/{pending['code']}/{pending['secret']}?new=1").text
    assert "The place is kept for you until" in shown
    assert "Your appointment is booked." not in shown
