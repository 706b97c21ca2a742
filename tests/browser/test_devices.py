"""Devices as people see them: enrolled by a code, heard of by themselves, listed for managers."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opens, enter
from tests.browser.test_screens import DESK, Seen
from tests.browser.test_screens import seen as seen  # noqa: PLC0414 - a fixture
from tests.served import Hall, soon

PLACE = "console/heidelberg/devices"


@pytest.mark.parametrize("lang", ["uk", "ar"])
def test_a_manager_invites_a_device_and_it_enrols(
    seen: Seen, opens: Opens, hall: Hall, lang: str
) -> None:
    manager = enter(seen.page, hall, staff="manager")
    manager.set_viewport_size(DESK)
    seen.visit(f"/{lang}/{PLACE}", "devices")
    manager.fill("#device", f"hall-{lang[:2]}")
    manager.locator("#role").select_option("display")
    manager.locator(".console-form button").click()
    seen.look("the code")
    code = manager.locator(".console-code").inner_text()
    screen = opens()
    screen.goto(f"/{lang}/enrol")
    screen.fill("#code", code.lower())
    screen.locator("main form button").click()
    expect(screen).to_have_url(re.compile(f"/board/heidelberg.hall-{lang[:2]}$"))


@pytest.mark.parametrize("lang", ["uk"])
def test_the_page_for_the_code_says_what_is_wrong(seen: Seen, lang: str) -> None:
    seen.visit(f"/{lang}/enrol")
    seen.page.fill("#code", "2222 2222")
    seen.page.locator("main form button").click()
    expect(seen.page.get_by_role("alert")).to_be_visible()


def test_screens_and_kiosks_say_by_themselves_how_they_are(opens: Opens, hall: Hall) -> None:
    def devices() -> dict[str, dict[str, Any]]:
        answer = hall.staff("manager").get("/api/v1/offices/heidelberg/devices").json()
        return {each["device"]: each for each in answer["devices"]}

    before = devices()
    board, kiosk = opens(), opens()
    board.goto(f"/enrol/{hall.links.board.key}")
    kiosk.goto(f"/enrol/{hall.links.kiosk.key}")

    def fresh(seen: dict[str, dict[str, Any]]) -> bool:
        return all(seen[each]["seen"] != before[each]["seen"] for each in ("board-1", "kiosk-1"))

    # The first beat is sent after three seconds; other tests may have left older ones.
    found = soon(devices, fresh)
    assert found["board-1"]["version"]
    assert found["board-1"]["last_event"] is not None
    assert found["board-1"]["sound"] in ("on", "off")
    assert found["kiosk-1"]["version"]
    for each in ("board-1", "kiosk-1"):
        assert "stale" not in found[each]["warnings"]
        assert "clock_off" not in found[each]["warnings"]


def test_a_ticket_that_was_not_printed_is_told_by_the_next_heartbeat(
    opens: Opens, hall: Hall
) -> None:
    hall.clear()
    kiosk = opens()
    kiosk.goto(f"/enrol/{hall.links.kiosk.key}")
    kiosk.goto("/en/kiosk/number")
    kiosk.locator("button[name=service][value=PICK]").click()
    kiosk.wait_for_url("**/kiosk/done")
    # No printer is named for this kiosk: what its button would ask for finds none.
    kiosk.request.post("/en/kiosk/print")
    kiosk.goto("/en/kiosk/done?printed=unreachable")
    with kiosk.expect_response("**/devices/heartbeat") as sent:
        expect(kiosk.get_by_role("alert")).to_be_visible()
    assert sent.value.request.post_data_json["printer"] == "unreachable"
    manager = enter(opens(DESK), hall, staff="manager")
    manager.goto(f"/en/{PLACE}")
    row = manager.get_by_role("row").filter(has_text="kiosk-1")
    expect(row.locator(".console-warning")).to_have_text(["printer does not answer"])
    kiosk.goto("/en/kiosk/done?printed=yes")
    kiosk.wait_for_function("() => localStorage.getItem('printer') === ''")  # said from now on
