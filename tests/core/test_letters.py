"""Letters in every language: what they say, what they keep quiet about, and what rides along."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.booking import Why
from queue_service.language import LANGUAGES, pick
from queue_service.model.booking import BookingState
from queue_service.model.reminding import ReminderText
from queue_service.notify.letters import one_line, write
from queue_service.notify.letters.facts import greetable
from queue_service.notify.plan import REMINDERS, Purpose
from tests.letters import BERLIN, CODE, OFFICE, event_of, facts, speaking

SUBJECTS = {
    "de": "Termin",
    "de_simple": "Termin",
    "en": "Appointment",
    "uk": "Запис",
    "ar": "موعد",
    "tr": "Randevu",
    "ru": "Запись",
    "fr": "Rendez-vous",
    "fa": "نوبت",
}
MATTERS = ("Abholung", "Card pickup", "استلام", "картки", "Ausländer", "Immigration", "الأجانب")


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
    assert letter.subject == SUBJECTS[language]
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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", [None, *ReminderText])
@pytest.mark.parametrize("purpose", REMINDERS)
def test_a_reminder_says_everything_and_how_to_cancel_first_of_all(
    purpose: Purpose, text: ReminderText | None, language: str
) -> None:
    told = msgspec.structs.replace(speaking(language), text=text)
    letter = write(purpose, told, language)
    mine = f"https://termine.example/{language}/b/{CODE}/S3CRET"
    for body in (letter.text, letter.html):
        for fact in ("09:30–09:45", "2026", "Bergheimer Straße 69", CODE):
            assert fact in body
        assert OFFICE.services[0].bring[0][language] in body
        # The first link of all: whoever cannot come has to find it at once.
        assert body.index("https://") == body.index(f"{mine}/cancel")
    assert letter.qr is not None
    assert letter.ics is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_that_are_tried_side_by_side_differ(language: str) -> None:
    told = speaking(language)
    letters = {
        write(Purpose.FIRST_REMINDER, msgspec.structs.replace(told, text=text), language).text
        for text in ReminderText
    }
    assert len(letters) == len(ReminderText)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", [None, *ReminderText])
@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.CANCELLATION])
def test_no_letter_offers_to_cancel_what_cannot_be_cancelled_any_more(
    purpose: Purpose, text: ReminderText | None, language: str
) -> None:
    told = msgspec.structs.replace(speaking(language), text=text)
    notice = (told.booking.start - told.written) // timedelta(minutes=1)
    place = msgspec.structs.replace(OFFICE.place, phone="06221 58-17520")
    for minutes, offered in ((notice - 1, True), (notice, False)):
        rules = msgspec.structs.replace(OFFICE.booking, cancel_minutes_before=minutes)
        office = msgspec.structs.replace(OFFICE, booking=rules, place=place)
        letter = write(purpose, msgspec.structs.replace(told, office=office), language)
        for body in (letter.text, letter.html):
            assert ("/cancel" in body) is offered
            assert f"/b/{CODE}/S3CRET" in body
            assert (place.phone in body) is (purpose in REMINDERS and not offered)
