"""Every screen in every language: accessible in light and dark, in its direction, at 320 pixels."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from queue_service.demo import sink
from queue_service.language import catalogue, direction, tag
from tests.browser.conftest import (
    EVERY,
    LANGUAGES,
    NARROW,
    PHONE,
    SCHEMES,
    Opens,
    colours_in,
    enter,
    faults,
    sideways,
)
from tests.served import Hall, soon
from tests.servers import Letters

KIOSK = ViewportSize(width=1080, height=1920)
DESK = ViewportSize(width=1280, height=800)


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


class Seen:
    """Looks at one screen after the other and remembers what is wrong with which."""

    def __init__(self, page: Page, language: str, *, colours: Sequence[str] | None = None) -> None:
        self.page = page
        self.language = language
        self.colours = colours_in(language) if colours is None else colours
        self.wrong: list[str] = []

    def look(self, name: str) -> None:
        """Look at the page that is open."""
        page = self.page
        root = page.locator("html")
        said = (root.get_attribute("lang"), root.get_attribute("dir") or "ltr")
        if said != (tag(self.language), direction(self.language)):
            self.wrong.append(f"{name}: speaks {said}")
        if page.locator("h1").count() != 1:
            self.wrong.append(f"{name}: not one heading of the first rank")
        found = faults(page, colours=self.colours)
        self.wrong += [f"{name}: {fault}" for fault in found]
        wide = page.viewport_size
        assert wide is not None
        page.set_viewport_size(NARROW)
        if sideways(page) > 0:
            self.wrong.append(f"{name}: {sideways(page)} pixels too wide for 320")
        page.set_viewport_size(wide)

    def picture(self, name: str) -> None:
        """Keep the screen, whole and at 320 pixels, in the folder of QUEUE_PICTURES, if any."""
        folder, wide = os.environ.get("QUEUE_PICTURES"), self.page.viewport_size
        if not folder or wide is None:
            return
        file = Path(folder) / f"{name.replace(' ', '-')}-{self.language}.png"
        self.page.screenshot(path=file, full_page=True)
        self.page.set_viewport_size(NARROW)
        self.page.screenshot(path=file.with_stem(f"{file.stem}-320"), full_page=True)
        self.page.set_viewport_size(wide)

    def visit(self, path: str, name: str = "") -> None:
        """Open a screen and look at it."""
        self.page.goto(path)
        self.look(name or path)


@pytest.fixture
def seen(opens: Opens, request: pytest.FixtureRequest) -> Iterator[Seen]:
    """A phone in the test's language; nothing may be wrong with anything it saw."""
    looked = Seen(opens(PHONE), request.getfixturevalue("lang"))
    yield looked
    assert looked.wrong == []


@pytest.mark.parametrize("lang", EVERY)
def test_applying(seen: Seen, hall: Hall, lang: str) -> None:
    page, home = seen.page, f"/{lang}/heidelberg"
    seen.visit(f"/{lang}")
    seen.visit(home)
    seen.visit(f"{home}/service/FIKT")
    seen.visit(f"{home}/service/INFO")
    seen.visit(f"{home}/book?service=EMER&persons=1")
    page.locator("input[name=start]:not([disabled])").first.check()
    page.locator("main form button[type=submit]").last.click()
    seen.look("details")
    page.locator("button[value=check]").last.click()
    expect(page.locator("#errors")).to_be_visible()
    seen.look("details with errors")
    assert page.title().startswith(catalogue(lang)("Error"))
    page.locator("#name").fill("Amal Öztürk")
    page.locator("#birth_date").fill("31.01.1990")
    page.locator("#document").fill(f"C01X{lang.upper():0>9}".replace("_", ""))
    page.locator("#email").fill("amal@example.org")
    page.locator("button[value=check]").last.click()
    seen.look("check")
    page.locator("button[value=confirm]").click()
    expect(page.get_by_role("status")).to_be_visible()
    seen.look("confirmation")
    proof = page.locator("a[href*='/verify/']").get_attribute("href") or ""
    before = page.url
    seen.visit(proof, "genuine")
    seen.visit(f"{proof[:-1]}{'0' if proof[-1] != '0' else '1'}", "altered")
    seen.visit(f"/{lang}/verify", "check a confirmation")
    page.goto(before)
    mine = page.url.partition("?")[0]
    seen.visit(f"{mine}/move", "move")
    seen.visit(f"{mine}/cancel", "cancel")
    page.locator("main form button").first.click()
    seen.look("cancelled")
    seen.visit(f"/{lang}/b/{mine.split('/')[-2]}", "second factor")
    page.locator("#factor").fill("000000")
    page.locator("main form button").click()
    seen.look("second factor refused")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_cannot_be_done(seen: Seen, hall: Hall, lang: str) -> None:
    seen.visit(f"/{lang}/nowhere")
    seen.visit(f"/{lang}/heidelberg/service/NONE")
    seen.visit(f"/{lang}/heidelberg/no/such/page")
    seen.visit(f"/{lang}/t/{'A' * 26}")
    seen.visit(f"/{lang}/b/23456789/{'A' * 26}")
    seen.visit(f"/{lang}/heidelberg/details?service=PICK&persons=1")
    seen.visit(f"/{lang}/kiosk", "kiosk without key")
    stolen = hall.free("LOSS")[0]
    seen.page.goto(f"/{lang}/heidelberg/book?service=LOSS&persons=1&day={stolen[:10]}")
    chosen = seen.page.locator("input[name=start]:not([disabled])").first
    taken = hall.ask_hold(chosen.get_attribute("value") or "", "LOSS")
    assert taken.status_code == 201
    chosen.check()
    seen.page.locator("main form button[type=submit]").last.click()
    assert seen.page.locator("#errors").is_visible()
    assert seen.page.locator("form").first.locator("input[name=start]").count() == 3
    seen.look("place gone")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_waiting(seen: Seen, hall: Hall, lang: str) -> None:
    ticket = hall.walk_in()["ticket"]
    seen.visit(f"/{lang}/t/{ticket}", "ticket waiting")
    hall.press("1")
    expect(seen.page.locator("#ticket")).to_have_attribute("data-state", "called")
    seen.look("ticket called")
    hall.clear()
    expect(seen.page.locator("#ticket")).to_have_attribute("data-state", "finished")
    seen.look("ticket finished")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_waiting_for_a_place(seen: Seen, hall: Hall, lang: str) -> None:
    seen.visit(f"/{lang}/heidelberg/waiting?service=LOSS&persons=1", "join the list")
    seen.page.locator("main form button[type=submit]").last.click()
    seen.look("join the list: errors")
    seen.page.locator("#name").fill("Lena Long")
    seen.page.locator("#email").fill(f"{lang}@example.org")
    seen.page.locator("main form button[type=submit]").last.click()
    seen.page.wait_for_url("**/w/**")
    seen.look("on the list")
    offer = seen.page.locator(".kern-alert--warning a")
    soon(lambda: seen.page.reload() and offer.count(), bool, 20)
    seen.look("on the list: asked")
    offer.click()
    seen.look("offer")
    seen.page.locator("form[action$=decline] button").click()
    seen.look("offer declined")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_arriving(opens: Opens, hall: Hall, lang: str) -> None:
    kiosk = Seen(enter(opens(KIOSK), hall, device="kiosk"), lang)
    kiosk.visit(f"/{lang}/kiosk")
    kiosk.visit(f"/{lang}/kiosk/code")
    kiosk.visit(f"/{lang}/kiosk/code?sorry=unknown_code", "kiosk: unknown code")
    kiosk.visit(f"/{lang}/kiosk/number")
    kiosk.page.locator("button[value=PICK]").click()
    kiosk.page.wait_for_url("**/done")
    kiosk.look("kiosk: number given")
    assert kiosk.wrong == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_serving(opens: Opens, hall: Hall, lang: str) -> None:
    desk = Seen(opens(DESK), lang)
    page = desk.page
    desk.visit(f"/{lang}/staff")
    page.locator("#login").fill("clerk@heidelberg")
    page.locator("#password").fill("wrong")
    page.locator("main form button").click()
    desk.look("sign in refused")
    page.locator("#login").fill("clerk@heidelberg")
    page.locator("#password").fill("guten-morgen")
    page.locator("main form button").click()
    expect(page.locator(".staff-counter").first).to_be_visible()
    desk.look("counters")
    desk.visit(f"/{lang}/desk/heidelberg.1", "desk without visitors")
    for _ in range(3):
        hall.walk_in()
    expect(page.locator("[data-list=waiting] li")).to_have_count(3)
    page.keyboard.press("Space")
    expect(page.locator(".desk-number")).to_be_visible()
    desk.look("desk at work")
    desk.visit(f"/{lang}/desk/stuttgart.1", "desk of another office")
    assert desk.wrong == []


@pytest.mark.parametrize("view", [(1920, 1080), (1080, 1920)], ids=["wide", "upright"])
def test_the_board(opens: Opens, hall: Hall, view: tuple[int, int]) -> None:
    page = opens({"width": view[0], "height": view[1]})
    board = Seen(page, "de")
    page.goto("/board/heidelberg.board-1")
    expect(page.locator('.board[data-state="live"]')).to_be_visible()
    board.wrong += faults(page)
    for counter in ("1", "2", "3"):
        hall.walk_in()
        hall.press(counter)
    expect(page.locator(".rows li")).to_have_count(2)
    board.wrong += faults(page)
    assert sideways(page) <= 0
    height = page.evaluate("() => document.documentElement.scrollHeight - innerHeight")
    assert height <= 0, "nobody scrolls a wall"
    assert board.wrong == []


def test_letters_of_the_demo(opens: Opens, hall: Hall, post: Letters, letters_folder: Path) -> None:
    post.clear()
    hall.book("PICK", email="letters@example.org")
    (letter,) = soon(lambda: list(post.received), bool, 30)
    sink.keep(letters_folder, letter.as_bytes())
    page = Seen(opens(DESK), "en", colours=SCHEMES)  # there is no German one
    page.visit("/demo/letters")
    page.page.locator("tbody a").first.click()
    page.look("letter")
    assert page.wrong == []
