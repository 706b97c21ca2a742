"""A board cut off for minutes: honest while it is blind, whole again after, silent about old calls.

The line between board and server is cut for real; the minutes pass on the office's clock and on
the browser's, which tests can move.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens, enter
from tests.browser.line import Line, line_to
from tests.city import set_clocks
from tests.conftest import aside
from tests.served import Hall, instant

WALL = {"width": 1920, "height": 1080}
COUNT_GONGS = """
  window.gongs = 0;
  const begin = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    window.gongs += 1;
    begin.apply(this, when);
  };
"""
TONES_A_GONG = 2


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


@pytest.fixture
def line(hall: Hall) -> Iterator[Line]:
    """Between the board and the house."""
    with line_to(hall.served.port) as made:
        yield made


def board_of(opens: Opens, line: Line) -> Page:
    """A board on that line, with sound."""
    page = opens(WALL, service_workers="block")
    page.clock.install()
    page.add_init_script(COUNT_GONGS)
    page.goto(f"http://localhost:{line.port}/board/heidelberg.board-1")
    page.mouse.click(5, 5)
    expect(page.locator('.board[data-state="live"]')).to_be_visible()
    expect(page.locator(".sound")).to_be_hidden()
    return page


def gongs(page: Page) -> int:
    """How often the gong rang since the page was opened."""
    return int(page.evaluate("() => window.gongs")) // TONES_A_GONG


def call(hall: Hall, counter: str) -> str:
    """Somebody comes and is called to a counter; the number."""
    hall.walk_in()
    return str(hall.press(counter).json()["current"]["number"])


def pass_minutes(hall: Hall, minutes: int) -> None:
    """It is later in the office."""
    now = instant(hall.anyone.get("/api/v1/offices/heidelberg").json()["now"])
    aside(lambda: set_clocks(hall.served.city, now + timedelta(minutes=minutes)))


def test_two_minutes_without_line(opens: Opens, hall: Hall, line: Line) -> None:
    board = board_of(opens, line)
    before = call(hall, "1")
    expect(board.locator(".call-number")).to_have_text(before)
    expect(board.locator(".call.fresh")).to_be_visible()
    assert gongs(board) == 1

    line.cut()
    state = board.locator(".board")
    while state.get_attribute("data-state") == "live":
        board.clock.fast_forward(2_000)
    expect(state).to_have_attribute("data-state", "reconnecting")
    board.clock.fast_forward(15_000)
    expect(board.locator(".banner")).to_be_visible()
    board.clock.fast_forward(100_000)
    expect(state).to_have_attribute("data-state", "stale")
    expect(board.locator(".banner-as-of")).to_contain_text("Stand")
    expect(board.locator(".call-number")).to_have_text(before)

    missed = [call(hall, counter) for counter in ("2", "3")]
    hall.on_visit(
        hall.staff().get("/api/v1/desks/heidelberg.1").json()["current"]["visit"], "finish"
    )
    pass_minutes(hall, 2)

    line.mend()
    expect(board.locator(".call-number")).to_have_text(missed[1])
    expect(board.locator(".rows .number")).to_have_text([missed[0]])
    expect(state).to_have_attribute("data-state", "live")
    expect(board.locator(".banner")).to_be_hidden()
    assert board.locator(".fresh").count() == 0
    assert gongs(board) == 1, "old calls ring no gong"

    fresh = call(hall, "1")
    expect(board.locator(".call-number")).to_have_text(fresh)
    expect(board.locator(".call.fresh")).to_be_visible()
    assert gongs(board) == 2


def test_a_short_cut_is_made_good_with_gong(opens: Opens, hall: Hall, line: Line) -> None:
    board = board_of(opens, line)
    line.cut()
    number = call(hall, "1")
    line.mend()
    expect(board.locator(".call-number")).to_have_text(number)
    assert gongs(board) == 1
    assert board.locator(".board").get_attribute("data-state") == "live"


def test_a_desk_without_line_says_so_and_sends_nothing(
    opens: Opens, hall: Hall, line: Line
) -> None:
    number = hall.walk_in()["number"]
    page = enter(opens(WALL), hall, staff="clerk")
    page.goto(f"http://localhost:{line.port}/de/desk/heidelberg.1")
    expect(page.locator("[data-live='next.number']")).to_have_text(number)
    line.cut()
    expect(page.locator("[data-banner]")).to_be_visible()
    page.keyboard.press("Space")
    line.mend()
    expect(page.locator("[data-banner]")).to_be_hidden()
    assert hall.staff().get("/api/v1/desks/heidelberg.1").json()["current"] is None
    page.keyboard.press("Space")
    expect(page.locator(".desk-number")).to_have_text(number)


def test_a_phone_without_line_keeps_what_it_knew(opens: Opens, hall: Hall, line: Line) -> None:
    ticket = hall.walk_in()
    phone = opens()
    phone.goto(f"http://localhost:{line.port}/de/t/{ticket['ticket']}")
    shown = phone.locator("#ticket")
    expect(shown).to_have_attribute("data-state", "waiting")
    line.cut()
    phone.evaluate("() => dispatchEvent(new Event('offline'))")
    expect(shown).to_contain_text("Keine Verbindung")
    expect(shown).to_contain_text(ticket["number"])
    hall.press("1")
    line.mend()
    expect(shown).to_have_attribute("data-state", "called")
