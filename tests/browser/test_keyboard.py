"""Without a mouse: booking and serving by keys alone, with the focus always to be seen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens, enter
from tests.served import Hall

MOST_STOPS = 60
FOCUS = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  return { text: (one.labels?.[0] ?? one).textContent.trim(), name: one.name ?? "",
    seen: style.outlineStyle !== "none" || style.boxShadow !== "none" || one.type === "radio"
      || one.type === "checkbox",
    inside: box.bottom > 0 && box.top < innerHeight };
}"""


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


def tab_to(page: Page, text: str = "", *, name: str = "") -> None:
    """Press Tab until the wanted control has the focus; each stop must be visible."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None:
            continue
        assert stop["seen"], f"no focus to be seen on {stop}"
        assert stop["inside"], f"focus out of the picture on {stop}"
        if (name and stop["name"] == name) or (text and text in stop["text"]):
            return
    raise AssertionError(f"no way by Tab to {text or name}")


def test_booking_by_keys(opens: Opens) -> None:
    page = opens()
    page.goto("/en")
    tab_to(page, "To the content")
    page.keyboard.press("Enter")
    tab_to(page, "Heidelberg immigration office")
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/heidelberg")
    tab_to(page, "Fingerprints")
    page.keyboard.press("Enter")
    page.wait_for_url("**/service/BIO")
    tab_to(page, "Choose day and time")
    page.keyboard.press("Enter")
    page.wait_for_url("**/book?*")
    tab_to(page, name="start")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/details?*")
    tab_to(page, name="name")
    page.keyboard.type("Keyboard Only")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Book this appointment")).to_be_visible()
    tab_to(page, "Book this appointment")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your appointment is booked.")
    tab_to(page, "Cancel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cancel")
    tab_to(page, "Yes")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("This appointment was cancelled")


def press(desk: Page, key: str) -> None:
    """Press a key once the act before is answered."""
    expect(desk.locator("[data-status]")).to_be_empty()
    desk.keyboard.press(key)


def test_serving_by_keys(opens: Opens, hall: Hall) -> None:
    first, second = hall.walk_in()["number"], hall.walk_in()["number"]
    page = enter(opens({"width": 1280, "height": 800}), hall, staff="clerk")
    page.goto("/en/desk/heidelberg.1")
    number, nobody = page.locator(".desk-number"), page.locator("[data-nobody]")
    expect(page.locator("[data-list=waiting] li")).to_have_count(2)
    press(page, "Space")
    expect(number).to_have_text(first)
    press(page, "z")
    expect(nobody).to_be_visible()
    press(page, "Space")
    expect(number).to_have_text(first)
    press(page, "n")
    expect(nobody).to_be_visible()
    press(page, "z")
    expect(number).to_have_text(first)
    press(page, "d")
    expect(nobody).to_be_visible()
    tab_to(page, "Call the next person")
    page.keyboard.press("Enter")
    expect(number).to_have_text(second)
