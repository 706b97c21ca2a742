"""The ticket on the phone in all its states, and the managers' page of forecasts."""

import pytest
from playwright.sync_api import Page, expect

from queue_service.language import catalogue
from tests.browser.conftest import NARROW, SPOKEN, Opens, enter, faults, sideways
from tests.served import Hall

VIBRATE = "window.pulses = []; navigator.vibrate = (p) => { window.pulses.push(p); return true; };"


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


def fine(page: Page) -> None:
    assert faults(page) == []
    assert sideways(page) == 0


@pytest.mark.parametrize("lang", SPOKEN)
def test_a_phone_waits_is_called_parks_and_loses_the_network(
    opens: Opens, hall: Hall, lang: str
) -> None:
    t = catalogue(lang)
    ticket = hall.walk_in("BIO")
    phone = opens(NARROW)
    phone.add_init_script(VIBRATE)
    phone.goto(f"/{lang}/t/{ticket['ticket']}")
    phone.get_by_text(t("Why am I waiting?")).click()
    expect(phone.locator("#why li").first).to_be_visible()
    expect(phone.locator("#late button")).to_be_visible()
    fine(phone)

    clerk = hall.staff()
    called = clerk.post(
        "/api/v1/desks/heidelberg.1/call", json={"number": ticket["number"], "reason": "other"}
    )
    assert called.status_code == 200
    expect(phone.locator("#ticket")).to_have_attribute("data-state", "called")
    expect(phone.locator("#more")).to_be_hidden()
    visit = called.json()["current"]["visit"]
    clerk.post(f"/api/v1/visits/{visit}/recall")
    expect(phone.get_by_role("alert")).to_contain_text(ticket["number"])
    assert len(phone.evaluate("window.pulses")) == 1
    box = phone.locator("#ticket").bounding_box()
    assert box is not None
    assert box["height"] >= NARROW["height"]
    fine(phone)

    assert clerk.post(f"/api/v1/visits/{visit}/park", json={"reason": "papers"}).status_code == 200
    expect(phone.locator("[data-live=next]")).to_have_text(
        t("Please fetch the papers you were asked for, then come back to the counter.")
    )
    at = phone.locator("[data-live=at]").inner_text()
    phone.context.set_offline(True)
    expect(phone.locator("[data-live=at]")).to_have_text(f"{t('No connection.')} {at}")
    expect(phone.locator("[data-live=number]")).to_have_text(ticket["number"])


def test_i_am_late_works_without_a_script(opens: Opens, hall: Hall) -> None:
    ticket = hall.walk_in("BIO")
    phone = opens(NARROW, scripts=False)
    phone.goto(f"/de/t/{ticket['ticket']}")
    assert phone.locator("noscript meta[http-equiv=refresh]").count() == 1
    phone.locator("#late button").click()
    expect(phone.locator("[data-live=leave]")).to_contain_text("Sie behalten Ihren Platz.")
    expect(phone.locator("#late")).to_be_hidden()


def test_managers_see_how_good_forecasts_were(opens: Opens, hall: Hall) -> None:
    page = enter(opens({"width": 1280, "height": 800}), hall, staff="manager")
    page.goto("/de/console/heidelberg/waits")
    expect(page.locator("h1")).to_have_text("Vorhersage der Wartezeiten")
    assert faults(page) == []
    page.set_viewport_size(NARROW)
    assert sideways(page) == 0
    page.goto("/de/console/heidelberg/waits?to=2026-10-01")
    expect(page.locator("main")).to_contain_text("keine Vorhersage ausgewertet")
