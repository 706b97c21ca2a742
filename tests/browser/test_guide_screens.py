"""The guides' tablet in Chromium: along a line, by keys and photos, and measured."""

import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect
from qrcode.main import QRCode

from tests.browser.conftest import NARROW, SPOKEN, Opens, colours_in, enter, faults, sideways
from tests.browser.test_budgets import Wire, assert_within
from tests.browser.test_keyboard import tab_to
from tests.city import BEGIN
from tests.served import Hall, ask

TABLET: ViewportSize = {"width": 820, "height": 1180}
MIRRORED = ("home", "number", "visit", "booking")
"""Between them every part that turns round from right to left."""
SCANNER = """text => { for (const key of [...text, "Enter"]) document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); }"""
SMALL = """() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden])")]
  .filter(one => one.checkVisibility() && !one.closest("label") && !one.matches(".kern-skip"))
  .map(one => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && box.height < 44).map(([html]) => html)"""


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> Iterator[None]:
    yield
    hall.clear()


@pytest.fixture
def tablet(opens: Opens, hall: Hall) -> Page:
    """An enrolled tablet in the hands of a guide who signed in."""
    return held(opens(TABLET), hall)


def held(page: Page, hall: Hall) -> Page:
    return enter(enter(page, hall, fresh="tablet"), hall, staff="guide")


def booked(hall: Hall, name: str = "Rana Rahimi", born: str = "1988-08-08") -> Any:
    wish = {
        "services": [{"service": "PICK", "persons": 1}],
        "start": (BEGIN + timedelta(minutes=30)).isoformat(),
        "applicant": {"name": name, "birth_date": born},
        "language": "ar",
        "exceed_reason": "crowd",
    }
    answer = hall.staff("manager").post("/api/v1/offices/heidelberg/bookings", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


def photo(hall: Hall, code: str) -> bytes:
    """A photo as a tablet's camera takes it: several megapixels."""
    drawn = QRCode(border=4)
    drawn.add_data(f"HTTP://LOCALHOST/B/{code}")
    desk = Image.effect_noise((3_000, 2_200), 40).convert("RGB")
    desk.paste(drawn.make_image().get_image().convert("RGB").resize((1_100, 1_100)), (900, 500))
    out = io.BytesIO()
    desk.save(out, "JPEG", quality=92)
    return out.getvalue()


class TestWalkingTheLine:
    def test_a_scan_leads_to_a_number_in_two_taps(self, tablet: Page, hall: Hall) -> None:
        booking = booked(hall)
        tablet.goto("/en/guide")
        tablet.evaluate(SCANNER, f"HTTP://LOCALHOST/B/{booking['code']}")
        tablet.get_by_role("button", name="Check in").click()
        card = tablet.locator(".guide-card")
        expect(card).to_have_attribute("lang", "ar")
        expect(card.locator(".guide-number")).to_have_text(
            ask(hall.served.city, "select number from visit order by arrived desc, seq desc")[0][0]
        )
        assert booking["code"] not in tablet.url

    def test_a_photo_is_shrunk_before_it_travels(self, tablet: Page, hall: Hall) -> None:
        content = photo(hall, booked(hall, "Foto Fritz")["code"])
        assert len(content) > 1_500_000
        tablet.goto("/en/guide")
        with tablet.expect_request("**/guide/photo") as sent:
            tablet.locator("#photo").set_input_files(
                {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content}
            )
        tablet.wait_for_url("**/guide/booking/*")
        expect(tablet.get_by_role("button", name="Check in")).to_be_visible()
        assert int(sent.value.all_headers()["content-length"]) < 800_000

    def test_cards_lead_to_a_number_in_five_taps(self, tablet: Page, hall: Hall) -> None:
        """The cards are the visitor's; the guide taps what is pointed at."""
        tablet.goto("/de/guide")
        tablet.get_by_role("link", name="English").last.click()
        for answer in ("here", "more", "info"):
            tablet.locator(f"[data-answer={answer}]").click()
        tablet.locator(".triage-number button").first.click()
        expect(tablet.locator(".guide-number")).to_be_visible()
        expect(tablet.locator(".guide-card")).to_have_attribute("lang", "en")
        assert tablet.url.split("/")[3] == "de"

    def test_somebody_who_lost_the_code_is_found_and_checked_in(
        self, tablet: Page, hall: Hall
    ) -> None:
        code = booked(hall, "Yusuf Zarif", "1979-12-24")["code"]
        tablet.goto("/en/guide/find")
        tablet.fill("#letters", "za")
        tablet.fill("#birth_date", "24.12.1979")
        tablet.get_by_label("No phone, or its battery is empty").check()
        tablet.get_by_role("button", name="Find").click()
        expect(tablet.locator(".kern-card")).to_have_count(1)
        expect(tablet.locator(".kern-card")).to_contain_text(code[-3:])
        assert "Zarif" not in tablet.content()
        tablet.locator(".kern-card").click()
        tablet.get_by_role("button", name="Check in").click()
        expect(tablet.locator(".guide-number")).to_be_visible()

    def test_tomorrow_is_booked_and_printed(self, tablet: Page) -> None:
        tablet.goto("/en/guide/later")
        tablet.locator("button[name=service]").first.click()
        first = tablet.locator(".guide-starts label").first.inner_text()
        tablet.fill("#name", "Mona Morgen")
        tablet.get_by_role("button", name="Book this appointment").click()
        expect(tablet.locator(".guide-card")).to_contain_text(first)
        expect(tablet.locator("[data-paper]")).to_be_visible()


class TestEmergencies:
    def test_whether_it_was_accepted_comes_back_by_itself(self, tablet: Page, hall: Hall) -> None:
        tablet.goto("/en/guide/emergency")
        tablet.get_by_label("English").check()
        tablet.get_by_role("button", name="Hand over now").click()
        row = tablet.locator(".guide-hand")
        expect(row).to_contain_text("Waits for any free case worker.")
        expect(row.locator("time")).to_have_text("0:00")
        worker = hall.staff("case_worker")
        visit = worker.get("/api/v1/offices/heidelberg/hands").json()["hands"][0]["visit"]
        counter = {"counter": "heidelberg.6"}
        accepted = worker.post(f"/api/v1/visits/{visit}/accept", json=counter)
        assert accepted.status_code == 200, accepted.text
        expect(row).to_contain_text("Accepted: please go to")
        expect(row.locator("time")).to_have_count(0)

    def test_without_network_the_guide_walks(self, tablet: Page) -> None:
        tablet.goto("/en/guide/emergency")
        tablet.context.set_offline(True)
        tablet.get_by_label("English").check()
        tablet.get_by_role("button", name="Hand over now").click()
        expect(tablet.get_by_text("No network: walk with this person")).to_be_visible()


class TestUndo:
    def test_the_last_act_is_offered_and_taken_back_by_a_key(
        self, tablet: Page, hall: Hall
    ) -> None:
        tablet.goto("/ar/guide/number")
        tablet.get_by_label("Українська").check()
        tablet.locator("button[name=service]").first.click()
        expect(tablet.locator("[data-left]")).to_contain_text("ث")
        tablet.keyboard.press("Control+Z")
        tablet.wait_for_url("**/ar/guide?done=undone")
        assert faults(tablet) + tablet.evaluate(SMALL) == []
        states = ask(hall.served.city, "select state from visit order by arrived desc, seq desc")
        assert states[0][0] == "withdrawn"


class TestTheScreen:
    def test_a_screen_left_alone_is_covered_and_wiped(self, tablet: Page) -> None:
        tablet.clock.install()
        tablet.goto("/en/guide/find")
        tablet.fill("#letters", "ab")
        tablet.clock.fast_forward(62_000)
        cover = tablet.locator(".guide-cover button")
        expect(cover).to_be_focused()
        expect(tablet.locator("#letters")).not_to_be_visible()
        assert tablet.locator("#letters").input_value() == ""
        tablet.keyboard.press("Enter")
        tablet.wait_for_url("**/en/guide")
        expect(tablet.locator("#said")).to_be_visible()

    @pytest.mark.parametrize("lang", SPOKEN)
    def test_every_screen_is_for_everybody(self, opens: Opens, hall: Hall, lang: str) -> None:
        page = held(opens(TABLET), hall)
        number = hall.walk_in()["number"]
        found = (
            hall.staff("guide")
            .post("/api/v1/guide/heidelberg/looks", json={"said": number})
            .json()["visit"]["visit"]
        )
        coming = (
            hall.staff("guide")
            .post(
                "/api/v1/guide/heidelberg/looks",
                json={"said": booked(hall, f"Axel {lang}")["code"]},
            )
            .json()["booking"]["booking"]
        )
        for name, path in {
            "home": "",
            "find": "/find",
            "number": "/number",
            "later": "/later",
            "starts": "/later?service=BIO",
            "card": "/card",
            "emergency": "/emergency",
            "hands": "/hands",
            "visit": f"/visit/{found}",
            "paper": f"/visit/{found}/paper",
            "booking": f"/booking/{coming}?signed=genuine",
            "forged": "/verdict?signed=altered",
        }.items():
            if lang != "de" and name not in MIRRORED:
                continue
            page.set_viewport_size(TABLET)
            page.goto(f"/{lang}/guide{path}")
            expect(page.locator(".guide-main h1")).to_have_count(1)
            assert faults(page, colours=colours_in(lang)) == [], name
            assert page.evaluate(SMALL) == [], name
            pictured(page, f"{lang}-{name}")
            page.set_viewport_size(NARROW)
            assert sideways(page) <= 0, name
            pictured(page, f"{lang}-{name}-320")

    def test_by_keys_alone(self, tablet: Page, hall: Hall) -> None:
        tablet.goto("/en/guide")
        tab_to(tablet, name="said")
        tablet.keyboard.type(booked(hall, "Key Board")["code"], delay=70)
        tablet.keyboard.press("Enter")
        tablet.wait_for_url("**/guide/booking/*")
        tab_to(tablet, "Check in")
        tablet.keyboard.press("Enter")
        tablet.wait_for_url("**/guide/visit/*")
        tab_to(tablet, "Next person")

    def test_the_first_visit_is_small(self, tablet: Page) -> None:
        wire = Wire(tablet, "/de/guide")
        assert_within(wire, size=40_000, requests=6, script=10_000)


def pictured(page: Page, name: str) -> None:
    """Keep the screen for whoever wants to look at it."""
    folder = os.environ.get("QUEUE_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"guide-{name}.png", full_page=True)
