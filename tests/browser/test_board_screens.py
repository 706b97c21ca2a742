"""The board with everything on it at once: long counters, sound off, silence; nothing leaves it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.browser.conftest import Opens, faults
from tests.served import Hall

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
