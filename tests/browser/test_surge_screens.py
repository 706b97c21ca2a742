"""The page of surge rules in every state and language: accessible, at 320 pixels, on paper."""

import asyncio
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from queue_service.flows.capacity import surging
from queue_service.house import close_house, open_house
from tests.browser.conftest import PHONE, SPOKEN, Opens, enter
from tests.browser.test_screens import NARROW, Seen
from tests.city import BEGIN, City, Served, serving, set_clocks
from tests.conftest import aside, settled
from tests.served import Hall, hall_of

PICTURES = os.environ.get("QUEUE_PICTURES", "")
"""A folder to keep every screen in, to look at."""


@pytest.fixture(scope="module")
def served(
    postgres: str, founded: City, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server of its own: this module moves the clock."""
    with (
        settled(postgres, founded) as city,
        serving(city, tmp_path_factory.mktemp("surge")) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def stuttgart(served: Served) -> Iterator[Hall]:
    """Stuttgart with 900 cards ready, at the moment a rule suggests what to do."""
    with hall_of(served, "stuttgart") as hall:
        rows = [f"S{n:06};ready;{BEGIN.date()}" for n in range(900)]
        answer = hall.staff("manager").post(
            "/api/v1/offices/stuttgart/card-lists",
            content="\n".join(["serial;state;date", *rows]),
            headers={"Content-Type": "text/csv"},
        )
        assert answer.status_code == 200, answer.text
        # The server looks by itself as well, perhaps a moment before the list was there.
        for minutes in (1, 4, 40):
            at = BEGIN + timedelta(minutes=minutes)
            aside(partial(_look, served.city, at))
        yield hall


def _look(city: City, at: datetime) -> None:
    set_clocks(city, at)

    async def run() -> None:
        house = await open_house(city.settings(), follow=False)
        try:
            await house.follower.refresh()
            await surging.look(house, house.follower.offices["stuttgart"])
        finally:
            await close_house(house)

    asyncio.run(run())


def look(seen: Seen, name: str) -> None:
    seen.look(name)
    if PICTURES:
        file = Path(PICTURES) / f"surge-{seen.language}-{name.replace(' ', '-')}.png"
        seen.page.screenshot(path=file, full_page=True)
        seen.page.set_viewport_size(NARROW)
        seen.page.screenshot(path=file.with_stem(f"{file.stem}-320"), full_page=True)
        seen.page.set_viewport_size(PHONE)


@pytest.mark.parametrize("lang", SPOKEN)
def test_rules_that_wait_run_and_are_taken_back(opens: Opens, stuttgart: Hall, lang: str) -> None:
    seen = Seen(enter(opens(PHONE), stuttgart, staff="manager"), lang)
    page, here = seen.page, f"/{lang}/console/stuttgart/surge"
    page.goto(here)
    rule = page.locator("section", has=page.locator("#rule-eat_season"))
    if lang == SPOKEN[0]:
        expect(rule.locator("form[action$=approve]")).to_be_visible()
        look(seen, "suggested")
        rule.locator("form[action$=approve] button").click()
        expect(page.get_by_role("status").first).to_be_visible()
    else:
        page.goto(f"{here}?try=eat_season")
        look(seen, "tried")
        rule.locator("summary").click()
        rule.locator("form[action$=start] button").click()
    look(seen, "running")
    rule.locator("summary").click()
    rule.locator("form[action$=pause] button").click()
    rule.locator("form[action$=end] button").click()
    expect(rule.locator("form[action$=end]")).to_have_count(0)
    rule.locator("summary").click()
    rule.locator("form[action$=resume] button").click()
    expect(page.get_by_role("status").first).to_be_visible()
    if lang == SPOKEN[-1]:
        page.goto(f"{here}?sorry=rule_stopped&reason=staff")
        expect(page.get_by_role("alert")).to_be_visible()
        look(seen, "stopped")
    page.emulate_media(media="print")
    expect(page.locator(".console-places")).to_be_hidden()
    page.emulate_media(media="screen")
    assert seen.wrong == []


def test_case_workers_look_and_have_no_buttons(opens: Opens, stuttgart: Hall) -> None:
    page = enter(opens(PHONE), stuttgart, staff="case_worker")
    page.goto("/de/console/stuttgart/surge")
    expect(page.locator("h1")).to_have_text("Engpassregeln")
    expect(page.locator("main form")).to_have_count(0)
