"""Staff's pages about appointments in every language: accessible, at 320 pixels, in every state."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, SPOKEN, Opens, enter
from tests.browser.test_screens import Seen
from tests.served import Hall, hall_of


def look(seen: Seen, name: str) -> None:
    seen.look(name)
    seen.picture(f"appointments-{name}")


@pytest.mark.parametrize("lang", SPOKEN)
def test_appointments_of_a_day(opens: Opens, hall: Hall, lang: str) -> None:
    seen = Seen(enter(opens(PHONE), hall, staff="manager"), lang)
    page, home = seen.page, f"/{lang}/staff/heidelberg"
    page.goto(f"{home}/appointments?day=2026-11-29")
    look(seen, "day empty")
    page.goto(f"{home}/appointments?code=23456789")
    expect(page.locator("#errors")).to_be_visible()
    look(seen, "code unknown")
    page.goto(f"{home}/book?service=PICK&persons=1&day=2026-11-29")
    look(seen, "book on a closed day")
    page.goto(f"{home}/book?service=PICK&persons=1&day=2026-11-25")
    page.locator("#name").fill("Amal Öztürk")
    page.locator("input[name=start]:not([disabled])").first.check()
    page.locator("#email").fill("nonsense")
    look(seen, "book")
    page.locator("main form[method=post] button").click()
    expect(page.locator("#errors")).to_be_visible()
    look(seen, "book with errors")
    page.locator("#email").fill(f"{lang}@example.org")
    page.locator("input[name=start]:not([disabled])").first.check()
    page.locator("main form[method=post] button").click()
    expect(page.get_by_role("status")).to_be_visible()
    look(seen, "appointment booked")
    mine = page.url.partition("?")[0]
    page.locator("#move ~ form button").first.click()
    page.locator("input[name=start]:not([disabled])").last.check()
    page.locator("#move ~ form button").first.click()
    expect(page.get_by_role("status")).to_be_visible()
    look(seen, "appointment moved")
    page.locator("#other").fill("23456789")
    page.locator("form[action$=swapped] button").click()
    expect(page.locator("#errors")).to_be_visible()
    look(seen, "swap refused")
    page.goto(mine)
    page.locator("form[action$=cancelled] button").click()
    look(seen, "appointment cancelled")
    page.locator("form[action$=restored] button").click()
    look(seen, "appointment restored")
    page.goto(f"{home}/appointments?day=2026-11-25")
    look(seen, "day")
    assert seen.wrong == []


@pytest.mark.parametrize("lang", SPOKEN)
def test_the_day_on_paper_and_back(opens: Opens, hall: Hall, lang: str) -> None:
    seen = Seen(enter(opens(PHONE), hall, staff="clerk"), lang)
    page, home = seen.page, f"/{lang}/staff/heidelberg"
    seen.visit(f"{home}/book?service=PICK&persons=1&day=2026-11-25", "book")
    page.locator("main form[method=post] button").click()
    expect(page.locator("#errors a[href='#start']")).to_be_visible()
    expect(page.locator("#errors a[href='#name']")).to_be_visible()
    look(seen, "book without a time")
    hall.book_soon()
    page.goto(f"{home}/day-list")
    sheets = page.locator(".paper-sheet").count()
    page.locator("form button[type=submit]").click()
    expect(page.locator(".paper-sheet")).to_have_count(sheets + 1)
    look(seen, "day list")
    short = page.locator(".paper-code strong").last.inner_text()
    numbers = page.locator(".paper-sheet").last.locator("th[scope=row]").all_inner_texts()
    seen.visit(f"{home}/paper-numbers", "paper")
    page.locator("#number_0").fill(numbers[0].strip())
    page.keyboard.press("Tab")
    page.keyboard.type("0830")
    page.keyboard.press("Tab")
    page.keyboard.type(short)
    page.locator("#number_1").fill("A000")
    page.keyboard.press("Enter")
    take = page.locator("button[value=take]")
    expect(take).to_be_visible()
    look(seen, "paper looked at")
    page.locator("button[value=change]").click()
    expect(page.locator("#errors a[href='#time_1']")).to_be_visible()
    look(seen, "paper with errors")
    page.locator("button[value=check]").click()
    take.click()
    expect(page.get_by_role("status")).to_contain_text(numbers[0].strip())
    look(seen, "paper taken")
    hall.clear()
    assert seen.wrong == []


@pytest.mark.parametrize("lang", SPOKEN)
def test_an_appointment_in_every_state_for_its_owner(opens: Opens, hall: Hall, lang: str) -> None:
    seen = Seen(opens(PHONE), lang)
    free = hall.free("LOSS")
    booking = hall.book("LOSS")
    own = {"Authorization": f"Bearer {booking['secret']}"}
    target = next(start for start in free[::-1] if start != booking["start"])
    moved = hall.anyone.post(
        f"/api/v1/bookings/{booking['code']}/move", json={"start": target}, headers=own
    )
    assert moved.status_code == 200, moved.text
    seen.page.goto(f"/{lang}/b/{booking['code']}/{booking['secret']}")
    look(seen, "mine moved")
    assert hall.anyone.delete(f"/api/v1/bookings/{booking['code']}", headers=own).is_success
    seen.page.goto(f"/{lang}/b/{booking['code']}/{booking['secret']}?moved=1")
    look(seen, "mine cancelled")
    expect(seen.page.get_by_role("status")).to_have_count(0)
    with hall_of(hall.served, "stuttgart") as other:
        pending = other.book("APPL", email=f"{lang}-pending@example.org")
    seen.page.goto(f"/{lang}/b/{pending['code']}/{pending['secret']}?new=1")
    look(seen, "mine pending")
    seen.page.locator("main form button").first.click()
    expect(seen.page.get_by_role("status")).to_be_visible()
    look(seen, "mine confirmed")
    assert seen.wrong == []


def test_staff_who_may_only_look_have_no_buttons(opens: Opens, hall: Hall) -> None:
    booking = hall.book("LOSS")
    page = enter(opens(PHONE), hall, staff="guide")
    page.goto(f"/en/staff/heidelberg/appointments/{booking['code']}")
    expect(page.locator("h1")).to_contain_text(booking["code"])
    expect(page.locator("main form")).to_have_count(0)
    page.goto("/en/staff/stuttgart/appointments")
    expect(page.locator("main form")).to_have_count(0)
