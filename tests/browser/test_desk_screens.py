"""A desk in Chromium: used as clerks use it, with one key an act, checked by axe."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.conftest import LANGUAGES, colours_in, faults, sideways
from tests.city import Served
from tests.served import Hall

DESK: ViewportSize = {"width": 1280, "height": 720}


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


@pytest.fixture
def desk(browser: Browser, hall: Hall) -> Iterator[Page]:
    """The first counter with its clerk signed in, in English."""
    with browser.new_context(viewport=DESK, base_url=hall.served.url) as context:
        sign_in(context, hall)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto("/en/desk/heidelberg.1")
        yield page


def sign_in(context: BrowserContext, hall: Hall) -> None:
    token = hall.token("clerk")
    context.add_cookies([{"name": "queue_staff", "value": token, "url": hall.served.url}])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_is_accessible_empty_and_at_work(desk: Page, hall: Hall, lang: str) -> None:
    desk.goto(f"/{lang}/desk/heidelberg.1")
    assert faults(desk, colours=colours_in(lang)) == []
    hall.walk_in()
    hall.walk_in("FIKT")
    expect(desk.locator(".desk-list li")).to_have_count(2)
    desk.keyboard.press(" ")
    expect(desk.locator(".desk-number")).to_be_visible()
    assert faults(desk, colours=colours_in(lang)) == []


def test_one_key_an_act_and_everything_can_be_taken_back(desk: Page, hall: Hall) -> None:
    number = hall.walk_in()["number"]
    expect(desk.locator(".desk-list li")).to_have_count(1)
    for act, shown in (("d", False), ("n", False), ("r", True)):
        desk.keyboard.press(" ")
        expect(desk.locator(".desk-number")).to_have_text(number)
        desk.keyboard.press(act)
        expect(desk.locator("[data-undo] p")).to_contain_text("s left")
        expect(desk.locator("[data-current]")).to_be_visible(visible=shown)
        desk.keyboard.press("z")
        expect(desk.locator(".desk-number")).to_have_text(number)
        expect(desk.locator("[data-current]")).to_be_visible()
        desk.keyboard.press("n")
        expect(desk.locator("[data-nobody]")).to_be_visible()
        if act == "n":
            break


def test_keys_sleep_in_fields_on_controls_and_when_switched_off(desk: Page, hall: Hall) -> None:
    hall.walk_in()
    expect(desk.locator(".desk-list li")).to_have_count(1)
    desk.locator(".desk-keys summary").click()
    desk.locator("[data-keys]").focus()
    desk.keyboard.press("d")
    desk.locator("[data-keys]").uncheck()
    desk.locator("main").focus()
    desk.keyboard.press(" ")
    desk.wait_for_timeout(300)
    expect(desk.locator("[data-nobody]")).to_be_visible()


def test_space_on_the_button_calls_one_person_not_two(desk: Page, hall: Hall) -> None:
    hall.walk_in()
    hall.walk_in()
    expect(desk.locator(".desk-list li")).to_have_count(2)
    desk.locator("[data-act=next]").focus()
    desk.keyboard.press(" ")
    expect(desk.locator("[data-current]")).to_be_visible()
    expect(desk.locator(".desk-list li")).to_have_count(1)
    expect(desk.locator("[data-sorry]")).to_be_hidden()


def test_a_refusal_says_why(desk: Page) -> None:
    desk.keyboard.press(" ")
    expect(desk.get_by_role("alert")).to_contain_text("Nobody is waiting for you")


def test_without_connection_the_buttons_are_off(desk: Page, served: Served) -> None:
    desk.route("**/stream*", lambda route: route.abort())
    desk.reload()
    expect(desk.locator("[data-banner]")).to_be_visible()
    expect(desk.locator("[data-act=next]")).to_have_attribute("aria-disabled", "true")


def test_without_scripts_it_works_as_forms(browser: Browser, desk: Page, hall: Hall) -> None:
    number = hall.walk_in()["number"]
    state = desk.context.storage_state()
    with browser.new_context(
        java_script_enabled=False, storage_state=state, base_url=hall.served.url
    ) as plain:
        page = plain.new_page()
        page.goto("/en/desk/heidelberg.1")
        page.get_by_role("button", name="Call the next person").click()
        expect(page.locator(".desk-number")).to_have_text(number)
        page.get_by_role("button", name="Done").click()
        expect(page.locator("[data-nobody]")).to_be_visible()


def test_a_stranger_is_sent_to_sign_in(browser: Browser, hall: Hall) -> None:
    with browser.new_context(base_url=hall.served.url) as stranger:
        page = stranger.new_page()
        page.goto("/en/desk/heidelberg.1")
        assert page.url.endswith("/en/staff")


def test_nothing_is_wider_than_a_narrow_screen(desk: Page, hall: Hall) -> None:
    hall.walk_in()
    desk.set_viewport_size({"width": 320, "height": 640})
    expect(desk.locator(".desk-list li")).to_have_count(1)
    assert sideways(desk) <= 0
