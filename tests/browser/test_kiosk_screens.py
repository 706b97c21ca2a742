"""The kiosk in Chromium: used as visitors use it, by touch, scanner and keys, checked by axe."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import EVERY, LANGUAGES, colours_in, faults, sideways
from tests.served import Hall, ask

KIOSK: ViewportSize = {"width": 1080, "height": 1920}
SCANNER = """text => { for (const key of [...text, "Enter"]) document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); }"""
"""Signs as fast as a scanner types, however busy this machine is."""


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


@pytest.fixture
def kiosk(browser: Browser, hall: Hall) -> Iterator[Page]:
    """A kiosk that carries its key."""
    with browser.new_context(viewport=KIOSK, base_url=hall.served.url) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(f"/enrol/{hall.links.kiosk.key}")
        yield page


def scan(page: Page, text: str) -> None:
    page.evaluate(SCANNER, text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_is_accessible(kiosk: Page, lang: str) -> None:
    for path in ("", "/code", "/number", "/code?sorry=unknown_code"):
        kiosk.goto(f"/{lang}/kiosk{path}")
        assert faults(kiosk, colours=colours_in(lang)) == [], path
    kiosk.goto(f"/{lang}/kiosk/number")
    kiosk.locator("button[name=service]").first.click()
    expect(kiosk.locator(".kiosk-number")).to_have_text(re.compile(r"^[A-X]\d{3}$"))
    assert faults(kiosk, colours=colours_in(lang)) == []


@pytest.mark.parametrize("lang", EVERY)
def test_the_first_page_stays_on_one_screen(kiosk: Page, lang: str) -> None:
    kiosk.goto(f"/{lang}/kiosk")
    below = "() => document.documentElement.scrollHeight - innerHeight"
    for mode in ("", "is-large", "is-low", "is-low is-large"):
        kiosk.evaluate("mode => { document.documentElement.className = mode; }", mode)
        assert kiosk.evaluate(below) <= 0, mode
        assert sideways(kiosk) <= 0, mode
    assert kiosk.locator(".kiosk-languages a").count() == len(EVERY)


def test_a_code_held_up_on_any_page_checks_in_once(kiosk: Page, hall: Hall) -> None:
    code = hall.book_soon()["code"]
    kiosk.goto("/en/kiosk/number")
    scan(kiosk, f"HTTPÖ--LOCALHOST-T-{code}")
    number = kiosk.locator(".kiosk-number").inner_text()
    kiosk.goto("/en/kiosk")
    scan(kiosk, code)
    expect(kiosk.get_by_role("alert")).to_contain_text("already checked in")
    assert number not in kiosk.locator("body").inner_text(), "a copy of the code shows nothing"


def test_a_ticket_held_up_shows_its_owner_where_they_stand(kiosk: Page, hall: Hall) -> None:
    ticket = hall.walk_in()
    kiosk.goto("/en/kiosk")
    scan(kiosk, f"HTTPÖ--LOCALHOST-T-{ticket['ticket']}")
    expect(kiosk.locator(".kiosk-number")).to_have_text(ticket["number"])
    expect(kiosk.locator(".kiosk-instruction")).to_contain_text("already checked in")


def test_several_persons_get_one_number(kiosk: Page, hall: Hall) -> None:
    kiosk.goto("/en/kiosk/number")
    kiosk.locator("input[value='3']").focus()
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("input[value='3']")).to_be_checked()
    kiosk.keyboard.press("Enter")
    number = kiosk.locator(".kiosk-number").inner_text()
    [visit] = ask(hall.served.city, "select parts from visit where number = $1", number)
    assert ",3]" in visit["parts"]


def test_a_code_typed_on_the_screen_checks_in(kiosk: Page, hall: Hall) -> None:
    code = hall.book_soon()["code"]
    kiosk.goto("/de/kiosk/code")
    for sign in code:
        kiosk.locator(f'[data-sign="{sign}"]').click()
    kiosk.get_by_role("button", name="Anmelden").click()
    expect(kiosk.locator(".kiosk-number")).to_be_visible()


def test_an_unknown_code_gets_one_neutral_answer(kiosk: Page) -> None:
    scan(kiosk, "ABCDEFGH")
    expect(kiosk.get_by_role("alert")).to_be_visible()
    assert kiosk.url.endswith("sorry=unknown_code")


def test_an_idle_screen_asks_waits_and_wipes_everything(kiosk: Page) -> None:
    kiosk.clock.install()
    kiosk.goto("/ar/kiosk/number")
    kiosk.locator("button[name=service]").first.click()
    expect(kiosk.locator(".kiosk-number")).to_be_visible()
    kiosk.locator('[data-switch="contrast"]').click()
    kiosk.clock.run_for(46_000)
    expect(kiosk.locator("dialog")).to_be_visible()
    assert faults(kiosk) == []
    kiosk.locator("[data-stay]").click()
    expect(kiosk.locator("dialog")).to_be_hidden()
    kiosk.clock.run_for(46_000)
    kiosk.clock.run_for(21_000)
    expect(kiosk.locator('html[lang="de"]')).to_be_visible()
    assert kiosk.evaluate("() => sessionStorage.length") == 0
    assert "queue_visitor" not in {cookie["name"] for cookie in kiosk.context.cookies()}
    kiosk.goto("/ar/kiosk/done")
    assert kiosk.url.endswith("/ar/kiosk")


def test_arrows_and_enter_are_enough(kiosk: Page) -> None:
    kiosk.keyboard.press("ArrowDown")
    kiosk.keyboard.press("ArrowDown")
    kiosk.keyboard.press("Enter")
    kiosk.wait_for_url("**/kiosk/number")
    kiosk.keyboard.press("ArrowDown")
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator(".kiosk-number")).to_be_visible()


@pytest.mark.parametrize("path", ["", "/code", "/number"])
def test_nothing_is_wider_than_a_narrow_screen(kiosk: Page, path: str) -> None:
    kiosk.set_viewport_size({"width": 320, "height": 640})
    kiosk.goto(f"/ar/kiosk{path}")
    assert sideways(kiosk) <= 0


def test_without_scripts_it_works_as_forms(browser: Browser, kiosk: Page, hall: Hall) -> None:
    state = kiosk.context.storage_state()
    with browser.new_context(
        java_script_enabled=False, storage_state=state, base_url=hall.served.url
    ) as plain:
        page = plain.new_page()
        page.goto("/en/kiosk/code")
        page.get_by_role("textbox").fill(hall.book_soon()["code"])
        page.get_by_role("button", name="Check in").click()
        expect(page.locator(".kiosk-number")).to_be_visible()


def test_a_browser_without_key_is_told_so(browser: Browser, hall: Hall) -> None:
    with browser.new_context(base_url=hall.served.url) as stranger:
        page = stranger.new_page()
        answer = page.goto("/en/kiosk")
        assert answer is not None
        assert answer.status == 403
        assert faults(page) == []
