"""The follower: whatever is lost, late, torn or new, its views end where the journal ends."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from queue_service.events.booking import Held
from queue_service.events.capacity import Configured
from queue_service.flows.bookings import booking
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.capacity import planning
from queue_service.flows.desks import serving
from queue_service.flows.entrance import arriving
from queue_service.follow import KEPT_ENTRIES, Follower
from queue_service.model.ids import SYSTEM, AuthorityId, OfficeId
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Needs, Told
from queue_service.store import offices as store
from queue_service.store.database import open_pool, transaction
from tests import make
from tests.conftest import Database
from tests.small import CLERK, PICK, SLUG, Small, opened, owner, refused, soon
from tests.wire import wired

DESKS = ("small.1", "small.2")
PLAIN = Told(Held())
"""An entry that changes nothing."""


class Day:
    """People who do anything at all in a small office, in two processes."""

    def __init__(self, houses: tuple[Small, ...], seed: int) -> None:
        self.houses = houses
        self.chance = random.Random(seed)
        self.held: list[HoldGiven] = []
        self.booked: list[BookingGiven] = []
        self.codes: list[Code] = []

    async def live(self, acts: int, at_once: int) -> None:
        """So many acts, each by somebody who waits for nobody."""
        left = iter(range(acts))

        async def somebody() -> None:
            for _ in left:
                answer = await self.act()
                self.codes += [r.code for r in refused([answer])]

        await asyncio.gather(*(somebody() for _ in range(at_once)))

    async def act(self) -> object:
        house = self.chance.choice(self.houses)
        what: Callable[[Small], Awaitable[object]] = self.chance.choice(
            [
                self.hold,
                self.hold,
                self.hold,
                self.confirm,
                self.confirm,
                self.change,
                self.staff,
                self.arrive,
                self.walk_in,
                self.serve,
                self.serve,
                self.serve,
            ]
        )
        return await what(house)

    def start(self) -> str:
        return f"{self.chance.choice(('08', '09', '10'))}:{self.chance.randrange(6)}0"

    async def hold(self, house: Small) -> object:
        parts = self.chance.choice([PICK, (make.Part(make.BIO, 1),), (make.Part(make.PICK, 3),)])
        key = self.chance.choice([None, str(self.chance.randrange(40))])
        given = await house.hold(self.start(), parts, key)
        if isinstance(given, HoldGiven):
            self.held.append(given)
        return given

    async def confirm(self, house: Small) -> object:
        if not self.held:
            return None
        held = self.chance.choice(self.held)
        person = self.chance.choice(["", "C01", "C02"])
        given = await house.confirm(held, document=person)
        if isinstance(given, BookingGiven):
            self.booked.append(given)
        return given

    async def change(self, house: Small) -> object:
        if self.held and self.chance.random() < 0.4:
            held = self.chance.choice(self.held)
            flow = self.chance.choice([booking.extend, booking.release])
            return await flow(house.house, held.hold, held.secret)
        if not self.booked:
            return None
        chosen = self.chance.choice(self.booked)
        proof = Proof(secret=chosen.secret)
        if self.chance.random() < 0.7:
            start = make.at(self.start())
            return await booking.move(house.house, chosen.code, proof, start)
        return await booking.cancel(house.house, chosen.code, proof)

    async def staff(self, house: Small) -> object:
        return await house.by_staff(self.start(), self.chance.choice(["", "", "crowd"]))

    async def arrive(self, house: Small) -> object:
        if not self.booked:
            return None
        code = self.chance.choice(self.booked).code
        return await arriving.check_in(house.house, SLUG, code, CLERK)

    async def walk_in(self, house: Small) -> object:
        service = self.chance.choice([make.PICK, make.HELP])
        return await arriving.walk_in(house.house, SLUG, service=service, by=CLERK)

    async def serve(self, house: Small) -> object:
        desk = self.chance.choice(DESKS)
        shown = serving.desk(house.house, desk)
        assert not isinstance(shown, Refusal)
        if shown.current is None:
            if shown.undo is not None and self.chance.random() < 0.4:
                return await serving.undo(house.house, shown.undo.visit, CLERK)
            return await serving.call_next(house.house, desk, CLERK)
        flow = self.chance.choice(
            [serving.finish, serving.finish, serving.missed, serving.recall, serving.undo]
        )
        return await flow(house.house, shown.current.visit, CLERK)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_after_a_storm_in_two_processes_everything_agrees(
    small: Small, beside: Small, seed: int
) -> None:
    day = Day((small, beside), seed)
    for _ in range(3):
        await day.live(acts=90, at_once=12)
        await small.wait(6)
    await small.audit()
    await beside.audit()
    assert small.seen() == beside.seen()
    calls = [e for e in await small.journal() if e.tag == "called"]
    assert calls
    tags = {entry.tag for entry in await small.journal()}
    assert {"held", "booked", "called", "checked_in", "finished"} <= tags
    assert Code.BUSY_RETRY not in day.codes
    numbers = [row["number"] for row in await small.fetch("select number from visit")]
    assert len(numbers) == len(set(numbers))
    called = await small.fetch("select counter from visit where state = 'called'")
    assert len(called) == len({row["counter"] for row in called})


async def test_a_view_reads_its_own_writes_and_those_of_others(small: Small, beside: Small) -> None:
    await small.held("10:00")
    last = (await small.journal())[-1].seq
    await beside.house.follower.reach(beside.office, last, 20)
    assert beside.office.seq >= last
    assert [entry.tag for entry, _ in beside.office.recent(last - 1) or ()] == ["held"]
    assert beside.office.recent(last) == []


async def test_entries_that_were_forgotten_ask_for_a_snapshot(small: Small) -> None:
    assert small.office.seq > 0
    assert small.office.recent(0) is None


async def test_waiting_for_an_entry_that_does_not_come_ends(small: Small) -> None:
    assert not await small.office.changed(small.office.seq, 0.05)


async def test_a_lost_notification_is_made_good_by_looking_each_second(
    small: Small, beside: Small
) -> None:
    listener = beside.house.follower._listener
    assert listener is not None
    await listener.execute("unlisten *")
    await small.held("10:00")
    seq = (await small.journal())[-1].seq
    await soon(lambda: beside.office.seq == seq)
    await small.settle()
    assert beside.seen() == small.seen()


async def test_a_notification_alone_wakes_at_once_without_waiting_for_the_poll(
    small: Small, beside: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_service.follow.POLL_SECONDS", 3_600.0)
    await asyncio.sleep(0)
    for _ in range(3):
        await small.held("10:00")
        seq = (await small.journal())[-1].seq
        await soon(lambda seq=seq: beside.office.seq == seq)


async def test_a_listener_that_was_killed_comes_back(
    small_database: Database, small: Small, beside: Small
) -> None:
    first = beside.house.follower._listener
    assert first is not None
    async with owner(small_database.owner_dsn) as connection:
        await connection.execute("select pg_terminate_backend($1)", first.get_server_pid())
    await soon(lambda: beside.house.follower._listener is not first)
    await small.held("10:00")
    seq = (await small.journal())[-1].seq
    await soon(lambda: beside.office.seq == seq)


async def test_every_connection_may_tear_and_the_views_catch_up(
    small_database: Database, small: Small
) -> None:
    async with wired(small_database.owner_dsn) as (wire, over), opened(over) as torn:
        for start in ("10:00", "10:10", "10:20"):
            wire.tear()
            await small.held(start)
        seq = (await small.journal())[-1].seq
        await soon(lambda: torn.office.seq == seq)
        await torn.settle()
        await small.settle()
        assert torn.seen() == small.seen()


async def test_memory_is_not_trusted_while_the_follower_cannot_read(
    small_database: Database, small: Small
) -> None:
    async with wired(small_database.owner_dsn) as (wire, over), opened(over) as torn:
        await torn.settle()
        assert torn.office.is_fresh(timedelta(seconds=60))
        wire.tear()
        torn.office.fresh_at -= timedelta(seconds=3)
        assert not torn.office.is_fresh(timedelta(seconds=2))


async def test_a_process_with_the_fewest_connections_still_opens(
    small_database: Database,
) -> None:
    async with asyncio.timeout(30), opened(small_database.owner_dsn, database_connections=1) as one:
        assert isinstance(await one.hold("10:00"), HoldGiven)
        await one.audit()


async def test_two_readers_at_once_feed_every_entry_once(small: Small, beside: Small) -> None:
    seqs: list[int] = []
    original = beside.office.apply
    beside.office.apply = lambda e, f: (seqs.append(e.seq), original(e, f))[1]  # type: ignore[method-assign]  # watched
    for start in ("10:00", "10:10", "10:20", "10:30"):
        await asyncio.gather(small.hold(start), *(beside.settle() for _ in range(3)))
    await beside.settle()
    assert seqs == list(range(seqs[0], beside.office.seq + 1))


async def test_more_entries_than_are_kept_are_read_to_the_end(
    small_database: Database, small: Small
) -> None:
    async with opened(small_database.owner_dsn, follow=False) as late:
        key = small.office.key
        for _ in range(6):
            await asyncio.gather(
                *(small.house.turn(key, SYSTEM, Needs(), lambda _w: PLAIN) for _ in range(100))
            )
        await late.settle()
        assert late.office.seq == (await small.journal())[-1].seq
        assert len(late.office.recent(late.office.seq - KEPT_ENTRIES) or ()) == KEPT_ENTRIES


async def test_an_entry_of_a_newer_version_makes_the_views_load_anew(
    small_database: Database, small: Small, beside: Small
) -> None:
    await small.held("10:00")
    await beside.settle()
    async with owner(small_database.owner_dsn) as connection, connection.transaction():
        await connection.execute("set local queue.authority = '1'")
        # What a newer version would have written: a tag nobody here knows, with rows to match.
        await connection.execute(
            "insert into journal (office, authority, seq, recorded, happened, by, tag, body,"
            " digest, salt, link) select office, authority, seq + 1, recorded, happened, by,"
            " 'foretold', '{\"tag\":\"foretold\"}', digest, salt, link from journal"
            " order by seq desc limit 1"
        )
        await connection.execute("update office set seq = seq + 1")
        await connection.execute(
            'update cell set taken = capacity where "limit" = 1 and capacity > 0'
        )
    for house in (small, beside):
        await house.settle()
        refusal = await house.hold("11:00")
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.SLOT_FULL
    assert small.seen() == beside.seen()


async def test_an_entry_struck_by_law_makes_the_views_load_anew(
    small_database: Database, small: Small
) -> None:
    async with opened(small_database.owner_dsn, follow=False) as late:
        await small.held("10:00")
        async with owner(small_database.owner_dsn) as connection, connection.transaction():
            await connection.execute("set local queue.authority = '1'")
            await connection.execute(
                "update journal set body = null, salt = null"
                " where seq = (select max(seq) from journal)"
            )
        await late.settle()
        await small.settle()
        assert late.seen() == small.seen()
        await small.chain()


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
    moved = await booking.move(small.house, booked.code, proof, make.at("11:00"))
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


async def test_a_pool_that_hands_out_a_cut_off_request_hands_out_no_open_transaction(
    small_database: Database,
) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, said: complaints.append(said))
    pool = await open_pool(small_database.owner_dsn, size=1)
    try:
        for cut_after in (0, 1, 2, 3, 5, 8):

            async def request() -> None:
                async with transaction(pool, AuthorityId(1), snapshot=True) as connection:
                    await connection.fetch("select pg_sleep(0.001)")

            task = asyncio.create_task(request())
            for _ in range(cut_after):
                await asyncio.sleep(0.001)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with pool.acquire() as connection:
                assert not connection.is_in_transaction()
    finally:
        await pool.close()
    assert complaints == [], "the driver had to end a transaction that was left open"
