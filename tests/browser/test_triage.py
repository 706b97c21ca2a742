"""Triage in Chromium: every kind of end is reached in time, at the kiosk and at the entrance."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, SCHEMES, Opens, enter, faults, sideways
from tests.served import Hall

KIOSK: Any = {"width": 1080, "height": 1920}
TABLET: Any = {"width": 800, "height": 1280}
A_PERSON_SECONDS = 4.0
"""To read a question and tap; what the machine takes comes on top."""
MOST_SECONDS = 45.0
ENDS = {
    "responsible": ["here", "lost", "all"],
    "responsible, emergency": ["here", "urgent", "job", "all"],
    "elsewhere": ["other", "postcode:68723", "place:Schwetzingen"],
    "no_appointment": ["here", "ends", "ukraine"],
    "card": ["here", "card"],
    "online": ["here", "ends", "later"],
    "book": ["here", "lost", "missing"],
    "guide": ["here", "urgent", "danger"],
}
"""A script for each kind of end, as a visitor taps."""


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> Iterator[None]:
    yield
    hall.clear()


def walked(page: Page, frame: str, script: list[str], language: str = "de") -> float:
    """Tap through; the seconds a visitor needs, reading included."""
    began = time.monotonic()
    page.goto(f"/{language}/{frame}/triage")
    for step in script:
        kind, _, said = step.partition(":")
        if kind == "postcode":
            page.fill("#postcode", said)
            page.locator(".triage-form button:not([type=button])").click()
        elif kind == "place":
            page.locator(".triage-answer", has_text=said).click()
        else:
            page.locator(f'[data-answer="{step}"]').click()
    page.locator(".triage-outcome").wait_for()
    return time.monotonic() - began + A_PERSON_SECONDS * len(script)


@pytest.mark.parametrize(("frame", "viewport"), [("kiosk", KIOSK), ("guide", TABLET)])
def test_a_visitor_reaches_every_end_in_time(
    opens: Opens, hall: Hall, frame: str, viewport: Any
) -> None:
    who = {"device": "kiosk"} if frame == "kiosk" else {"staff": "guide"}
    page = enter(opens(viewport), hall, **who)
    for end, script in ENDS.items():
        took = walked(page, frame, script)
        assert took <= MOST_SECONDS, (end, took)
        expect(page.locator(f'[data-triage="{end.partition(",")[0]}"]')).to_be_visible()


def test_who_is_right_here_leaves_with_a_number(opens: Opens, hall: Hall) -> None:
    page = enter(opens(KIOSK), hall, device="kiosk")
    walked(page, "kiosk", ENDS["responsible"], "ar")
    page.locator('.triage-persons button[value="2"]').click()
    expect(page.locator(".kiosk-number")).to_be_visible()


def test_the_slip_of_another_authority_is_printed_in_both_languages(
    opens: Opens, hall: Hall
) -> None:
    page = enter(opens(KIOSK), hall, device="kiosk")
    walked(page, "kiosk", ENDS["elsewhere"], "ar")
    slip = page.locator("[data-print]")
    expect(slip).to_contain_text("دائرة الأجانب في مدينة Schwetzingen")
    expect(slip.locator('[lang="de"]').first).to_be_visible()
    assert page.locator(".triage-qr img").evaluate("image => image.naturalWidth") > 0
    page.emulate_media(media="print")
    expect(page.locator(".triage-ways")).to_be_hidden()
    expect(slip).to_be_visible()


def test_nothing_stands_in_anybodys_way(opens: Opens, hall: Hall) -> None:
    kiosk, phone = enter(opens(KIOSK), hall, device="kiosk"), opens(NARROW)
    for at in ("here", "other.08226084"):
        kiosk.goto(f"/ar/kiosk/triage?at={at}")
        assert faults(kiosk, colours=SCHEMES if at == "here" else ["light"]) == [], at
        assert sideways(kiosk) <= 0, at
    for language, at in (("de", "other"), ("uk", "here.lost.all")):
        phone.goto(f"/{language}/heidelberg/triage?at={at}")
        assert faults(phone, colours=["light"]) == [], at
        assert sideways(phone) <= 0, at
    phone.goto("/de_simple/heidelberg/triage?at=here")
    heights = [
        box["height"] for each in phone.locator(".triage a").all() if (box := each.bounding_box())
    ]
    assert len(heights) > 8
    assert min(heights) >= 44


def test_a_guide_hands_over_whoever_cannot_wait(opens: Opens, hall: Hall) -> None:
    page = enter(opens(TABLET), hall, staff="guide")
    walked(page, "guide", ENDS["guide"])
    page.locator(".kern-btn--danger").click()
    expect(page).to_have_url(f"{hall.served.url}/de/guide/emergency")


def test_a_guide_gives_a_number_to_whoever_is_right_here(opens: Opens, hall: Hall) -> None:
    page = enter(opens(TABLET), hall, staff="guide")
    walked(page, "guide", ENDS["responsible, emergency"], "ar")
    page.locator('.triage-persons button[value="1"]').click()
    expect(page.locator(".guide-number")).to_be_visible()


def test_it_needs_no_script(opens: Opens) -> None:
    page = opens(NARROW, scripts=False)
    page.goto("/uk/heidelberg/triage")
    page.locator('[data-answer="other"]').click()
    page.fill("#postcode", "68766")
    page.locator(".triage-form button").click()
    expect(page.locator(".triage-slip")).to_contain_text("Hockenheim")
    page.locator(".triage-ways a").first.click()
    expect(page.locator("#postcode")).to_be_visible()
