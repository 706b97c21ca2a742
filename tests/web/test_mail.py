"""Letters over a real SMTP server: what arrives, what waits, what comes again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from icalendar import Calendar

from queue_service.clock import real_now
from queue_service.events.booking import Cancelled
from queue_service.model.booking import BookingState
from queue_service.notify import mail
from queue_service.notify.outbox import plan_new, send_due
from queue_service.store import deliveries
from queue_service.store.database import transaction
from tests.conftest import Database
from tests.post import PostOffice, post_office
from tests.servers import Letters, free_port


@pytest.fixture
async def office(module_database: Database, smtp: Letters) -> AsyncIterator[PostOffice]:
    async with post_office(module_database.owner_dsn, smtp.port) as made:
        yield made


async def send(office: PostOffice, later: timedelta = timedelta(0), limit: int = 20) -> int:
    await plan_new(office.house, office.followed)
    return await send_due(office.house, office.followed, real_now() + later, limit)


def text_of(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


async def test_a_booking_in_arabic_brings_a_letter_with_calendar_and_picture(
    office: PostOffice, smtp: Letters
) -> None:
    booking = await office.book("amal@example.org", name="أمل", language="ar")
    assert await send(office) == 1
    [got] = smtp.received
    assert got["From"] == "termine@office.example"
    assert got["To"] == "amal@example.org"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Content-Language"] == "ar"
    code = office.bookings[booking].code
    secret = office.house.keys.booking_secret(booking, 0)
    for subtype in ("plain", "html"):
        body = text_of(got, subtype)
        assert f"https://termine.example/ar/b/{code}/{secret}/cancel" in body
        assert "أمل" in body
    assert 'dir="rtl"' in text_of(got, "html")
    parts = {part.get_content_type(): part for part in got.walk()}
    picture = parts["image/png"]
    assert picture.get_content_disposition() == "inline"
    assert f"cid:{picture['Content-ID'].strip('<>')}" in text_of(got, "html")
    ics = parts["text/calendar"]
    assert ics.get_param("method") == "REQUEST"
    assert ics.get_filename() == "termin.ics"
    [event] = Calendar.from_ical(ics.get_payload(decode=True)).events
    assert str(event["UID"]) == str(booking)
    assert await office.states() == [("confirmation", "sent")]
    assert await send(office) == 0


async def test_a_cancellation_takes_the_appointment_out_of_the_calendar(
    office: PostOffice, smtp: Letters
) -> None:
    booking = await office.book("amal@example.org")
    await send(office)
    await office.tell(Cancelled(bookings=(office.now(booking, BookingState.CANCELLED),)))
    await send(office)
    events = []
    for got in smtp.received:
        [ics] = [part for part in got.walk() if part.get_content_type() == "text/calendar"]
        [event] = Calendar.from_ical(ics.get_payload(decode=True)).events
        events.append((ics.get_param("method"), str(event["UID"]), event["SEQUENCE"]))
    assert events == [("REQUEST", str(booking), 1), ("CANCEL", str(booking), 2)]


async def test_whose_data_were_deleted_gets_nothing(office: PostOffice, smtp: Letters) -> None:
    booking = await office.book("amal@example.org")
    await plan_new(office.house, office.followed)
    async with transaction(office.house.pool, office.key.authority) as tx:
        await tx.execute("delete from person where booking = $1", booking)
    assert await send(office) == 0
    assert smtp.received == []
    assert await office.states() == [("confirmation", "no_address")]


@pytest.mark.parametrize("email", ["", "nobody", "a@b.example, c@d.example"])
async def test_a_booking_without_a_usable_address_stops_nobody(
    office: PostOffice, smtp: Letters, email: str
) -> None:
    await office.book(email)
    await office.book("amal@example.org")
    assert await send(office) == 1
    assert [got["To"] for got in smtp.received] == ["amal@example.org"]
    [(_, first), (_, second)] = await office.states()
    assert (first, second) == ("no_address", "sent")


async def test_a_letter_refused_for_now_is_tried_again_after_a_pause(
    office: PostOffice, smtp: Letters
) -> None:
    await office.book("amal@example.org")
    smtp.answers.append("451 later")
    assert await send(office) == 0
    assert await send(office, timedelta(seconds=10)) == 0
    [row] = await office.letters()
    assert (row["state"], row["attempts"], row["error"]) == ("due", 1, "SMTPDataError")
    assert await send(office, timedelta(seconds=31)) == 1
    assert len(smtp.received) == 1


async def test_one_refusal_does_not_hold_up_the_others(office: PostOffice, smtp: Letters) -> None:
    for n in range(8):
        await office.book(f"{n}@example.org")
    smtp.answers += ["451 later", "452 full"]
    assert await send(office) == 6
    assert sorted(state for _, state in await office.states()) == ["due"] * 2 + ["sent"] * 6


async def test_content_refused_for_good_is_not_sent_again(
    office: PostOffice, smtp: Letters
) -> None:
    await office.book("amal@example.org")
    smtp.answers.append("554 no")
    assert await send(office) == 0
    assert await office.states() == [("confirmation", "failed")]
    assert await send(office, timedelta(days=1)) == 0
    assert smtp.received == []


async def test_no_more_than_the_limit_are_sent_at_once(office: PostOffice, smtp: Letters) -> None:
    for n in range(6):
        await office.book(f"{n}@example.org")
    assert await send(office, limit=4) == 4
    assert await send(office, limit=4) == 2
    assert len({got["Message-ID"] for got in smtp.received}) == 6


async def test_while_the_mail_server_is_away_letters_wait(module_database: Database) -> None:
    async with post_office(module_database.owner_dsn, free_port()) as office:
        await office.book("amal@example.org")
        assert await send(office) == 0
        [row] = await office.letters()
        assert (row["state"], row["attempts"]) == ("due", 1)


async def test_without_a_mail_server_nothing_is_tried(module_database: Database) -> None:
    async with post_office(module_database.owner_dsn) as office:
        await office.book("amal@example.org")
        assert await send(office) == 0
        [row] = await office.letters()
        assert (row["state"], row["attempts"]) == ("due", 0)


async def test_killed_between_sending_and_marking_a_letter_goes_out_exactly_once_more(
    office: PostOffice, smtp: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.book("amal@example.org")

    async def killed(*_: object, **__: object) -> None:
        raise ConnectionResetError("the process is gone")

    with monkeypatch.context() as during:
        during.setattr(deliveries, "mark_sent", killed)
        with pytest.raises(ConnectionResetError):
            await send(office)
    assert await office.states() == [("confirmation", "sending")]
    assert await send(office, timedelta(minutes=4)) == 0
    assert await send(office, timedelta(minutes=6)) == 1
    assert await send(office, timedelta(hours=6)) == 0
    first, second = smtp.received
    assert first["Message-ID"] == second["Message-ID"]
    assert await office.states() == [("confirmation", "sent")]


async def test_killed_before_sending_loses_no_letter(
    office: PostOffice, smtp: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.book("amal@example.org")

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as during:
        during.setattr(mail, "send", killed)
        with pytest.raises(asyncio.CancelledError):
            await send(office)
    assert smtp.received == []
    assert await send(office, timedelta(minutes=6)) == 1
    assert len(smtp.received) == 1


async def test_a_server_that_never_answers_holds_up_nothing_else(
    office: PostOffice, smtp: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = await office.book("stuck@example.org")
    for n in range(5):
        await office.book(f"{n}@example.org")
    really, others = mail.send, asyncio.Event()

    async def slow(message: EmailMessage, post: mail.Post) -> None:
        if message["To"] == "stuck@example.org":
            await others.wait()
            raise TimeoutError
        await really(message, post)
        if len(smtp.received) == 5:
            others.set()

    monkeypatch.setattr(mail, "send", slow)
    async with asyncio.timeout(60):
        assert await send(office) == 5
    rows = {row["booking"]: row["state"] for row in await office.letters()}
    assert rows.pop(stuck) == "due"
    assert set(rows.values()) == {"sent"}


async def test_a_name_with_line_breaks_arrives_as_no_header(
    office: PostOffice, smtp: Letters
) -> None:
    await office.book("amal@example.org", name="Amal\r\nBcc: evil@evil.example\r\n\r\nWin!")
    assert await send(office) == 1
    [got] = smtp.received
    assert got["Bcc"] is None
    assert "evil" not in text_of(got, "plain") + text_of(got, "html")
