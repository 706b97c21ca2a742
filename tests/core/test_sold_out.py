"""A body that is sold out is answered from ready bytes only while memory alone may refuse it."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from queue_service.clock import real_now
from queue_service.events.booking import Held, Lapsed
from queue_service.events.entry import BookingNow
from queue_service.flows.wish import mark_of
from queue_service.followed import Followed
from queue_service.model.booking import BookingState, Part
from queue_service.model.ids import AuthorityId, OfficeId, Tick
from queue_service.model.office import OfficeClock, OfficeKey
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import CellKey
from queue_service.slots import claims
from queue_service.store.offices import OfficeRow
from queue_service.web.lean import Sent
from queue_service.web.soldout import Asked
from tests import make
from tests.make import DESKS, HALL, MINUTE, NOW, PICK

PARTS = (Part(PICK, 1),)
TEN = make.at("10:00")
BODY, ANSWER = b'{"start": "10:00"}', Sent(409, b"full", ())
FULL = Refusal(Code.SLOT_FULL)
KEY = "a key that somebody has used before"


def town(left: int = 0) -> Followed:
    """An office whose every cell of the morning has so many places, its clock standing."""
    key = OfficeKey(AuthorityId(1), OfficeId(1), f"town-{make.uuid()}", make.NUMBERS)
    office = Followed(OfficeRow(key, 0, OfficeClock(real_now(), NOW, 0.0)), make.office())
    first = make.tick(make.at("08:00"))
    cells = [(limit, Tick(first + n), left) for limit in (DESKS, HALL) for n in range(48)]
    office.openings.load(cells, (), ())
    office.fresh_at = real_now() + timedelta(hours=1)
    return office


def asked(office: Followed, key: str = "", accept: str = "de") -> Sent | None:
    return Asked(office, BODY, accept).told_before(key)


def told(office: Followed, refusal: Refusal = FULL, start: datetime = TEN) -> Followed:
    Asked(office, BODY, "de").keep(ANSWER, refusal, PARTS, start)
    return office


def test_the_same_body_is_told_the_same_and_no_other() -> None:
    office = told(town())
    assert asked(office) is ANSWER
    assert asked(office, key=KEY) is ANSWER
    assert asked(office, accept="ar") is None
    assert Asked(office, BODY + b" ", "de").told_before("") is None
    assert asked(town()) is None


@pytest.mark.parametrize(
    ("left", "refusal", "start"),
    [
        (1, FULL, TEN),
        (0, Refusal(Code.CLOSED), TEN),
        (0, FULL, make.at("08:00")),
        (0, FULL, make.at("2026-11-23 10:03")),
        (0, FULL, make.at("2026-12-23 10:00")),
    ],
    ids=["there is room", "not full", "over", "no start", "not bookable yet"],
)
def test_only_what_memory_alone_would_say_is_kept(
    left: int, refusal: Refusal, start: datetime
) -> None:
    assert asked(told(town(left), refusal, start)) is None


def entry(office: Followed, state: BookingState, left: int, **more: object) -> None:
    booking = make.booking(TEN, 10, limits=(DESKS, HALL), state=state)
    now = msgspec.structs.replace(BookingNow.of(booking, 0), **more)
    cells: dict[CellKey, int] = dict.fromkeys(
        claims.cells_of((DESKS, HALL), TEN, TEN + 10 * MINUTE), left
    )
    fact = Held if state is BookingState.HELD else Lapsed
    receipt = {"receipt": mark_of(office.key.slug, KEY)} if fact is Held else {}
    office.openings.apply(fact(bookings=(now,), cells=claims.runs(cells), **receipt))


def test_a_place_that_comes_back_ends_it() -> None:
    office = told(town())
    entry(office, BookingState.LAPSED, 1)
    assert asked(office) is None
    assert asked(told(office)) is None


def test_a_known_key_is_never_refused_from_memory() -> None:
    office = town()
    entry(office, BookingState.HELD, 0, until=NOW + 9 * MINUTE)
    assert asked(told(office)) is ANSWER
    assert asked(office, key=KEY) is None


def test_a_hold_that_is_due_and_views_that_are_late_end_it() -> None:
    office = town()
    entry(office, BookingState.HELD, 0, until=NOW + MINUTE)
    assert asked(told(office)) is ANSWER
    office.clock = OfficeClock(office.clock.real_anchor, NOW + MINUTE, 0.0)
    assert asked(office) is None
    office.clock = OfficeClock(office.clock.real_anchor, NOW, 0.0)
    assert asked(office) is ANSWER
    office.fresh_at = datetime(2026, 1, 1, tzinfo=UTC)
    assert asked(office) is None


def test_the_clock_ends_it_where_it_could_change_the_alternatives() -> None:
    office = told(town())
    office.clock = OfficeClock(office.clock.real_anchor, NOW + 5 * MINUTE, 0.0)
    assert asked(office) is None
