"""What the tests of pickup by card share: an office that goes by cards, its lists, a hold."""

import msgspec

from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import cards
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.capacity import planning
from queue_service.model.asking import Pickup
from queue_service.model.booking import Part
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.small import CLERK, Small

LIST = (
    b"serial;state;date\nYZ1;ready;20.11.2026\nYZ12345;ready;20.11.2026\nYZ12346;ready;20.11.2026\n"
)
LATE = b"serial,state,date\nYZ12347,delivered,2026-11-20\n"


async def by_cards(small: Small, **more: object) -> None:
    """Pickup goes by cards from now on."""
    made = make.office()
    services = tuple(
        msgspec.structs.replace(s, pickup=Pickup(check_days=7), **more)
        if s.code == make.PICK
        else s
        for s in made.services
    )
    await planning.load(small.house, msgspec.structs.replace(made, services=services))
    await small.settle()


async def listed(small: Small, content: bytes = LIST) -> cards.Imported:
    done = await cards.import_list(small.house, small.office, content, CLERK)
    await small.settle()
    return done


def keys(small: Small, *serials: str) -> tuple[bytes, ...]:
    return cards.keys_of(small.house, small.office, serials)


async def hold(
    small: Small, *serials: str, start: str = "10:00", replaces: HoldGiven | None = None
) -> HoldGiven | Refusal:
    return await flow.hold(
        small.house,
        small.slug,
        parts=(Part(make.PICK, max(1, len(serials))),),
        start=make.at(start),
        language="de",
        cards=keys(small, *serials),
        replaces=(replaces.hold, replaces.secret) if replaces else None,
    )


def code_of(answer: object) -> Code | None:
    return answer.code if isinstance(answer, Refusal) else None
