"""One applicant's whole day: booked on a phone without scripts, told, arrived, called, served."""

import io
import re
from email.message import EmailMessage

import msgspec
import pytest
import zxingcpp
from icalendar import Calendar
from PIL import Image
from playwright.sync_api import Page, expect

from queue_service.events.chapters import decode
from queue_service.events.entry import Entry, broken_at
from queue_service.kiosk import signed
from tests.browser.conftest import PHONE, Opens, enter
from tests.served import Hall, ask, soon
from tests.servers import Letters

MAIL = "amal.oeztuerk@example.org"


@pytest.fixture(autouse=True)
def _empty(hall: Hall, post: Letters) -> None:
    hall.clear()
    post.clear()


def book(phone: Page, name: str) -> str:
    """Book the first time of today; the code of the appointment."""
    phone.goto("/en")
    phone.get_by_role("link", name="Heidelberg immigration office").click()
    phone.get_by_role("link", name="Collect your residence permit card").click()
    phone.get_by_role("button", name="Choose day and time").click()
    phone.locator("input[name=start]").first.check()
    phone.get_by_role("button", name="Take this time").click()
    expect(phone.get_by_text("Free for you until")).to_be_visible()
    phone.get_by_label("Name").fill(name)
    phone.get_by_label("E-mail").fill(MAIL)
    phone.locator("button[value=check]").last.click()
    phone.get_by_role("button", name="Book this appointment").click()
    expect(phone.get_by_role("status")).to_contain_text("Your appointment is booked.")
    return phone.locator(".kern-code").inner_text().strip()


def parts(letter: EmailMessage) -> dict[str, bytes]:
    """The content of each part by its type."""
    return {
        part.get_content_type(): part.get_payload(decode=True)  # type: ignore[misc]  # bytes, no parts
        for part in letter.walk()
        if not part.is_multipart()
    }


def journal(hall: Hall) -> list[Entry]:
    """Every entry of the office."""
    rows = ask(
        hall.served.city,
        "select j.* from journal j join office o on o.id = j.office where o.slug = $1 order by seq",
        hall.office,
    )
    return [msgspec.convert({f: row[f] for f in Entry.__struct_fields__}, Entry) for row in rows]


def wedge(kiosk: Page, text: str) -> None:
    """What a scanner does: keys in one burst, then Enter. Sent at once: this machine may stall."""
    kiosk.evaluate(
        "keys => keys.forEach(key => document.body.dispatchEvent("
        "new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })))",
        [*text, "Enter"],
    )


@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
def test_a_whole_day(opens: Opens, hall: Hall, post: Letters, *, scripts: bool) -> None:
    before = len(journal(hall))
    name = "Amal Öztürk" if scripts else "Ömer Şahin"
    phone = opens(PHONE, scripts=scripts)
    code = book(phone, name)

    # The letter came, with a calendar entry and the code as a picture.
    (letter,) = soon(lambda: list(post.received), lambda letters: len(letters) == 1, 30)
    assert letter["To"] == MAIL
    assert "Collect" not in letter["Subject"], "the subject says nothing of the matter"
    found = parts(letter)
    assert name in found["text/plain"].decode()
    (event,) = Calendar.from_ical(found["text/calendar"]).walk("VEVENT")
    when = ask(hall.served.city, "select start from booking where code = $1", code)[0][0]
    assert event.decoded("dtstart") == when
    assert name not in str(event["summary"])
    (picture,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(found["image/png"])))
    link = picture.text
    assert link == link.upper()
    assert re.fullmatch(r"[A-Z0-9$%*+\-./: ]+", link), "readable in a code's short alphabet"
    said = signed.read(link.rpartition("/")[2])
    assert said is not None
    assert (said[0].code, said[0].start) == (code, when)
    (own,) = set(re.findall(rf"http\S+/en/b/{code}/[0-9A-Z]+", found["text/plain"].decode()))
    phone.goto(own)
    expect(phone.locator(".kern-code")).to_have_text(code)

    # At the entrance the picture is held up to the kiosk.
    kiosk = enter(opens({"width": 1080, "height": 1920}), hall, device="kiosk")
    kiosk.goto("/en/kiosk")
    wedge(kiosk, link.replace(":", "Ö").replace("/", "-"))
    kiosk.wait_for_url("**/kiosk/done")
    number = kiosk.locator(".kiosk-number").inner_text().strip()
    assert name not in kiosk.content()
    on_paper = kiosk.locator(".kiosk-qr img").screenshot()
    (ticket,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(on_paper)))

    # The ticket's picture opens on the phone and shows the place in the line.
    phone.goto(ticket.text)
    shown = phone.locator("#ticket")
    expect(shown).to_contain_text(number)
    expect(shown).to_have_attribute("data-state", "waiting")
    expect(shown).to_contain_text("You are next.")
    expect(shown).to_contain_text("min")

    # A desk calls with one key; the board shows number and counter, so does the phone.
    board = opens({"width": 1920, "height": 1080})
    board.goto("/board/heidelberg.board-1")
    expect(board.locator('.board[data-state="live"]')).to_be_visible()
    desk = enter(opens({"width": 1280, "height": 800}), hall, staff="clerk")
    desk.goto("/en/desk/heidelberg.1")
    expect(desk.locator("[data-live='next.number']")).to_have_text(number)
    desk.keyboard.press("Space")
    expect(desk.locator(".desk-number")).to_have_text(number)
    expect(board.locator(".call-number")).to_have_text(number)
    expect(board.locator(".call-key")).to_have_text("1")
    assert name not in board.content()
    if not scripts:
        phone.reload()
    expect(shown).to_have_attribute("data-state", "called")
    expect(shown).to_contain_text("Counter 1")

    # Served: the board forgets, the phone says goodbye.
    desk.keyboard.press("d")
    expect(desk.locator("[data-nobody]")).to_be_visible()
    expect(board.locator(".call")).to_be_hidden()
    if not scripts:
        phone.reload()
    expect(shown).to_have_attribute("data-state", "finished")

    # Every step stands in the journal, whose chain holds; no name, no address, no code in it.
    entries = journal(hall)
    assert broken_at(b"heidelberg", entries) is None
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    booking = ask(hall.served.city, "select id from booking where code = $1", code)[0][0]
    about = [
        entry
        for entry in entries[before:]
        if any(each.id == booking for each in decode(entry).bookings)
        or any(each.booking == booking for each in decode(entry).visits)
    ]
    assert [entry.tag for entry in about] == ["held", "booked", "checked_in", "called", "finished"]
    told = "".join(entry.body or "" for entry in entries)
    for secret in (name, MAIL, code, ticket.text.rpartition("/")[2]):
        assert secret not in told


def test_the_code_can_be_typed_at_the_kiosk(opens: Opens, hall: Hall) -> None:
    code = hall.book_soon()["code"]
    kiosk = enter(opens({"width": 1080, "height": 1920}), hall, device="kiosk")
    kiosk.goto("/ar/kiosk")
    kiosk.get_by_role("link", name="كتابة الرمز").click()
    for sign in code:
        kiosk.locator(f"[data-sign='{sign}']").click()
    kiosk.get_by_role("button", name="تسجيل الحضور").click()
    kiosk.wait_for_url("**/ar/kiosk/done")
    assert kiosk.locator("html").get_attribute("dir") == "rtl"
    expect(kiosk.locator(".kiosk-german")).to_be_visible()


def test_the_phone_hears_of_the_call_by_itself(opens: Opens, hall: Hall) -> None:
    ticket = hall.walk_in()
    phone = opens(PHONE)
    phone.goto(f"/ar/t/{ticket['ticket']}")
    expect(phone.locator("#ticket")).to_have_attribute("data-state", "waiting")
    hall.press("2")
    expect(phone.locator("#ticket")).to_have_attribute("data-state", "called")
    expect(phone.get_by_role("alert")).to_contain_text("الشباك 2")
    assert ticket["number"] in phone.title()


def test_who_cancels_is_told_and_the_calendar_too(hall: Hall, post: Letters) -> None:
    booking = hall.book("DOCS", email=MAIL)
    soon(lambda: len(post.received), lambda letters: letters == 1, 30)
    hall.anyone.delete(
        f"/api/v1/bookings/{booking['code']}",
        headers={"Authorization": f"Bearer {booking['secret']}"},
    )
    soon(lambda: len(post.received), lambda letters: letters == 2, 30)
    calendars = [Calendar.from_ical(parts(letter)["text/calendar"]) for letter in post.received]
    (made,), (cancelled,) = (calendar.walk("VEVENT") for calendar in calendars)
    assert [str(calendar["method"]) for calendar in calendars] == ["REQUEST", "CANCEL"]
    assert made["uid"] == cancelled["uid"]
    assert int(cancelled["sequence"]) > int(made["sequence"])
    assert cancelled["status"] == "CANCELLED"
    assert post.received[0]["Message-ID"] != post.received[1]["Message-ID"]
