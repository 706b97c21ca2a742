"""Reminders on a real database: they lie until they are due, go by mail, and are counted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

import asyncpg
import pytest

from queue_service.clock import real_now
from queue_service.events.booking import Cancelled, CancelReason, Moved, NoShow
from queue_service.events.chapters import AnyFact
from queue_service.events.floor import CheckedIn
from queue_service.flows.days import reminded
from queue_service.model.booking import BookingState
from queue_service.model.ids import BookingId
from queue_service.model.reminding import Reminders, ReminderText
from queue_service.notify.outbox import MOST_ATTEMPTS, plan_new
from queue_service.store import deliveries
from queue_service.store.database import transaction
from queue_service.views.reminded import Reminded
from tests.conftest import Database
from tests.post import NOW, PostOffice, post_office

DAY = timedelta(days=1)
START = NOW + 2 * DAY
"""When every booking of a post office begins."""


@pytest.fixture
async def office(module_database: Database) -> AsyncIterator[PostOffice]:
    async with post_office(module_database.owner_dsn, reminders=Reminders()) as made:
        yield made


async def sent_by(office: PostOffice, office_now: datetime) -> list[str]:
    """Claim and mark all that is due at an instant of the office; their purposes."""
    purposes = []
    while True:
        now = real_now()
        async with transaction(office.house.pool, office.key.authority) as tx:
            letter = await deliveries.claim(
                tx,
                office.key,
                now=now,
                office_now=office_now,
                until=now + timedelta(minutes=5),
                most=MOST_ATTEMPTS,
            )
            if letter is None:
                return purposes
            await deliveries.mark_sent(tx, letter, now)
        purposes.append(letter.purpose)


async def test_a_reminder_lies_until_its_time_and_goes_once(office: PostOffice) -> None:
    await office.book("amal@example.org")
    await plan_new(office.house, office.followed)
    assert await sent_by(office, NOW) == ["confirmation"]
    assert await sent_by(office, START - DAY - timedelta(seconds=1)) == []
    assert await sent_by(office, START - DAY) == ["second_reminder"]
    assert await sent_by(office, START - timedelta(hours=2)) == ["third_reminder"]
    assert await sent_by(office, START) == []


async def test_after_a_move_only_the_new_time_is_reminded_of(office: PostOffice) -> None:
    booking = await office.book("amal@example.org")
    await office.tell(Moved(bookings=(office.now(booking),)))
    await plan_new(office.house, office.followed)
    open_ones = [(row["purpose"], row["seq"]) for row in await office.letters() if _open(row)]
    assert open_ones == [("change", 2), ("second_reminder", 2), ("third_reminder", 2)]


async def test_who_cancels_is_reminded_of_nothing(office: PostOffice) -> None:
    booking = await office.book("amal@example.org")
    await plan_new(office.house, office.followed)
    await office.tell(Cancelled(bookings=(office.now(booking, BookingState.CANCELLED),)))
    await plan_new(office.house, office.followed)
    assert [row["purpose"] for row in await office.letters() if _open(row)] == ["cancellation"]


async def test_every_reminder_keeps_the_words_it_was_planned_with(office: PostOffice) -> None:
    booking = await office.book("amal@example.org")
    await plan_new(office.house, office.followed)
    texts = {row["purpose"]: row["text"] for row in await office.letters()}
    said = office.followed.office.reminders.text_for(booking)
    assert texts == {"confirmation": "", "second_reminder": said, "third_reminder": said}


@asynccontextmanager
async def reminding(dsn: str, *texts: ReminderText) -> AsyncIterator[PostOffice]:
    async with post_office(dsn, reminders=Reminders(texts=texts)) as made:
        yield made


async def test_what_came_of_the_reminded_is_counted_by_text(module_database: Database) -> None:
    async with reminding(module_database.owner_dsn, ReminderText.OTHERS) as office:
        came, missed, given_back, by_office, open_still, unread = [
            await office.book(f"{n}@example.org") for n in range(6)
        ]
        await plan_new(office.house, office.followed)
        async with transaction(office.house.pool, office.key.authority) as tx:
            await tx.execute("delete from outbox where booking = $1", unread)
        await sent_by(office, START - DAY)

        async def ends(booking: BookingId, fact: type[AnyFact], state: BookingState) -> None:
            now = (office.now(booking, state),)
            await office.tell(fact(bookings=now))

        await ends(came, CheckedIn, BookingState.ARRIVED)
        await ends(missed, NoShow, BookingState.NO_SHOW)
        await ends(unread, NoShow, BookingState.NO_SHOW)
        await ends(given_back, Cancelled, BookingState.CANCELLED)
        gone = (office.now(by_office, BookingState.CANCELLED),)
        await office.tell(Cancelled(reason=CancelReason.OFFICE, bookings=gone))
        assert open_still not in (came, missed)

        day = START.astimezone(office.followed.office.tz).date()
        one = Reminded(ReminderText.OTHERS, came=1, missed=1, cancelled=1)
        assert await _effect(office, day, day) == (one,)
        nobody = Reminded(ReminderText.OTHERS, 0, 0, 0)
        assert await _effect(office, day + DAY, day + 2 * DAY) == (nobody,)
        assert await _effect(office, day - DAY, day - DAY) == (nobody,)


async def test_a_text_that_is_no_longer_tried_is_still_counted(module_database: Database) -> None:
    async with reminding(module_database.owner_dsn, ReminderText.MINUTES) as office:
        booking = await office.book("amal@example.org")
        await plan_new(office.house, office.followed)
        await sent_by(office, START - DAY)
        await office.tell(NoShow(bookings=(office.now(booking, BookingState.NO_SHOW),)))
        async with transaction(office.house.pool, office.key.authority) as tx:
            await tx.execute("update outbox set text = 'plain'")
        found = await _effect(office, START.date(), START.date())
        assert [(each.text, each.missed) for each in found] == [
            (ReminderText.PLAIN, 1),
            (ReminderText.MINUTES, 0),
        ]


async def _effect(office: PostOffice, first: date, last: date) -> tuple[Reminded, ...]:
    return await reminded.effect(office.house, office.followed, first, last)


def _open(row: asyncpg.Record) -> bool:
    return bool(row["state"] == "due")
