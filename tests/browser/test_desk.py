"""The call desk's journeys in Chromium: sent on, parked, handed over, pauses, keys, the paper."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import NARROW, SPOKEN, Opens, colours_in, enter, faults, sideways
from tests.served import Hall

DESK = ViewportSize(width=1280, height=720)
ZOOMED = ViewportSize(width=640, height=360)
"""A desk at 200 %."""
TARGETS = """() => [...document.querySelectorAll("button, summary, a, input:not([type=hidden])")]
  .filter(one => one.checkVisibility() && !one.closest(".kern-skip"))
  .map(one => [one.closest("label") ?? one, one])
  .filter(([target]) => target.getBoundingClientRect().height < 43.5)
  .map(([, one]) => one.outerHTML.slice(0, 120))"""


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> Iterator[None]:
    hall.clear()
    yield
    # One person has one open counter.
    for counter, role in (("1", "clerk"), ("2", "manager"), ("5", "case_worker")):
        path = f"/api/v1/desks/heidelberg.{counter}/state"
        assert hall.staff(role).put(path, json={"state": "open"}).status_code == 200
        for gone in hall.staff().get(f"/api/v1/desks/heidelberg.{counter}").json()["parked"]:
            hall.on_visit(gone["visit"], "resume")
    hall.clear()


def at(opens: Opens, hall: Hall, counter: str = "1", role: str = "clerk", **more: Any) -> Page:
    page = enter(opens(more.pop("view", DESK), **more), hall, staff=role)
    page.goto(f"/en/desk/heidelberg.{counter}")
    return page


def served(page: Page, hall: Hall) -> str:
    """Somebody stands at this desk, where nobody did; their number."""
    expect(page.locator("[data-nobody]")).to_be_visible()
    number = str(hall.walk_in()["number"])
    expect(page.locator("[data-list=waiting] li").first).to_be_visible()
    page.keyboard.press(" ")
    expect(page.locator(".desk-number")).to_have_text(number)
    page.keyboard.press("s")
    expect(page.locator(".desk-phase")).to_be_visible()
    return number


def test_sent_on_in_two_presses_with_a_sentence_that_arrives(opens: Opens, hall: Hall) -> None:
    desk = at(opens, hall)
    number = served(desk, hall)
    desk.keyboard.press("f")
    desk.locator("#sentence").fill("Please <b>check</b> the passport")
    desk.locator("button[value='counter:2']").click()
    expect(desk.locator("[data-nobody]")).to_be_visible()
    other = at(opens, hall, "2")
    expect(other.locator("[data-full=next] strong").first).to_have_text(number)
    other.keyboard.press(" ")
    expect(other.locator(".desk-notes li")).to_have_text("Please <b>check</b> the passport")


def test_parked_by_two_keys_and_back_by_one_tap(opens: Opens, hall: Hall) -> None:
    desk = at(opens, hall)
    number = served(desk, hall)
    desk.keyboard.press("p")
    expect(desk.locator("button[value=papers]")).to_be_focused()
    assert faults(desk, colours=["light"]) == []
    desk.keyboard.press("Enter")
    row = desk.locator("[data-list=parked] li")
    expect(row).to_contain_text(number)
    row.get_by_role("button").click()
    expect(desk.locator("[data-list=waiting] li")).to_contain_text(number)
    desk.keyboard.press("z")
    expect(row).to_contain_text(number)


def test_who_is_there_is_marked_by_keys_and_the_next_person_begins_anew(
    opens: Opens, hall: Hall
) -> None:
    desk = at(opens, hall)
    served(desk, hall)
    desk.keyboard.press("m")
    panel = desk.locator("form[action$='/mark']")
    boxes = panel.locator("input[type=checkbox]")
    expect(boxes.first).to_be_focused()
    expect(panel.locator("#mark-language")).to_have_value("ar")
    desk.keyboard.press(" ")
    panel.locator("[value=hearing]").check()
    panel.locator("#mark-need").select_option("N2")
    assert faults(desk, colours=["light"]) == []
    assert desk.evaluate(TARGETS) == []
    panel.get_by_role("button").press("Enter")
    facts = desk.locator("[data-live='current.facts']")
    expect(facts).to_contain_text("N2: work, training or benefits at risk")
    expect(facts).to_contain_text("needs a seat or quiet · hears badly")
    expect(panel).to_be_hidden()
    desk.keyboard.press("m")
    expect(panel.locator(":checked")).to_have_count(4)
    panel.locator("[value=sight]").check()  # and thought better of it
    desk.keyboard.press("Escape")
    desk.locator("[data-act=undo]").click()
    expect(facts).not_to_contain_text("N2")
    expect(boxes.locator(":scope:checked")).to_have_count(0)
    desk.locator("summary[data-act=mark]").click()
    panel.locator("[value=sight]").check()
    desk.locator("[data-when=serving] [data-act=finish]").click()
    served(desk, hall)
    expect(boxes.locator(":scope:checked")).to_have_count(0)


def test_two_under_one_login_read_why_a_counter_closed(opens: Opens, hall: Hall) -> None:
    desk, other = at(opens, hall), at(opens, hall, "2")
    told = desk.locator(".desk-shared")
    expect(told).to_be_hidden()
    for page, state in ((desk, "open"), (other, "closed"), (other, "open")):
        page.locator(f"[data-state={state}]").click()
        expect(page.locator(f"[data-state={state}]")).to_have_attribute("aria-pressed", "true")
    expect(told).to_contain_text("was opened under the login")
    assert faults(desk, colours=["light"]) == []
    desk.locator(".desk-acts [data-act=state]").click()
    expect(told).to_be_hidden()
    expect(other.locator(".desk-shared")).to_contain_text("sign in with your own")


def test_an_emergency_knocks_quietly_with_a_clock_and_is_accepted_by_a_key(
    opens: Opens, hall: Hall
) -> None:
    desk, worker = at(opens, hall), at(opens, hall, "5", "case_worker")
    number = served(desk, hall)
    desk.locator("summary[data-act=hand]").click()
    desk.locator("#why").fill("Flight tonight")
    desk.locator("button[value='0']").click()
    knock = worker.locator("[data-list='around.hands'] li")
    expect(knock).to_contain_text(number)
    expect(knock.locator("q")).to_have_text("Flight tonight")
    before = knock.locator(".desk-hand-clock").inner_text()
    expect(knock.locator(".desk-hand-clock")).not_to_have_text(before)
    assert faults(worker) == []
    expect(desk.locator("[data-list='around.hands'] li")).to_have_count(0)
    worker.keyboard.press("a")
    expect(worker.locator(".desk-number")).to_have_text(number)
    expect(worker.locator(".desk-notes li")).to_have_text("Flight tonight")


def test_a_break_stops_the_calls_and_a_key_ends_it(opens: Opens, hall: Hall) -> None:
    desk = at(opens, hall)
    hall.walk_in()
    desk.keyboard.press("b")
    expect(desk.locator("[data-state=break]")).to_have_attribute("aria-pressed", "true")
    expect(desk.locator("[data-act=next]")).to_be_hidden()
    assert hall.press("1").json()["code"] == "desk_not_open"
    assert faults(desk, colours=["light"]) == []
    desk.keyboard.press("b")
    expect(desk.locator("[data-act=next]")).to_be_visible()


def test_another_counter_is_one_tap_and_the_old_one_closes(opens: Opens, hall: Hall) -> None:
    page = enter(opens(DESK), hall, staff="case_worker")
    for counter in ("1", "2"):
        page.goto("/en/staff")
        page.locator(".staff-counter").nth(int(counter) - 1).click()
        page.wait_for_url(f"**/desk/heidelberg.{counter}")
    assert hall.staff().get("/api/v1/desks/heidelberg.1").json()["state"] == "closed"
    page.goto("/en/desk/heidelberg.1")
    expect(page.locator("[data-list='around.others'] li")).to_have_count(1)
    page.locator("[data-act=leave]").click()
    expect(page.locator("[data-list='around.others'] li")).to_have_count(0)
    assert hall.staff().get("/api/v1/desks/heidelberg.2").json()["state"] == "closed"


def test_keys_can_be_changed_and_held_keys_do_nothing(opens: Opens, hall: Hall) -> None:
    desk = at(opens, hall)
    hall.walk_in()
    hall.walk_in()
    expect(desk.locator("[data-list=waiting] li")).to_have_count(2)
    desk.evaluate(
        "() => document.querySelector('#main').dispatchEvent(new KeyboardEvent('keydown',"
        " { key: ' ', repeat: true, bubbles: true, cancelable: true }))"
    )
    desk.locator(".desk-keys summary").click()
    desk.locator("[data-key=next]").fill("x")
    desk.locator("[data-key=next]").blur()
    desk.locator("main").focus()
    desk.keyboard.press(" ")
    desk.wait_for_timeout(200)
    expect(desk.locator("[data-nobody]")).to_be_visible()
    desk.keyboard.press("x")
    expect(desk.locator("[data-current]")).to_be_visible()


@pytest.mark.parametrize("lang", SPOKEN)
def test_at_work_it_is_large_enough_and_fits(opens: Opens, hall: Hall, lang: str) -> None:
    desk = at(opens, hall)
    served(desk, hall)
    desk.goto(f"/{lang}/desk/heidelberg.1")
    desk.locator(".desk-keys summary").click()
    for panel in ("forward", "hand", "add"):
        desk.locator(f"summary[data-act={panel}]").click()
        assert faults(desk, colours=colours_in(lang)) == [], panel
        assert desk.evaluate(TARGETS) == [], panel
        for view in (NARROW, ZOOMED, DESK):
            desk.set_viewport_size(view)
            assert sideways(desk) <= 0, (panel, view)


def test_cut_off_it_prints_who_is_waiting(opens: Opens, hall: Hall) -> None:
    number = hall.walk_in()["number"]
    desk = at(opens, hall)
    desk.clock.install()
    desk.route("**/stream*", lambda route: route.abort())
    desk.reload()
    desk.evaluate("() => { window.print = () => { document.title = 'printed'; }; }")
    desk.clock.run_for(7_000)
    expect(desk.locator("[data-banner]")).to_be_visible()
    expect(desk.locator("[data-state=break]")).to_have_attribute("aria-disabled", "true")
    desk.locator("[data-print]").click()
    expect(desk).to_have_title("printed")
    desk.emulate_media(media="print")
    expect(desk.locator("[data-list=waiting] li")).to_contain_text(number)
    expect(desk.locator("[data-act=next]")).to_be_hidden()


def test_without_scripts_every_act_is_a_form(opens: Opens, hall: Hall) -> None:
    number = hall.walk_in()["number"]
    page = at(opens, hall, scripts=False)
    page.get_by_text("Call a number").click()
    page.locator("#number").fill(number)
    page.get_by_role("button", name="Serve now").click()
    expect(page.locator(".desk-number")).to_have_text(number)
    page.locator("summary[data-act=park]").click()
    page.get_by_role("button", name="pays").click()
    expect(page.locator("[data-list=parked] li")).to_contain_text(number)
    page.get_by_role("button", name="Break").click()
    expect(page.get_by_text("This counter is not calling.")).to_be_visible()
    page.get_by_role("button", name="Open this counter").click()
    expect(page.get_by_role("button", name="Call the next person")).to_be_visible()


@pytest.mark.parametrize("lang", SPOKEN)
def test_the_day_on_paper(opens: Opens, hall: Hall, lang: str) -> None:
    code = hall.book_soon()["code"]
    number = hall.walk_in()["number"]
    page = enter(opens(DESK), hall, staff="clerk")
    page.goto(f"/{lang}/staff/heidelberg/day-list")
    expect(page.get_by_role("rowheader", name=code)).to_be_visible()
    expect(page.get_by_role("rowheader", name=number)).to_be_visible()
    sheets = page.locator(".paper-sheet").count()
    page.locator("form[action$=day-list] button").click()
    expect(page.locator(".paper-sheet")).to_have_count(sheets + 1)
    assert faults(page, colours=colours_in(lang)) == []
    page.set_viewport_size(NARROW)
    assert sideways(page) <= 0
    page.emulate_media(media="print")
    expect(page.locator(".not-printed")).to_be_hidden()
    expect(page.locator(".kern-header")).to_be_hidden()
