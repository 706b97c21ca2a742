"""Letters in every language: what they say, what they keep quiet about, and what rides along."""

import zlib
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from queue_service.events.booking import Why
from queue_service.language import LANGUAGES, pick
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.codes import CODE_ALPHABET
from queue_service.model.ids import BookingId, ServiceCode
from queue_service.model.office import BookingRules, Office, Place, Service
from queue_service.notify.letters import (
    Facts,
    Letter,
    Method,
    calendar,
    one_line,
    qr_link,
    qr_png,
    write,
)
from queue_service.notify.letters.facts import greetable
from queue_service.notify.plan import Purpose

QR_SYMBOLS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
CODE = "K7M2P9QX"
PICKUP = ServiceCode("eat-pickup")
BERLIN = ZoneInfo("Europe/Berlin")
MATTERS = ("Abholung", "Card pickup", "استلام", "картки", "Ausländer", "Immigration", "الأجانب")

OFFICE = Office(
    slug="heidelberg",
    authority="heidelberg",
    name={
        "de": "Ausländerbehörde",
        "en": "Immigration office",
        "uk": "Відомство у справах іноземців",
        "ar": "دائرة الأجانب",
    },
    zone="Europe/Berlin",
    land="BW",
    ags="08221000",
    place=Place("Bergheimer Straße 69", "69115", "Heidelberg", way={"de": "Linie 22"}),
    languages=LANGUAGES,
    services=(
        Service(
            code=PICKUP,
            name={
                "de": "Abholung",
                "de_simple": "Karte abholen",
                "en": "Card pickup",
                "uk": "Отримання картки",
                "ar": "استلام البطاقة",
            },
            minutes_first=10,
            minutes_next=5,
            group="pickup",
            bring=(
                {
                    "de": "Reisepass",
                    "de_simple": "Ihr Pass",
                    "en": "Passport",
                    "uk": "Паспорт",
                    "ar": "جواز السفر",
                },
                {"de": "PIN-Brief"},
            ),
        ),
    ),
    counters=(),
    limits=(),
    hours=(),
    booking=BookingRules(early_minutes=60),
)


def facts(**changes: object) -> Facts:
    start = datetime(2026, 11, 25, 9, 30, tzinfo=BERLIN)
    booking = Booking(
        BookingId(UUID(int=7)),
        BookingState.BOOKED,
        start.astimezone(UTC),
        (start + timedelta(minutes=15)).astimezone(UTC),
        (Part(PICKUP, 2),),
        (),
        "de",
        code=CODE,
    )
    usual = Facts(
        booking=booking,
        office=OFFICE,
        sequence=41,
        written=datetime(2026, 11, 20, 8, tzinfo=UTC),
        base_url="https://termine.example",
        sender="termine@example.org",
        email="amal@example.org",
        name="Amal Öztürk",
        secret="S3CRET",
        pin="123456",
    )
    return msgspec.structs.replace(usual, **changes)


def speaking(language: str) -> Facts:
    usual = facts()
    return facts(booking=msgspec.structs.replace(usual.booking, language=language))


def event_of(ics: bytes) -> Event:
    whole = Calendar.from_ical(ics)
    assert not whole.errors
    [event] = whole.events
    assert not event.errors
    return event


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_confirmation_says_when_where_what_for_and_how_to_leave(language: str) -> None:
    letter = write(Purpose.CONFIRMATION, speaking(language), language)
    mine = f"https://termine.example/{language}/b/{CODE}/S3CRET"
    for body in (letter.text, letter.html):
        for fact in ("09:30–09:45", "2026", "Bergheimer Straße 69", CODE, "123456", "08:30"):
            assert fact in body
        assert pick(OFFICE.name, language)[0] in body
        assert OFFICE.services[0].name[language] in body
        assert body.index(f"{mine}/cancel") < body.index(
            f"{mine}\n" if body is letter.text else f'{mine}"'
        )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", Purpose)
def test_outside_the_body_a_letter_says_only_appointment(purpose: Purpose, language: str) -> None:
    letter = write(purpose, speaking(language), language)
    subjects = {"de_simple": "Termin", "de": "Termin", "en": "Appointment", "ar": "موعد"}
    assert letter.subject == {**subjects, "uk": "Запис"}[language]
    if letter.ics is None:
        return
    event = event_of(letter.ics)
    assert str(event["SUMMARY"]) == letter.subject
    shown = letter.ics.decode().replace("\r\n ", "")
    for matter in (*MATTERS, CODE, "S3CRET", "Amal", "termine.example"):
        assert matter not in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_papers_are_named_in_ones_own_language_and_in_german(language: str) -> None:
    letter = write(Purpose.CONFIRMATION, speaking(language), language)
    for body in (letter.text, letter.html):
        assert OFFICE.services[0].bring[0][language] in body
        assert body.count("Reisepass") == 1
        assert "PIN-Brief" in body


def test_an_arabic_letter_runs_from_right_to_left_and_keeps_numbers_in_order() -> None:
    letter = write(Purpose.CONFIRMATION, speaking("ar"), "ar")
    assert '<html lang="ar" dir="rtl">' in letter.html
    assert '<div lang="de" dir="ltr">' in letter.html
    assert "\u206609:30–09:45\u2069" in letter.text
    assert "\u2068K7M2P9QX\u2069" in letter.text
    assert "\nhttps://termine.example/ar/b/K7M2P9QX/S3CRET\n" in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", Purpose)
def test_no_placeholder_or_english_rest_is_left(purpose: Purpose, language: str) -> None:
    letter = write(purpose, speaking(language), language)
    assert "{" not in letter.text
    assert "{" not in letter.html
    if language != "en":
        for word in ("appointment", "Hello", "please", "Please", "Service:", "machine"):
            assert word not in letter.text


def test_a_language_without_catalogue_gets_german_and_working_links() -> None:
    letter = write(Purpose.CONFIRMATION, speaking("tlh"), "tlh")
    assert letter.language == "de"
    assert "/de/b/K7M2P9QX/" in letter.text


def test_a_pending_booking_gets_link_and_end_but_neither_calendar_nor_code() -> None:
    until = datetime(2026, 11, 20, 9, 45, tzinfo=BERLIN)
    pending = msgspec.structs.replace(
        facts().booking, state=BookingState.PENDING, until=until.astimezone(UTC)
    )
    letter = write(Purpose.CONFIRM_BY_LINK, facts(booking=pending), "de")
    assert "09:45" in letter.text
    assert f"https://termine.example/de/b/{CODE}/S3CRET\n" in letter.text
    assert letter.ics is None
    assert letter.qr is None


def test_a_cancellation_opens_nothing_and_leads_to_a_new_booking() -> None:
    letter = write(Purpose.CANCELLATION, facts(), "de")
    assert "S3CRET" not in letter.text + letter.html
    assert "https://termine.example/de/heidelberg" in letter.text
    assert letter.qr is None


def test_the_same_facts_give_the_same_letter() -> None:
    assert write(Purpose.CHANGE, facts(), "ar") == write(Purpose.CHANGE, facts(), "ar")


@pytest.mark.parametrize(
    ("purpose", "method", "status"),
    [
        (Purpose.CONFIRMATION, "REQUEST", "CONFIRMED"),
        (Purpose.CHANGE, "REQUEST", "CONFIRMED"),
        (Purpose.CANCELLATION, "CANCEL", "CANCELLED"),
    ],
)
def test_the_calendar_entry_updates_and_withdraws_itself(
    purpose: Purpose, method: str, status: str
) -> None:
    letter = write(purpose, facts(), "de")
    assert letter.ics is not None
    assert letter.method == method
    whole = Calendar.from_ical(letter.ics)
    assert str(whole["METHOD"]) == method
    event = event_of(letter.ics)
    assert str(event["UID"]) == str(UUID(int=7))
    assert event["SEQUENCE"] == 41
    assert str(event["STATUS"]) == status
    assert event["DTSTAMP"].dt == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert str(event["ORGANIZER"]) == "mailto:termine@example.org"
    assert str(event["ATTENDEE"]) == "mailto:amal@example.org"


@given(st.integers(0, 12 * 366 * 24 * 12))
def test_the_calendar_entry_is_the_same_instant_all_year_round(tick: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + tick * timedelta(minutes=5)
    booking = msgspec.structs.replace(
        facts().booking, start=start, end=start + timedelta(minutes=15)
    )
    ics = calendar(facts(booking=booking), Method.REQUEST, 1)
    event = event_of(ics)
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert event.start.astimezone(UTC) == start
    assert event.end.astimezone(UTC) == start + timedelta(minutes=15)
    [zone] = Calendar.from_ical(ics).timezones
    assert zone.tz_name == "Europe/Berlin"


def test_every_change_has_a_higher_sequence_under_one_uid() -> None:
    events = [
        event_of(calendar(facts(), method, sequence))
        for sequence, method in ((5, Method.REQUEST), (9, Method.REQUEST), (12, Method.CANCEL))
    ]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [event["SEQUENCE"] for event in events] == [5, 9, 12]


def pixels(png: bytes) -> memoryview:
    """The picture as one byte a pixel; our own PNGs have one bit a pixel and no filter."""
    side = int.from_bytes(png[16:20])
    length = int.from_bytes(png[33:37])
    assert png[37:41] == b"IDAT"
    rows = zlib.decompress(png[41 : 41 + length])
    width = 1 + (side + 7) // 8
    grey = bytearray()
    for row in range(side):
        bits = int.from_bytes(rows[row * width + 1 : (row + 1) * width])
        grey += bytes(255 if b == "1" else 0 for b in f"{bits:0{(width - 1) * 8}b}"[:side])
    return memoryview(bytes(grey)).cast("B", (side, side))


def read(png: bytes) -> zxingcpp.Barcode:
    [found] = zxingcpp.read_barcodes(pixels(png), formats=zxingcpp.BarcodeFormat.QRCode)
    return found


@given(st.text(CODE_ALPHABET, min_size=8, max_size=8))
def test_the_picture_holds_an_upper_case_link_that_ends_in_the_code(code: str) -> None:
    link = qr_link("https://termine.example/", code)
    assert link == f"HTTPS://TERMINE.EXAMPLE/T/{code}"
    found = read(qr_png(link))
    assert found.text == link
    assert set(found.text) <= QR_SYMBOLS
    assert found.ec_level == "M"


def test_the_symbols_of_codes_are_safe_on_every_keyboard_layout() -> None:
    assert not set(CODE_ALPHABET) & set("YZIO01")
    assert set(CODE_ALPHABET) <= QR_SYMBOLS


def test_upper_case_links_make_a_smaller_picture() -> None:
    link = qr_link("https://termine.example", CODE)
    assert int.from_bytes(qr_png(link)[16:20]) < int.from_bytes(qr_png(link.lower())[16:20])
    assert read(qr_png(link.lower())).text == link.lower()


def test_a_letter_carries_the_picture_of_its_own_code() -> None:
    letter: Letter = write(Purpose.CONFIRMATION, facts(), "de")
    assert letter.qr is not None
    assert read(letter.qr).text == "HTTPS://TERMINE.EXAMPLE/T/K7M2P9QX"
    assert f'src="cid:{letter.qr_cid}"' in letter.html


def test_a_signed_letter_carries_its_proof_as_picture_and_link() -> None:
    letter = write(Purpose.CONFIRMATION, facts(sealed="K7" * 64), "de")
    assert letter.qr is not None
    proof = "HTTPS://TERMINE.EXAMPLE/V/" + "K7" * 64
    assert read(letter.qr).text == proof
    assert proof in letter.text
    assert proof in letter.html
    cancelled = write(Purpose.CANCELLATION, facts(sealed="K7" * 64), "de")
    assert proof not in cancelled.text


@pytest.mark.parametrize(
    "name",
    ["Amal Öztürk", "Dr. Ngọc-Anh O’Neil", "محمد بن سلمان", "李小龍", "Jean-Luc d'Arc", "Sri"],
)
def test_people_are_greeted_by_name(name: str) -> None:
    assert greetable(name) == name
    assert name in write(Purpose.CONFIRMATION, facts(name=name), "en").text


@pytest.mark.parametrize(
    "name",
    [
        "Win at evil.example",
        "https://evil.example",
        "Call 0900 123",
        "<script>alert(1)</script>",
        "a@b",
        "x" * 81,
        "",
    ],
)
def test_a_name_that_is_an_advertisement_is_not_repeated(name: str) -> None:
    letter = write(Purpose.CONFIRMATION, facts(name=name), "en")
    assert letter.text.startswith("Hello,\n")
    if name:
        assert name not in letter.text + letter.html


@given(st.text())
def test_whatever_a_name_is_it_stays_one_line_and_adds_no_markup(name: str) -> None:
    assert "\n" not in greetable(name)
    letter = write(Purpose.CONFIRMATION, facts(name=name), "en")
    usual = write(Purpose.CONFIRMATION, facts(name=""), "en")
    assert letter.text.count("\n") == usual.text.count("\n")
    assert letter.html.count("<") == usual.html.count("<")


@given(st.text())
def test_one_line_has_no_break_and_no_invisible_sign(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line) <= 200
    assert line == one_line(line)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", list(Why))
def test_the_office_says_why_it_changed_an_appointment(language: str, why: Why) -> None:
    plain = write(Purpose.CANCELLATION, facts(), language).text
    explained = write(Purpose.CANCELLATION, facts(why=why), language).text
    assert len(explained) > len(plain) + 20
    moved = write(Purpose.CHANGE, facts(why=why), language).text
    assert moved != write(Purpose.CHANGE, facts(), language).text
