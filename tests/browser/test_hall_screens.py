"""Board, kiosk and desk in Chromium: used as people use them, measured, and checked by axe."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from display.layout import sizes
from tests.browser.conftest import LANGUAGES, colours_in, faults, sideways
from tests.city import Served
from tests.served import Hall, ask, hall_of

KIOSK: ViewportSize = {"width": 1080, "height": 1920}
DESK: ViewportSize = {"width": 1280, "height": 720}
BOARD: ViewportSize = {"width": 1920, "height": 1080}
LARGE: ViewportSize = {"width": 3840, "height": 2160}
UPRIGHT: ViewportSize = {"width": 1080, "height": 1920}
SCANNER = """text => { for (const key of [...text, "Enter"]) document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); }"""
"""Signs as fast as a scanner types, however busy this machine is."""


@pytest.fixture(scope="module")
def hall(served: Served) -> Iterator[Hall]:
    with hall_of(served) as made:
        yield made


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


def opened(context: BrowserContext) -> Page:
    context.set_default_timeout(10_000)
    return context.new_page()


@pytest.fixture
def kiosk(browser: Browser, hall: Hall) -> Iterator[Page]:
    """A kiosk that carries its key."""
    with browser.new_context(viewport=KIOSK, base_url=hall.served.url) as context:
        page = opened(context)
        page.goto(f"/enrol/{hall.links.kiosk.key}")
        yield page


@pytest.fixture
def desk(browser: Browser, hall: Hall) -> Iterator[Page]:
    """The first counter with its clerk signed in, in English."""
    with browser.new_context(viewport=DESK, base_url=hall.served.url) as context:
        sign_in(context, hall)
        page = opened(context)
        page.goto("/en/desk/heidelberg.1")
        yield page


@pytest.fixture
def board(browser: Browser, hall: Hall) -> Iterator[Page]:
    """The lobby screen; a tablet would shake the layout, a wall does not."""
    with browser.new_context(viewport=BOARD, base_url=hall.served.url) as context:
        page = opened(context)
        page.goto("/board/heidelberg.board-1")
        expect(page.locator('.board[data-state="live"]')).to_be_visible()
        yield page


def sign_in(context: BrowserContext, hall: Hall) -> None:
    token = hall.token("clerk")
    context.add_cookies([{"name": "queue_staff", "value": token, "url": hall.served.url}])


def scan(page: Page, text: str) -> None:
    page.evaluate(SCANNER, text)


def wire(page: Page, path: str) -> tuple[int, int]:
    """Bytes and requests of a first visit, live streams left out."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    seen: dict[str, int] = {}
    streams: set[str] = set()

    def answered(event: dict[str, Any]) -> None:
        if event["response"]["mimeType"] == "text/event-stream":
            streams.add(event["requestId"])

    session.on("Network.responseReceived", answered)
    session.on(
        "Network.loadingFinished",
        lambda event: seen.update({event["requestId"]: event["encodedDataLength"]}),
    )
    page.goto(path)
    page.wait_for_timeout(500)
    found = {key: size for key, size in seen.items() if key not in streams}
    return int(sum(found.values())), len(found)


class TestBoard:
    def test_a_call_is_shown_highlighted_and_leaves_when_it_is_done(
        self, board: Page, hall: Hall
    ) -> None:
        expect(board.locator(".idle")).to_be_visible()
        number = hall.walk_in()["number"]
        visit = hall.press("1").json()["current"]["visit"]
        expect(board.locator(".call-number")).to_have_text(number)
        expect(board.locator(".call-key")).to_have_text("1")
        expect(board.locator(".call.fresh")).to_be_visible()
        assert faults(board) == []
        hall.on_visit(visit, "undo")
        expect(board.locator(".call")).to_be_hidden()
        assert faults(board) == []

    def test_the_newest_call_stands_large_the_others_below_each_other(
        self, board: Page, hall: Hall
    ) -> None:
        numbers = []
        for counter in ("1", "2", "3"):
            hall.walk_in()
            numbers.append(hall.press(counter).json()["current"]["number"])
        expect(board.locator(".call-number")).to_have_text(numbers[2])
        expect(board.locator(".rows .number")).to_have_text([numbers[1], numbers[0]])

    @pytest.mark.parametrize("view", [BOARD, UPRIGHT, LARGE])
    def test_capitals_have_the_height_the_norm_asks_for(
        self, board: Page, hall: Hall, view: ViewportSize
    ) -> None:
        hall.walk_in()
        hall.press("1")
        board.set_viewport_size(view)
        portrait = view["height"] > view["width"]
        wanted = sizes(diagonal=55, distance=8, portrait=portrait).call_vh / 100 * view["height"]
        script = (
            "() => parseFloat(getComputedStyle(document.querySelector('.call-number')).fontSize)"
        )
        assert board.evaluate(script) == pytest.approx(wanted, rel=0.01)
        assert sideways(board) <= 0
        assert faults(board) == []

    def test_a_screen_too_small_says_which_to_buy(self, board: Page) -> None:
        board.goto("/board/heidelberg.board-1?diagonal=32&distance=10")
        expect(board.locator(".advice")).to_contain_text("43")

    def test_it_comes_back_from_a_restart_without_network(self, board: Page, hall: Hall) -> None:
        hall.walk_in()
        number = hall.press("1").json()["current"]["number"]
        expect(board.locator(".call-number")).to_have_text(number)
        board.wait_for_function("() => caches.match(location.href).then(Boolean)")
        board.wait_for_timeout(500)
        board.context.set_offline(True)
        board.reload()
        expect(board.locator('.board[data-state="stale"]')).to_be_visible()
        expect(board.locator(".banner-as-of")).to_have_text(re.compile(r"\d\d:\d\d"))
        expect(board.locator(".call-number")).to_have_text(number)
        board.context.set_offline(False)

    def test_it_stays_within_its_budget(self, board: Page) -> None:
        with board.context.browser.new_context(base_url=board.url) as fresh:  # type: ignore[union-attr]  # launched by the fixture
            size, requests = wire(fresh.new_page(), board.url)
        assert size <= 60_000
        assert requests <= 8 + 7, "the worker fetches the shell once more to keep it"


class TestKiosk:
    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_every_page_is_accessible(self, kiosk: Page, lang: str) -> None:
        for path in ("", "/code", "/number", "/code?sorry=unknown_code"):
            kiosk.goto(f"/{lang}/kiosk{path}")
            assert faults(kiosk, colours=colours_in(lang)) == [], path
        kiosk.goto(f"/{lang}/kiosk/number")
        kiosk.locator("button[name=service]").first.click()
        expect(kiosk.locator(".kiosk-number")).to_have_text(re.compile(r"^[A-X]\d{3}$"))
        assert faults(kiosk, colours=colours_in(lang)) == []

    def test_a_code_held_up_on_any_page_checks_in_once(self, kiosk: Page, hall: Hall) -> None:
        code = hall.book_soon()["code"]
        kiosk.goto("/en/kiosk/number")
        scan(kiosk, f"HTTPÖ--LOCALHOST-T-{code}")
        number = kiosk.locator(".kiosk-number").inner_text()
        kiosk.goto("/en/kiosk")
        scan(kiosk, code)
        expect(kiosk.get_by_role("alert")).to_contain_text("already checked in")
        assert number not in kiosk.locator("body").inner_text(), "a copy of the code shows nothing"

    def test_a_ticket_held_up_shows_its_owner_where_they_stand(
        self, kiosk: Page, hall: Hall
    ) -> None:
        ticket = hall.walk_in()
        kiosk.goto("/en/kiosk")
        scan(kiosk, f"HTTPÖ--LOCALHOST-T-{ticket['ticket']}")
        expect(kiosk.locator(".kiosk-number")).to_have_text(ticket["number"])
        expect(kiosk.locator(".kiosk-instruction")).to_contain_text("already checked in")

    def test_several_persons_get_one_number(self, kiosk: Page, hall: Hall) -> None:
        kiosk.goto("/en/kiosk/number")
        kiosk.locator("input[value='3']").focus()
        kiosk.keyboard.press("Enter")
        expect(kiosk.locator("input[value='3']")).to_be_checked()
        kiosk.keyboard.press("Enter")
        number = kiosk.locator(".kiosk-number").inner_text()
        [visit] = ask(hall.served.city, "select parts from visit where number = $1", number)
        assert ",3]" in visit["parts"]

    def test_a_code_typed_on_the_screen_checks_in(self, kiosk: Page, hall: Hall) -> None:
        code = hall.book_soon()["code"]
        kiosk.goto("/de/kiosk/code")
        for sign in code:
            kiosk.locator(f'[data-sign="{sign}"]').click()
        kiosk.get_by_role("button", name="Anmelden").click()
        expect(kiosk.locator(".kiosk-number")).to_be_visible()

    def test_an_unknown_code_gets_one_neutral_answer(self, kiosk: Page) -> None:
        scan(kiosk, "ABCDEFGH")
        expect(kiosk.get_by_role("alert")).to_be_visible()
        assert kiosk.url.endswith("sorry=unknown_code")

    def test_an_idle_screen_asks_waits_and_wipes_everything(self, kiosk: Page) -> None:
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

    def test_arrows_and_enter_are_enough(self, kiosk: Page) -> None:
        kiosk.keyboard.press("ArrowDown")
        kiosk.keyboard.press("ArrowDown")
        kiosk.keyboard.press("Enter")
        kiosk.wait_for_url("**/kiosk/number")
        kiosk.keyboard.press("ArrowDown")
        kiosk.keyboard.press("Enter")
        expect(kiosk.locator(".kiosk-number")).to_be_visible()

    @pytest.mark.parametrize("path", ["", "/code", "/number"])
    def test_nothing_is_wider_than_a_narrow_screen(self, kiosk: Page, path: str) -> None:
        kiosk.set_viewport_size({"width": 320, "height": 640})
        kiosk.goto(f"/ar/kiosk{path}")
        assert sideways(kiosk) <= 0

    def test_without_scripts_it_works_as_forms(
        self, browser: Browser, kiosk: Page, hall: Hall
    ) -> None:
        state = kiosk.context.storage_state()
        with browser.new_context(
            java_script_enabled=False, storage_state=state, base_url=hall.served.url
        ) as plain:
            page = plain.new_page()
            page.goto("/en/kiosk/code")
            page.get_by_role("textbox").fill(hall.book_soon()["code"])
            page.get_by_role("button", name="Check in").click()
            expect(page.locator(".kiosk-number")).to_be_visible()

    def test_a_browser_without_key_is_told_so(self, browser: Browser, hall: Hall) -> None:
        with browser.new_context(base_url=hall.served.url) as stranger:
            page = stranger.new_page()
            answer = page.goto("/en/kiosk")
            assert answer is not None
            assert answer.status == 403
            assert faults(page) == []

    def test_it_stays_within_its_budget(self, kiosk: Page) -> None:
        size, requests = wire(kiosk, "/de/kiosk")
        assert size <= 120_000
        assert requests <= 10


class TestDesk:
    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_it_is_accessible_empty_and_at_work(self, desk: Page, hall: Hall, lang: str) -> None:
        desk.goto(f"/{lang}/desk/heidelberg.1")
        assert faults(desk, colours=colours_in(lang)) == []
        hall.walk_in()
        hall.walk_in("FIKT")
        expect(desk.locator(".desk-list li")).to_have_count(2)
        desk.keyboard.press(" ")
        expect(desk.locator(".desk-number")).to_be_visible()
        assert faults(desk, colours=colours_in(lang)) == []

    def test_one_key_an_act_and_everything_can_be_taken_back(self, desk: Page, hall: Hall) -> None:
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

    def test_keys_sleep_in_fields_on_controls_and_when_switched_off(
        self, desk: Page, hall: Hall
    ) -> None:
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

    def test_space_on_the_button_calls_one_person_not_two(self, desk: Page, hall: Hall) -> None:
        hall.walk_in()
        hall.walk_in()
        expect(desk.locator(".desk-list li")).to_have_count(2)
        desk.locator("[data-act=next]").focus()
        desk.keyboard.press(" ")
        expect(desk.locator("[data-current]")).to_be_visible()
        expect(desk.locator(".desk-list li")).to_have_count(1)
        expect(desk.locator("[data-sorry]")).to_be_hidden()

    def test_a_refusal_says_why(self, desk: Page) -> None:
        desk.keyboard.press(" ")
        expect(desk.get_by_role("alert")).to_contain_text("Nobody is waiting for you")

    def test_without_connection_the_buttons_are_off(self, desk: Page, served: Served) -> None:
        desk.route("**/stream*", lambda route: route.abort())
        desk.reload()
        expect(desk.locator("[data-banner]")).to_be_visible()
        expect(desk.locator("[data-act=next]")).to_have_attribute("aria-disabled", "true")

    def test_without_scripts_it_works_as_forms(
        self, browser: Browser, desk: Page, hall: Hall
    ) -> None:
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

    def test_a_stranger_is_sent_to_sign_in(self, browser: Browser, hall: Hall) -> None:
        with browser.new_context(base_url=hall.served.url) as stranger:
            page = stranger.new_page()
            page.goto("/en/desk/heidelberg.1")
            assert page.url.endswith("/en/staff")

    def test_nothing_is_wider_than_a_narrow_screen(self, desk: Page, hall: Hall) -> None:
        hall.walk_in()
        desk.set_viewport_size({"width": 320, "height": 640})
        expect(desk.locator(".desk-list li")).to_have_count(1)
        assert sideways(desk) <= 0

    def test_it_stays_within_its_budget(self, desk: Page, hall: Hall) -> None:
        for _ in range(8):
            hall.walk_in()
        size, requests = wire(desk, "/de/desk/heidelberg.1")
        assert size <= 40_000
        assert requests <= 6
