"""The managers' capacity pages in every language: accessible, in their direction, at 320 pixels."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SPOKEN, Opens, enter
from tests.browser.test_screens import DESK, Seen
from tests.served import Hall

PAGE = "console/heidelberg/capacity"


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


def opened(page: Page, kind: str) -> None:
    """Open one of the forms."""
    page.locator(f"details:has(input[value={kind}]) > summary").click()


@pytest.mark.parametrize("lang", SPOKEN)
def test_capacity(opens: Opens, hall: Hall, lang: str) -> None:
    booked = hall.book("PICK")
    day = booked["start"][:10]
    seen = Seen(enter(opens(DESK), hall, staff="manager"), lang)
    page = seen.page
    seen.visit(f"/{lang}/staff", "staff of a manager")
    seen.visit(f"/{lang}/{PAGE}?week={day}", "week without changes")
    seen.visit(f"/{lang}/{PAGE}/day/{day}", "one day")
    seen.visit(f"/{lang}/{PAGE}/day/2026-11-28", "a closed day")
    seen.visit(f"/{lang}/{PAGE}/preview?kind=places&add=many&first=x", "errors")
    expect(page.locator("#errors")).to_be_visible()
    seen.visit(f"/{lang}/{PAGE}")
    opened(page, "closure")
    page.locator("#closure-first").fill(day)
    page.locator("#closure-reason").fill("Wasserschaden im Erdgeschoss")
    seen.look("form")
    page.locator("details[open] button[type=submit]").click()
    expect(page.get_by_text(booked["code"])).to_be_visible()
    seen.look("preview with somebody who would lose a place")
    page.locator("main form button").click()
    expect(page.get_by_role("status")).to_be_visible()
    seen.look("change made")
    page.locator("a[href*='preview?end=']").first.click()
    seen.look("preview of taking back")
    page.locator("main form button").click()
    expect(page.get_by_role("status")).to_be_visible()
    seen.look("change taken back")
    seen.visit(f"/{lang}/{PAGE}/preview?end=999999", "unknown change")
    assert seen.wrong == []
