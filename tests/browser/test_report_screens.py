"""The figures of a day in the console: accessible in every language, at 320 pixels, on paper."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SPOKEN, Opens, enter
from tests.browser.test_screens import DESK, Seen
from tests.city import BEGIN
from tests.served import Hall

PAGE = "console/heidelberg/reports"


@pytest.mark.parametrize("lang", SPOKEN)
def test_figures_of_a_day(opens: Opens, hall: Hall, lang: str) -> None:
    hall.walk_in("INFO")
    hall.walk_in("PICK")
    hall.staff().post("/api/v1/desks/heidelberg.1/next")
    seen = Seen(enter(opens(DESK), hall, staff="manager"), lang)
    page = seen.page
    seen.visit(f"/{lang}/{PAGE}?day={BEGIN.date()}", "a day with visits")
    seen.picture("reports-day")
    expect(page.locator(".console-table").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".console-places")).to_be_hidden()
    expect(page.locator(".console-table").first).to_be_visible()
    page.emulate_media(media="screen")
    seen.visit(f"/{lang}/{PAGE}?day=2026-11-01", "a day without visits")
    with page.expect_download() as saved:
        page.locator("a[download]").click()
    assert saved.value.suggested_filename == "heidelberg-2026-11-01.csv"
    assert seen.wrong == []
