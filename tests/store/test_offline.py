"""A kiosk without network: numbers kept beforehand, told afterwards, in order and never twice."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import msgspec
import pytest

from queue_service.flows.entrance import arriving, offline, reserving, tickets
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.flows.entrance.reserving import KeptBlock
from queue_service.flows.entrance.tickets import TicketShown
from queue_service.kiosk.blocks import A_BLOCK, BLOCKS_A_DAY, GivenOffline
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.make import BIO, HELP, NOW, PICK
from tests.small import SLUG, Small

KIOSK, OTHER = ActorId(-101), ActorId(-102)
KEEPER = UUID(int=7)
TODAY = NOW.date()


async def kept(
    house: Small, by: ActorId = KIOSK, keeper: UUID = KEEPER, day: date = TODAY
) -> KeptBlock:
    found = await reserving.reserve_block(house.house, SLUG, by, day, keeper)
    assert isinstance(found, KeptBlock), found
    return found


def gave(block: KeptBlock, place: int, at: datetime = NOW) -> GivenOffline:
    each = block.numbers[place]
    return GivenOffline(block.block, place, each.number, block.key, each.signature, at)


async def walk_in(
    house: Small, told: GivenOffline, service: str = PICK, key: str | None = None
) -> TicketGiven | Refusal:
    return await offline.walk_in(house.house, SLUG, told, service=service, by=KIOSK, key=key)


async def check_in(
    house: Small, code: str, told: GivenOffline, key: str | None = None
) -> TicketGiven | Refusal:
    return await offline.check_in(house.house, SLUG, code, told, KIOSK, key)


def code(answer: object) -> Code | None:
    return answer.code if isinstance(answer, Refusal) else None


async def test_a_block_is_the_same_until_half_of_it_is_told_of(small: Small) -> None:
    first = await kept(small)
    assert first == await kept(small)
    assert len(first.numbers) == A_BLOCK >= 100
    for place in range(A_BLOCK // 2):
        await walk_in(small, gave(first, place))
    after = await kept(small)
    assert after.block != first.block
    assert not {n.number for n in first.numbers} & {n.number for n in after.numbers}
    await small.chain()


async def test_kiosks_and_the_line_share_no_number_even_in_two_processes(
    small: Small, beside: Small
) -> None:
    blocks = await asyncio.gather(
        *(
            kept((small, beside)[n % 2], (KIOSK, OTHER)[n // 2 % 2], UUID(int=n // 4))
            for n in range(8)
        )
    )
    distinct = {block.block: block for block in blocks}
    assert len(distinct) == 4
    numbers = [n.number for block in distinct.values() for n in block.numbers]
    online = await arriving.walk_in(small.house, SLUG, service=PICK, by=KIOSK)
    assert isinstance(online, TicketGiven)
    assert len({*numbers, online.number}) == 4 * A_BLOCK + 1
    [series] = await small.fetch("select issued from ticket_series")
    assert series["issued"] == 4 * A_BLOCK + 1


async def test_a_device_out_of_order_does_not_eat_the_numbers_of_the_day(small: Small) -> None:
    for n in range(BLOCKS_A_DAY):
        await kept(small, keeper=UUID(int=n))
    refused = await reserving.reserve_block(small.house, SLUG, KIOSK, TODAY, UUID(int=99))
    assert code(refused) is Code.TOO_MANY


@pytest.mark.parametrize("days", [-1, 4])
async def test_numbers_are_kept_for_today_and_the_next_days_only(small: Small, days: int) -> None:
    day = TODAY + timedelta(days=days)
    refused = await reserving.reserve_block(small.house, SLUG, KIOSK, day, KEEPER)
    assert code(refused) is Code.INVALID
    assert (await kept(small, day=TODAY + timedelta(days=1))).day == TODAY + timedelta(days=1)


async def test_what_a_kiosk_did_alone_is_told_once_and_keeps_its_order(
    small: Small, beside: Small
) -> None:
    block = await kept(small)
    await small.wait(30)
    booked = await small.booked("09:10")
    told = [gave(block, place, NOW + timedelta(minutes=place)) for place in range(30)]
    for each in told:
        if each.place == 20:
            answers = [await check_in(house, booked.code, each) for house in (small, beside)]
        else:
            answers = [await walk_in(house, each) for house in (small, beside)]
        assert {a.number for a in answers if isinstance(a, TicketGiven)} == {each.number}, answers
        assert {a.ticket for a in answers if isinstance(a, TicketGiven)} == {
            block.numbers[each.place].ticket
        }
    visits = await small.fetch("select number, arrived, due, booking from visit order by arrived")
    assert [v["number"] for v in visits] == [each.number for each in told]
    assert [v["arrived"] for v in visits] == [each.happened for each in told]
    assert visits[20]["due"] == make.at("09:10")
    assert all(v["due"] == v["arrived"] for v in visits if v["booking"] is None)
    await small.settle()
    waiting = [v.number for v in small.office.line.waiting(small.office.now()) if not v.booking]
    assert waiting == [each.number for each in told if each.place != 20]
    happened = [e.happened for e in await small.journal() if e.tag == "checked_in"]
    assert happened == [each.happened for each in told]
    await small.audit()


async def test_the_order_of_telling_does_not_matter_to_the_line(small: Small) -> None:
    block = await kept(small)
    await small.wait(30)
    told = [gave(block, place, NOW + timedelta(minutes=place)) for place in range(12)]
    for each in Random(3).sample(told, len(told)):
        await walk_in(small, each)
    await small.settle()
    waiting = [v.number for v in small.office.line.waiting(small.office.now())]
    assert waiting == [each.number for each in told]


async def test_a_quota_that_is_used_up_turns_nobody_away_who_has_a_number(small: Small) -> None:
    block = await kept(small)
    for place in range(25):
        assert isinstance(await walk_in(small, gave(block, place)), TicketGiven)
    full = await arriving.walk_in(small.house, SLUG, service=PICK, by=KIOSK)
    assert code(full) is Code.WALK_INS_FULL
    await small.audit()


async def test_a_code_checked_in_elsewhere_says_so_without_data(small: Small) -> None:
    block, booked = await kept(small), await small.booked("08:40")
    first = await arriving.check_in(small.house, SLUG, booked.code, OTHER)
    assert isinstance(first, TicketGiven)
    answer = await check_in(small, booked.code, gave(block, 0))
    assert answer == Refusal(Code.ALREADY_CHECKED_IN)
    shown = await tickets.ticket(small.house, block.numbers[0].ticket)
    assert code(shown) is Code.UNKNOWN_TICKET


async def test_an_answer_that_was_lost_makes_no_second_visit(small: Small) -> None:
    block, booked = await kept(small), await small.booked("08:40")
    keys = [str(uuid4()), str(uuid4())]
    lost = [
        await arriving.walk_in(small.house, SLUG, service=PICK, by=KIOSK, key=keys[0]),
        await arriving.check_in(small.house, SLUG, booked.code, KIOSK, keys[1]),
    ]
    for _ in range(2):
        told = [
            await walk_in(small, gave(block, 0), key=keys[0]),
            await check_in(small, booked.code, gave(block, 1), keys[1]),
        ]
        for place, answer in enumerate(told):
            assert isinstance(answer, TicketGiven), answer
            assert answer.number == block.numbers[place].number
            shown = await tickets.ticket(small.house, answer.ticket)
            assert isinstance(shown, TicketShown)
            assert shown.number == answer.number
    assert [a.number for a in lost if isinstance(a, TicketGiven)] != [block.numbers[0].number]
    [count] = await small.fetch("select count(*) as many from visit")
    assert count["many"] == 2
    await small.audit()


async def test_a_request_that_comes_late_finds_what_was_told(small: Small) -> None:
    block, key = await kept(small), str(uuid4())
    told = await walk_in(small, gave(block, 0), key=key)
    late = await arriving.walk_in(small.house, SLUG, service=PICK, by=KIOSK, key=key)
    assert isinstance(told, TicketGiven)
    assert isinstance(late, TicketGiven)
    assert (late.number, late.ticket) == (told.number, told.ticket)


async def test_numbers_nobody_kept_are_not_believed(small: Small) -> None:
    block = await kept(small)
    good = gave(block, 3)
    forged = [
        msgspec.structs.replace(good, number="X999"),
        msgspec.structs.replace(good, place=4),
        msgspec.structs.replace(good, place=-1),
        msgspec.structs.replace(good, place=A_BLOCK),
        msgspec.structs.replace(good, block=uuid4()),
        msgspec.structs.replace(good, key=good.key + 5),
        msgspec.structs.replace(good, signature=b"\0" * 64),
        msgspec.structs.replace(good, signature=b""),
    ]
    assert [code(await walk_in(small, each)) for each in forged] == [Code.UNKNOWN_NUMBER] * 8
    assert isinstance(await walk_in(small, good), TicketGiven)


async def test_emergencies_are_never_told_afterwards(small: Small) -> None:
    block = await kept(small)
    assert code(await walk_in(small, gave(block, 0), HELP)) is Code.EMERGENCY_NEEDS_GUIDE


async def test_a_device_with_a_wrong_clock_gets_nobody_ahead(small: Small) -> None:
    block = await kept(small)
    await walk_in(small, gave(block, 0, NOW + timedelta(hours=5)))
    await walk_in(small, gave(block, 1, NOW - timedelta(minutes=5)), BIO)
    arrived = await small.fetch("select arrived from visit order by number")
    assert max(row["arrived"] for row in arrived) == NOW


async def test_what_was_not_told_that_day_needs_a_person(small: Small) -> None:
    block = await kept(small)
    await small.wait(24 * 60)
    assert code(await walk_in(small, gave(block, 0))) is Code.TOO_LATE


@pytest.mark.parametrize("midnight", ["2026-11-24 00:00", "2027-03-28 00:00", "2027-10-31 00:00"])
async def test_over_midnight_and_clock_changes_every_day_has_numbers_of_its_own(
    small: Small, midnight: str
) -> None:
    begins = make.at(midnight)
    numbers: dict[date, list[str]] = {}
    for minutes in (-30, -1, 0, 1, 119, 121, 179, 181, 240):
        now = begins.astimezone(UTC) + timedelta(minutes=minutes)
        await small.set_clock(now)
        await small.settle()
        day = small.office.now().date()
        block = await kept(small, keeper=uuid4(), day=day)
        numbers.setdefault(block.day, []).extend(n.number for n in block.numbers)
        assert block.day == now.astimezone(make.BERLIN).date()
    assert sorted(numbers) == [begins.date() - timedelta(days=1), begins.date()]
    for given in numbers.values():
        assert len(set(given)) == len(given)
    issued = await small.fetch("select day, issued from ticket_series order by day")
    assert [row["issued"] for row in issued] == [len(given) for _, given in sorted(numbers.items())]
