"""The guides' tablet in Chromium through holes of the network."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens, faults
from tests.browser.test_guide_screens import SMALL, TABLET, booked, held, pictured
from tests.browser.test_kiosk_offline import KEPT
from tests.served import Hall, ask, soon

PACKED = f"() => ({KEPT})().then(found => found.kept.some(one => !!one.questions))"


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> Iterator[None]:
    yield
    hall.clear()


@pytest.fixture
def tablet(opens: Opens, hall: Hall) -> Page:
    """An enrolled tablet in the hands of a guide who signed in."""
    return held(opens(TABLET), hall)


class TestHolesOfTheNetwork:
    def test_numbers_and_cards_go_on_and_are_sent_later(self, tablet: Page, hall: Hall) -> None:
        booking = booked(hall, "Offline Otto")
        found = "/api/v1/guide/heidelberg/looks"
        tablet.goto("/en/guide")
        tablet.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
        tablet.reload()
        soon(lambda: tablet.evaluate(PACKED), bool)
        tablet.fill("#said", booking["code"])
        tablet.get_by_role("button", name="Look").click()
        expect(tablet.get_by_role("button", name="Check in")).to_be_visible()
        tablet.context.set_offline(True)
        tablet.get_by_role("button", name="Check in").click()
        expect(tablet.locator("[data-screen=noted] h1")).to_be_visible()
        tablet.locator("[data-screen=noted] [data-go=start]").click()
        expect(tablet.locator("[data-screen=start] h1")).to_be_visible()
        assert faults(tablet) == []
        assert tablet.evaluate(SMALL) == []
        pictured(tablet, "offline")
        tablet.get_by_role("button", name="العربية").click()
        deck = tablet.locator("[data-screen=cards]")
        expect(deck).to_have_attribute("dir", "rtl")
        expect(deck.locator("h1")).to_be_visible()
        pictured(tablet, "offline-cards")
        for answer in (0, 6, 2, 0):
            deck.locator(".guide-ways button").nth(answer).click()
        expect(deck.locator(".kern-alert--danger")).to_contain_text("walk with this person")
        tablet.locator(".guide-head [data-go=start]").click()
        tablet.get_by_role("button", name="Number now").click()
        tablet.locator("[data-screen=number]").get_by_text("العربية").click()
        tablet.locator("[data-services] button").first.click()
        expect(tablet.locator("[data-screen=ticket] .guide-card")).to_have_attribute("dir", "rtl")
        expect(tablet.locator("[data-told=wait]")).to_contain_text("الشاشة")
        number = tablet.locator("[data-number]").inner_text()
        rows = tablet.locator("[data-outbox] li")
        expect(rows).to_have_count(2)
        expect(rows.last).to_contain_text(number)
        tablet.goto("/en/guide/number")
        expect(tablet.locator("[data-screen=start]"), "the ticket is another's").to_be_visible()
        expect(tablet.locator("[data-outbox] li")).to_have_count(2)
        tablet.context.set_offline(False)
        expect(tablet.locator("[data-outbox]")).to_be_hidden(timeout=45_000)
        query = "select count(*) from visit where number = $1"
        assert ask(hall.served.city, query, number)[0][0] == 1
        seen = hall.staff("guide").post(found, json={"said": booking["code"]}).json()
        assert seen["visit"] is not None

    def test_a_tablet_without_its_cards_says_so_and_still_gives_numbers(self, tablet: Page) -> None:
        tablet.route("**/kit", lambda route: route.abort())
        tablet.goto("/en/guide")
        tablet.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
        with tablet.expect_event("requestfailed", lambda one: one.url.endswith("/kit")):
            tablet.reload()
        tablet.context.set_offline(True)
        tablet.reload()
        tablet.locator("[data-cards=ar]").click()
        sorry = tablet.locator("[data-sorry]:visible")
        expect(sorry).to_have_count(1)
        expect(sorry).to_contain_text("The cards are not on this tablet yet")
        assert faults(tablet) + tablet.evaluate(SMALL) == []
        pictured(tablet, "offline-no-cards")
        tablet.locator("[data-screen=sorry] [data-go=start]").click()
        tablet.get_by_role("button", name="Number now").click()
        tablet.locator("[data-services] button").first.click()
        expect(tablet.locator("[data-number]")).not_to_be_empty()
