"""The board in Chromium: calls as they come and go, everything at once, and nothing leaves it."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from display.layout import sizes
from tests.browser.conftest import Opens, faults, sideways
from tests.served import Hall, soon

BOARD: ViewportSize = {"width": 1920, "height": 1080}
LARGE: ViewportSize = {"width": 3840, "height": 2160}
UPRIGHT: ViewportSize = {"width": 1080, "height": 1920}
COUNTERS = (
    ("12", "Sachbearbeitung 12"),
    ("3", "Schalter 3"),
    ("207b", "Zimmer 207b"),
    ("22", "Biometrie-Station 22"),
)
BEYOND = """() => [...document.querySelectorAll(".board *")].filter(one => {
  if (!one.getClientRects().length || one.closest(".hidden, .rows")) return false;
  const box = one.getBoundingClientRect();
  return one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0
    || box.right > innerWidth + 3 || box.left < -1;
}).map(one => `${one.className}: ${one.textContent.trim().slice(0, 40)}`)"""
CROSSED = """() => {
  const list = document.querySelector(".list").getBoundingClientRect();
  const seen = [...document.querySelectorAll(".one")].map(one => one.getBoundingClientRect());
  return seen.filter(one => one.left < list.right && one.bottom > list.bottom + 1).length;
}"""
OVERLAP = """() => {
  const [again, number] = [".call .again", ".call-number"].map(
    each => document.querySelector(each).getBoundingClientRect());
  const range = document.createRange();
  range.selectNodeContents(document.querySelector(".call-number"));
  const text = range.getBoundingClientRect();
  return again.left < text.right && again.bottom > number.top + number.height * 0.2;
}"""


def calls(page: Page, first: int) -> None:
    """A stream that says a hall full of calls, the newest at the counter `first` of the list."""
    now = datetime.now(UTC)
    rows = [
        {
            "number": f"W{888 - n}",
            "counter": COUNTERS[(first + n) % len(COUNTERS)][0],
            "counter_name": COUNTERS[(first + n) % len(COUNTERS)][1],
            "called_at": (now - timedelta(minutes=7 * n + 1)).isoformat(),
            "calls": 2 if n % 3 == 0 else 1,
        }
        for n in range(7)
    ]
    said = {"seq": 1, "now": now.isoformat(), "rate": 1.0, "zone": "Europe/Berlin"}
    said |= {"open": True, "opens": None, "turns": None, "rows": rows}
    body = f"id: 1\nevent: snapshot\ndata: {json.dumps(said)}\n\n"

    def answer(route: Route) -> None:
        route.fulfill(headers={"content-type": "text/event-stream"}, body=body)

    page.route("**/stream*", answer)


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


@pytest.fixture
def board(browser: Browser, hall: Hall) -> Iterator[Page]:
    """The lobby screen; a tablet would shake the layout, a wall does not."""
    with browser.new_context(viewport=BOARD, base_url=hall.served.url) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto("/board/heidelberg.board-1")
        expect(page.locator('.board[data-state="live"]')).to_be_visible()
        yield page


def test_a_call_is_shown_highlighted_and_leaves_when_it_is_done(board: Page, hall: Hall) -> None:
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


def test_the_newest_call_stands_large_the_others_below_each_other(board: Page, hall: Hall) -> None:
    numbers = []
    for counter in ("1", "2", "3"):
        hall.walk_in()
        numbers.append(hall.press(counter).json()["current"]["number"])
    expect(board.locator(".call-number")).to_have_text(numbers[2])
    expect(board.locator(".rows .number")).to_have_text([numbers[1], numbers[0]])


@pytest.mark.parametrize("view", [BOARD, UPRIGHT, LARGE])
def test_capitals_have_the_height_the_norm_asks_for(
    board: Page, hall: Hall, view: ViewportSize
) -> None:
    hall.walk_in()
    hall.press("1")
    board.set_viewport_size(view)
    portrait = view["height"] > view["width"]
    wanted = sizes(diagonal=55, distance=8, portrait=portrait).call_vh / 100 * view["height"]
    script = "() => parseFloat(getComputedStyle(document.querySelector('.call-number')).fontSize)"
    assert board.evaluate(script) == pytest.approx(wanted, rel=0.01)
    assert sideways(board) <= 0
    assert faults(board) == []


def test_a_screen_too_small_says_which_to_buy(board: Page) -> None:
    board.goto("/board/heidelberg.board-1?diagonal=32&distance=10")
    expect(board.locator(".advice")).to_contain_text("43")


def test_it_comes_back_from_a_restart_without_network(board: Page, hall: Hall) -> None:
    hall.walk_in()
    number = hall.press("1").json()["current"]["number"]
    expect(board.locator(".call-number")).to_have_text(number)
    soon(lambda: board.evaluate("() => caches.match(location.href).then(Boolean)"), bool)
    board.context.set_offline(True)
    board.reload()
    expect(board.locator('.board[data-state="stale"]')).to_be_visible()
    expect(board.locator(".banner-as-of")).to_have_text(re.compile(r"\d\d:\d\d"))
    expect(board.locator(".call-number")).to_have_text(number)
    board.context.set_offline(False)


@pytest.mark.parametrize("view", [(1920, 1080), (1080, 1920)], ids=["wide", "upright"])
@pytest.mark.parametrize("first", [0, 3], ids=["long word", "longer word"])
def test_everything_at_once_stays_within_the_board(
    opens: Opens, hall: Hall, view: tuple[int, int], first: int
) -> None:
    size: ViewportSize = {"width": view[0], "height": view[1]}
    page = opens(size, service_workers="block")
    calls(page, first)
    page.goto("/board/heidelberg.board-1")
    expect(page.locator(".call-number")).to_have_text("W888")
    page.evaluate("document.querySelector('.sound').hidden = false")
    says = page.locator(".sayings .say")
    for n in range(says.count()):
        show = (
            "n => document.querySelectorAll('.sayings .say').forEach((e, m) => e.hidden = m !== n)"
        )
        page.evaluate(show, n)
        assert page.evaluate(BEYOND) == [], says.nth(n).inner_text()
    assert not page.evaluate(OVERLAP)
    page.evaluate("document.querySelector('.banner').hidden = false")
    assert page.evaluate(CROSSED) == 0
    assert faults(page, colours=["light"]) == []
