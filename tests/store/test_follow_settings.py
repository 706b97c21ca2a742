"""The follower and settings: a changed configuration reaches every process, whole, at its time."""

import asyncio
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from queue_service.events.capacity import Configured
from queue_service.flows.bookings import booking, moving
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.capacity import planning
from queue_service.follow import Follower
from queue_service.model.ids import OfficeId
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Office
from queue_service.model.world import Needs, Told
from queue_service.store import offices as store
from tests import make
from tests.conftest import Database
from tests.small import CLERK, Small, opened, owner, soon


def _minutes_of_pick(house: Small) -> int:
    service = house.office.office.service(make.PICK)
    assert service is not None
    return service.minutes_first


async def changed(house: Small, wanted: Office) -> None:
    """Another process loads a changed configuration."""
    await planning.load(house.house, wanted)


async def test_a_changed_configuration_reaches_every_process(small: Small, beside: Small) -> None:
    office = make.office()
    services = tuple(
        msgspec.structs.replace(s, minutes_first=25) if s.code == make.PICK else s
        for s in office.services
    )
    kept = beside.office
    await small.held("10:00")
    await changed(small, msgspec.structs.replace(office, services=services))
    await soon(lambda: _minutes_of_pick(beside) == 25)
    await beside.settle()
    await small.settle()
    assert beside.office is kept, "whoever holds an office goes on with it"
    assert beside.seen() == small.seen()
    held = await beside.held("11:00")
    assert held.end - held.start == timedelta(minutes=25)


async def test_a_booking_made_before_its_service_changed_can_still_be_moved_and_cancelled(
    small: Small,
) -> None:
    booked = await small.booked("10:00")
    office = make.office()
    services = tuple(msgspec.structs.replace(s, minutes_first=5) for s in office.services)
    limits = tuple(
        msgspec.structs.replace(limit, services=(make.BIO, make.MAIL))
        if limit.key == "hall"
        else limit
        for limit in office.limits
    )
    await changed(small, msgspec.structs.replace(office, services=services, limits=limits))
    await soon(lambda: small.office.office.services[0].minutes_first == 5)
    proof = Proof(secret=booked.secret)
    moved = await moving.move(small.house, booked.code, proof, make.at("11:00"))
    assert isinstance(moved, BookingGiven)
    assert moved.end - moved.start == timedelta(minutes=5), "as such a visit takes now"
    cancelled = await booking.cancel(small.house, booked.code, proof)
    assert isinstance(cancelled, BookingGiven)
    await small.audit()


async def test_while_settings_are_read_anew_nobody_sees_an_empty_office(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_before = small.seen()["months"]
    reached, go_on = asyncio.Event(), asyncio.Event()
    original = Follower._load

    async def slowly(self: Follower, *arguments: object) -> object:
        reached.set()
        await go_on.wait()
        return await original(self, *arguments)  # type: ignore[arg-type]  # as given

    monkeypatch.setattr(Follower, "_load", slowly)
    setting = asyncio.create_task(small.set_clock(make.NOW))
    await reached.wait()
    assert small.seen()["months"] == free_before
    go_on.set()
    await setting


async def test_a_layer_that_begins_by_itself_holds_from_then_on_even_under_load(
    small: Small, beside: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = make.NOW + timedelta(minutes=30)
    rules = msgspec.json.encode({"booking": {"window_days": 1}}).decode()
    layer = Layer("rules", rules, begins, None, CLERK, "", Origin.MANAGER)
    told = Told(Configured(subjects=("rules",)), layers=(layer,))
    await small.house.turn(small.office.key, CLERK, Needs(), lambda _w: told)
    await small.settle()
    assert small.office.office.booking.window_days == 3
    asked = store.seqs

    async def there_is_always_more(connection: asyncpg.Connection) -> dict[OfficeId, int]:
        return {office: seq + 1 for office, seq in (await asked(connection)).items()}

    monkeypatch.setattr(store, "seqs", there_is_always_more)
    await small.set_clock(begins - timedelta(seconds=1), 1.0)
    for house in (small, beside):
        await soon(lambda house=house: house.office.office.booking.window_days == 1)


async def test_one_office_without_a_usable_configuration_stops_no_other(
    small_database: Database, small: Small
) -> None:
    async with owner(small_database.owner_dsn) as connection:
        await connection.execute(
            "with a as (insert into authority (slug) values ('broken') returning id)"
            " select set_config('queue.authority', (select id::text from a), false)"
        )
        await connection.execute(
            "insert into office (authority, slug, real_anchor, office_anchor, rate, seq, head,"
            " recorded) values (current_setting('queue.authority')::int, 'broken', now(), now(),"
            " 0, 0, 'broken', now())"
        )
        await connection.execute(
            "insert into layer (authority, office, subject, change, since, author, reason, origin)"
            " select authority, id, 'office', '{\"slug\": 7}', now() - interval '1 day', 0, '',"
            " 'config' from office where slug = 'broken'"
        )
    await small.settle()
    assert set(small.house.follower.offices) == {"small"}
    assert isinstance(await small.hold("10:00"), HoldGiven)
    await small.settle()
    assert small.office.seq == (await small.journal())[-1].seq


async def test_settings_and_views_are_of_the_same_number_whatever_is_committed_meanwhile(
    small_database: Database, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A configuration committed between reading layers and rows must not be overlooked."""
    original, once = store.layers, []

    async def overtaken(connection: object, office: object) -> object:
        found = await original(connection, office)  # type: ignore[arg-type]  # as given
        if not once:
            once.append(1)
            wanted = msgspec.structs.replace(make.office(), name={"de": "Neuer Name"})
            async with opened(small_database.owner_dsn, follow=False) as other:
                monkeypatch.setattr(store, "layers", original)
                await changed(other, wanted)
        return found

    monkeypatch.setattr(store, "layers", overtaken)
    await small.set_clock(make.NOW)
    await soon(lambda: small.office.office.name == {"de": "Neuer Name"})
