"""Numbers that a kiosk keeps for the hour without network: reserved by a turn, signed, handed out.

A block belongs to one browser profile of one device (`keeper`): a kiosk that was set up anew starts
with another one, so what its old memory gave out is never given out twice. Asked for again, the
block is the same; a next one comes once half of it is used.
"""

from datetime import date, timedelta
from random import SystemRandom
from uuid import UUID

import msgspec

from queue_service.events.floor import NumbersReserved
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk import blocks, signed, ticket
from queue_service.model.hall import HallNeeds, HallTold
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import TicketBlock
from queue_service.model.world import Needs, Told, World
from queue_service.store import blocks as store
from queue_service.store.database import transaction

_chance = SystemRandom()


class KeptNumber(msgspec.Struct, frozen=True):
    """A number to give away without network, with the code of its ticket."""

    place: int
    number: str
    ticket: str
    signature: bytes


class KeptBlock(msgspec.Struct, frozen=True):
    """What a kiosk keeps of one block."""

    block: UUID
    day: date
    key: int
    """Number of the office's key that signed the numbers."""
    next: int
    """The first place that has not been told of yet."""
    numbers: tuple[KeptNumber, ...]


async def reserve_block(
    house: House, slug: str, by: ActorId, day: date, keeper: UUID
) -> KeptBlock | Refusal:
    """The block of numbers of `day` for the browser `keeper` of the device `by`.

    Refused outside today and the next days, and to a device that has had more than a day needs.
    """
    office = house.follower.office(slug)
    if office is None:
        return Refusal(Code.UNKNOWN_OFFICE, {"office": slug})
    today = office.now().date()
    if not today <= day <= today + timedelta(days=blocks.DAYS_AHEAD):
        return Refusal(Code.INVALID, {"field": "day", "reason": "today or the next days"})
    named = [house.keys.block(slug, day, -by, keeper, turn) for turn in range(blocks.BLOCKS_A_DAY)]
    async with transaction(house.pool, office.key.authority) as connection:
        of_device = await store.of_device(connection, office.key.office, -by, day)
    mine = [block for block in named if block in {each.id for each in of_device}]
    wanted = mine[-1] if mine else named[0]
    if not mine or (
        len(mine) < len(named)
        and await _used(house, office, wanted, blocks.A_BLOCK) * 2 >= blocks.A_BLOCK
    ):
        wanted = named[len(mine)]
        if len(of_device) >= blocks.BLOCKS_A_DAY:
            return Refusal(Code.TOO_MANY)
        await _reserve(house, office, by, day, wanted)
    return await _kept(house, office, wanted)


async def _reserve(house: House, office: Followed, by: ActorId, day: date, block: UUID) -> None:
    fresh = ticket.open_series(day, office.office.tickets.letters, _chance)

    def decide(world: World) -> Told | Refusal:
        if world.hall.block(block) is not None:
            return Refusal(Code.KEY_REUSED)
        kept, series = blocks.reserve(world.series(day) or fresh, block, -by)
        fact = NumbersReserved(
            day=day.isoformat(), first=kept.first, many=kept.many, device=kept.device
        )
        return Told(fact, series=series, hall=HallTold(blocks=(kept,)))

    needs = Needs(series=(day,), hall=HallNeeds(blocks=(block,)))
    await house.turn(office.key, by, needs, decide, floor=True)


async def _kept(house: House, office: Followed, block: UUID) -> KeptBlock | Refusal:
    async with transaction(house.pool, office.key.authority) as connection:
        found = await store.by_id(connection, office.key.office, block)
        series = await store.series(connection, office.key.office, found.day) if found else None
    if found is None or series is None:
        return Refusal(Code.BUSY_RETRY)
    slug, keys = office.key.slug, house.keys
    key = signed.number_at(office.now())
    numbers = [
        KeptNumber(
            place,
            number,
            keys.ticket(keys.block_visit(block, place)),
            keys.seal(slug, key, blocks.message(slug, block, place, number)),
        )
        for place, number in enumerate(
            blocks.numbers_of(found, series, office.office.tickets.letters)
        )
    ]
    used = await _used(house, office, block, found.many)
    return KeptBlock(block, found.day, key, used, tuple(numbers))


async def _used(house: House, office: Followed, block: UUID, many: int) -> int:
    """How far the block is used, as far as we were told."""
    visits = [house.keys.block_visit(block, place) for place in range(many)]
    async with transaction(house.pool, office.key.authority) as connection:
        known = await store.known_visits(connection, office.key.office, visits)
    return max((place + 1 for place, visit in enumerate(visits) if visit in known), default=0)


def believed(
    house: House, office: Followed, block: TicketBlock, given: blocks.GivenOffline
) -> bool:
    """Whether this number was signed for that place of the block, under any published key."""
    if not 0 <= given.place < block.many or given.key not in signed.published(office.now()):
        return False
    said = blocks.message(office.key.slug, block.id, given.place, given.number)
    return house.keys.is_sealed(office.key.slug, given.key, said, given.signature)
