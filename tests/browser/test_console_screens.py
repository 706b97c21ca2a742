"""Managers' pages of disruptions, cards and devices, and of changes that nobody typed."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from playwright.sync_api import expect

from queue_service.flows.capacity import layering
from queue_service.house import close_house, open_house
from queue_service.model.ids import SYSTEM
from queue_service.model.layer import Layer, Origin
from tests.browser.conftest import SPOKEN, Opens, enter
from tests.browser.test_screens import DESK, Seen
from tests.city import BEGIN, City
from tests.conftest import aside
from tests.served import Hall

HOME = "console/heidelberg"


def laid(city: City) -> None:
    """A horizon the house itself has shortened, for an hour."""

    async def add() -> None:
        house = await open_house(city.settings(), follow=False)
        try:
            await house.follower.refresh()
            office = house.follower.offices["heidelberg"]
            change = msgspec.json.encode({"first_come": False}).decode()
            layer = Layer(
                "service:TRAN",
                change,
                BEGIN,
                BEGIN + timedelta(hours=12),
                SYSTEM,
                "demand over supply 1.23",
                Origin.RELEASE,
            )
            assert isinstance(await layering.add(house, office, (layer,), SYSTEM), tuple)
        finally:
            await close_house(house)

    aside(lambda: asyncio.run(add()))


@pytest.mark.parametrize("lang", SPOKEN)
def test_disruptions(opens: Opens, hall: Hall, lang: str) -> None:
    day = hall.book("LOSS")["start"][:10]
    seen = Seen(enter(opens(DESK), hall, staff="manager"), lang)
    page = seen.page
    seen.visit(f"/{lang}/{HOME}/disruption", "disruption")
    seen.visit(f"/{lang}/{HOME}/disruption/proposal?day=x", "disruption: errors")
    expect(page.locator("#errors")).to_be_visible()
    counters = "&".join(f"counter={n}" for n in (5, 6))
    query = f"{counters}&day={day}&from=08:00&to=16:00&why=technical"
    seen.visit(f"/{lang}/{HOME}/disruption/proposal?{query}", "proposal")
    expect(page.locator("main form[method=post]")).to_have_count(1)
    span = f"first={day}&last={day}&why=title_extended"
    seen.visit(f"/{lang}/{HOME}/disruption/cancellation?service=LOSS&{span}", "cancellation")
    page.locator("main form button").click()
    expect(page.get_by_role("status")).to_be_visible()
    seen.look("cancelled")
    seen.visit(f"/{lang}/{HOME}/disruption/calls", "people to phone")
    assert page.locator("tbody tr").count() > 0
    assert seen.wrong == []


@pytest.mark.parametrize("lang", SPOKEN)
def test_cards_and_devices(opens: Opens, hall: Hall, lang: str) -> None:
    seen = Seen(enter(opens(DESK), hall, staff="manager"), lang)
    page = seen.page
    seen.visit(f"/{lang}/{HOME}/cards", "cards")
    seen.visit(f"/{lang}/{HOME}/devices", "devices")
    page.locator("#device").fill("Not A Name")
    page.locator(".console-form button").click()
    expect(page.locator("#errors")).to_be_visible()
    seen.look("device with errors")
    page.locator("#device").fill(f"gone-{lang}")
    page.locator(".console-form button").click()
    page.locator(f"form[action$='gone-{lang}/revoke'] button").click()
    expect(page.get_by_role("status")).to_be_visible()
    seen.look("device revoked")
    seen.visit(f"/{lang}/{HOME}/waits", "waits")
    seen.visit(f"/{lang}/{HOME}/reminders", "reminders")
    assert seen.wrong == []


def test_what_the_house_changed_by_itself(opens: Opens, hall: Hall) -> None:
    laid(hall.served.city)
    for lang in SPOKEN:
        seen = Seen(enter(opens(DESK), hall, staff="manager"), lang)
        seen.visit(f"/{lang}/{HOME}/capacity", "a change of the house's own")
        expect(seen.page.locator("a[href*='preview?end=']").first).to_be_visible()
        assert seen.wrong == []
