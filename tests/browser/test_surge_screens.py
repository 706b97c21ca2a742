"""The page of surge rules in every state and language: accessible, at 320 pixels, on paper."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests import card_season
from tests.browser.conftest import PHONE, SPOKEN, Opens, enter
from tests.browser.test_screens import Seen
from tests.city import City, Served, serving
from tests.conftest import settled
from tests.served import Hall, hall_of


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
        card_season.begin(hall)
        yield hall


def look(seen: Seen, name: str) -> None:
    seen.look(name)
    seen.picture(f"surge-{name}")


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
