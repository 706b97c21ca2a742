"""Who waits for a card on a real database: an address left, told once, deleted."""

from datetime import timedelta

import msgspec

from queue_service.clock import real_now
from queue_service.flows.bookings import cards
from queue_service.flows.bookings.cards import NotReady
from queue_service.model.refusal import Code
from queue_service.notify.outbox import send_due
from tests import make
from tests.by_cards import LATE, by_cards, code_of, keys, listed
from tests.conftest import Database
from tests.servers import Letters
from tests.small import Small, opened


async def test_who_waits_for_a_card_gets_one_letter_when_it_is_ready(small: Small) -> None:
    await by_cards(small)
    await listed(small)
    [key] = keys(small, "YZ12347")
    left = [
        await cards.leave_contact(
            small.house,
            small.office,
            key,
            email=f"{n}@example.org",
            language="ar",
            service=make.PICK,
        )
        for n in range(cards.MOST_CONTACTS + 1)
    ]
    assert code_of(left.pop()) is Code.TOO_MANY_CONTACTS
    assert all(isinstance(each, NotReady) for each in left)
    gone = left[0]
    assert isinstance(gone, NotReady)
    assert code_of(await cards.forget_contact(small.house, small.office, gone.contact, "x"))
    assert await cards.forget_contact(small.house, small.office, gone.contact, gone.secret) is None
    assert await cards.tell_ready(small.house, small.office) == 0
    await listed(small, LATE)
    assert await cards.tell_ready(small.house, small.office) == 0
    await listed(small, b"serial,state,date\nYZ12347,ready,2026-11-23\n")
    assert await cards.tell_ready(small.house, small.office) == cards.MOST_CONTACTS - 1
    assert await cards.tell_ready(small.house, small.office) == 0
    letters = await small.fetch("select purpose from outbox")
    assert [row["purpose"] for row in letters] == [cards.LETTER] * (cards.MOST_CONTACTS - 1)


async def test_addresses_left_for_cards_that_never_came_are_deleted(small: Small) -> None:
    await by_cards(small)
    [key] = keys(small, "YZ12347")
    await cards.leave_contact(
        small.house, small.office, key, email="a@example.org", language="de", service=make.PICK
    )
    assert await cards.purge(small.house, small.office) == 0
    await small.wait(cards.CONTACTS_KEPT / timedelta(minutes=1) + 1)
    assert await cards.purge(small.house, small.office) == 1


async def test_a_wish_sent_twice_is_one_contact(small: Small) -> None:
    await by_cards(small)
    [card] = keys(small, "YZ12347")
    given = [
        await cards.leave_contact(
            small.house,
            small.office,
            card,
            email="a@example.org",
            language="de",
            service=make.PICK,
            key="0123456789abcdef",
        )
        for _ in range(cards.MOST_CONTACTS + 2)
    ]
    assert len({msgspec.json.encode(each) for each in given}) == 1
    assert len(await small.fetch("select id from card_contact")) == 1


async def test_the_letter_says_that_it_is_ready_and_takes_the_address_with_it(
    small_database: Database, smtp: Letters
) -> None:
    async with opened(small_database.owner_dsn, smtp_host=smtp.host, smtp_port=smtp.port) as small:
        await by_cards(small)
        [card] = keys(small, "YZ12345")
        await cards.leave_contact(
            small.house,
            small.office,
            card,
            email="lena@example.org",
            language="ar",
            service=make.PICK,
        )
        await listed(small)
        assert await cards.tell_ready(small.house, small.office) == 1
        assert await send_due(small.house, small.office, real_now() + timedelta(seconds=5)) == 1
        assert await small.fetch("select id from card_contact") == []
    assert len(smtp.received) == 1
