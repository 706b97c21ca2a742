"""Keys of the call desk that come faster than the house answers, in Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens, enter
from tests.browser.test_desk import DESK
from tests.served import Hall

SLOWLY = """const at_once = window.fetch;
window.sent = [];
window.fetch = async (...asked) => {
  window.sent.push(asked[0].split("/").pop());
  await new Promise((wake) => setTimeout(wake, 250));
  return at_once(...asked);
};"""
"""Each act stays on its way for a quarter of a second: long enough to press twice."""


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> Iterator[None]:
    hall.clear()
    yield
    hall.clear()


@pytest.fixture
def desk(opens: Opens, hall: Hall) -> Page:
    """A desk whose acts are answered slowly, and that hears nothing but its answers."""
    page = enter(opens(DESK), hall, staff="clerk")
    page.route("**/stream*", lambda route: route.abort())
    page.add_init_script(SLOWLY)
    page.goto("/en/desk/heidelberg.1")
    return page


def pressed(page: Page, keys: str) -> None:
    """Press one after the other; nobody waits for an answer."""
    for key in keys:
        page.keyboard.press(key)


def test_a_key_waits_for_the_answer_of_the_one_before(desk: Page, hall: Hall) -> None:
    first, second, third = (hall.walk_in()["number"] for _ in range(3))
    number, status = desk.locator(".desk-number"), desk.locator("[data-status]")
    pressed(desk, " s")
    expect(status).to_have_text("One moment …")
    expect(desk.locator(".desk-phase")).to_be_visible()
    expect(number).to_have_text(first)
    pressed(desk, "d  ")  # the second press of the same is none
    expect(status).to_have_text("Calling …")
    expect(number).to_have_text(second)
    expect(status).to_be_empty()
    expect(desk.locator("[data-list=waiting] li strong")).to_have_text([third])
    pressed(desk, "d z")  # nobody is called after all
    expect(desk.locator("[data-nobody]")).to_be_visible()
    expect(status).to_be_empty()
    pressed(desk, "z")
    expect(number).to_have_text(second)


def test_what_waits_is_not_done_after_a_refusal(desk: Page, hall: Hall) -> None:
    hall.walk_in()
    pressed(desk, " ")
    expect(desk.locator(".desk-number")).to_be_visible()
    visit = hall.staff().get("/api/v1/desks/heidelberg.1").json()["current"]["visit"]
    hall.on_visit(visit, "missed")  # a colleague at the same counter
    pressed(desk, "dz")
    expect(desk.locator("[data-sorry]")).to_contain_text("gone on meanwhile")
    assert desk.evaluate("() => window.sent") == ["next", "finish"]
