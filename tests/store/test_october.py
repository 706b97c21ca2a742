"""October in Stuttgart: 900 cards lie ready instead of 350, and the house gets through it.

The rule suggests, a manager agrees, places rise from 60 to 110 a day in three waves, fall back by
themselves, and every step stands in the journal.
"""

from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from queue_service import cli, offices
from queue_service.demo.presets import preset
from queue_service.events.surge import SurgeDecided, SurgeEnded, SurgeFact
from queue_service.flows.bookings import cards
from queue_service.flows.capacity import planning, surge_acts, surging
from queue_service.flows.capacity.surge_acts import Done
from queue_service.house import close_house, open_house
from queue_service.model.booking import Part
from queue_service.model.ids import ActorId
from queue_service.slots.openings import DayState
from queue_service.store import offices as store
from queue_service.store import selling
from queue_service.store.database import outside, transaction
from tests.conftest import Database
from tests.small import SECRET, Small, opened, settings_for

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 10, 12)
FRIDAY, NEXT_TUESDAY = date(2026, 10, 16), date(2026, 10, 20)
MANAGER = ActorId(9)
SLUG = "stuttgart"
USUAL, SEASON = 350, 900
RULE = "eat_season"
TEN_MINUTES = timedelta(minutes=10)
"""A visit, and the grid."""


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), BERLIN)


@pytest.fixture
async def stuttgart(database: Database) -> AsyncIterator[Small]:
    """The preset on a database of its own; its clock stands on Monday at ten past seven."""
    wanted, begin = preset(SLUG), at(MONDAY, "07:10")
    house = await open_house(settings_for(database.owner_dsn), follow=False)
    try:
        async with outside(house.pool) as connection:
            authority = await store.authority(connection, wanted.authority)
        async with transaction(house.pool, authority) as connection:
            await store.found(connection, authority, SLUG, begin)
            await connection.execute("update office set rate = 0 where slug = $1", SLUG)
        await planning.load(house, wanted)
    finally:
        await close_house(house)
    async with opened(database.owner_dsn) as small:
        yield Small(small.house, SLUG)


async def cards_are(small: Small, state: str, first: int, last: int) -> None:
    """The office's list says so about cards number `first` to `last`."""
    since = small.office.now().date()
    rows = [f"C{number:06};{state};{since}" for number in range(first, last + 1)]
    content = "\n".join(["serial;state;date", *rows]).encode()
    taken = await cards.import_list(small.house, small.office, content, MANAGER)
    assert taken.doubts == ()


async def look(small: Small, day: date, clock: str) -> list[str]:
    """The leader looks then; what it decided about the cards."""
    await small.set_clock(at(day, clock))
    facts = await surging.look(small.house, small.office)
    await small.settle()
    return [word(fact) for fact in facts if fact.rule == RULE]


def word(fact: SurgeFact) -> str:
    if isinstance(fact, SurgeDecided):
        return str(fact.outcome)
    return f"ended_{fact.why}" if isinstance(fact, SurgeEnded) else type(fact).__name__


async def places(small: Small, day: date) -> int:
    """Pickup appointments one after the other on that day: free ones and those kept for later."""
    now = small.office.now()
    pick = small.office.office.service("PICK")
    assert pick is not None
    [found] = small.office.openings.month((Part(pick.code, 1),), day, day, now)
    assert found.state is DayState.FREE
    free = sum(start.places for start in found.starts)
    async with transaction(small.house.pool, small.office.key.authority) as connection:
        begin = at(day, "00:00")
        rests = await selling.resting(
            connection, small.office.key.office, begin, begin + timedelta(1)
        )
    cards = small.office.key.limits["cards"]
    return free + sum((b.end - b.start) // TEN_MINUTES for b in rests if cards in b.limits)


async def test_october(stuttgart: Small) -> None:
    small = stuttgart
    assert await places(small, FRIDAY) == 60
    await cards_are(small, "ready", 1, USUAL)
    assert await look(small, MONDAY, "08:00") == []
    await cards_are(small, "ready", USUAL + 1, SEASON)
    assert await look(small, MONDAY, "08:10") == ["holding"]
    assert await look(small, MONDAY, "08:39") == []
    assert await look(small, MONDAY, "08:40") == ["suggested"]
    assert await places(small, FRIDAY) == 60

    [said] = [fact for fact in await facts(small) if word(fact) == "suggested"]
    assert isinstance(said, SurgeDecided)
    assert (said.places_before, said.places_after) == (60, 110)
    assert said.days_to_clear <= 5
    assert (said.measured.value, said.measured.threshold) == (SEASON, 450)

    await small.set_clock(at(MONDAY, "10:00"))
    assert await surge_acts.approve(small.house, small.office, RULE, MANAGER) == Done(RULE)
    await small.settle()
    seen = [await places(small, FRIDAY)]
    for day, clock in ((MONDAY, 13), (MONDAY + timedelta(1), 10), (MONDAY + timedelta(2), 10)):
        await look(small, day, f"{clock}:00")
        seen.append(await places(small, FRIDAY))
    assert seen == [78, 78, 96, 110]
    assert await places(small, NEXT_TUESDAY) == 110

    # Nobody has to end it: after ten working days the afternoon is closed again.
    last = await small.fetch(
        'select max(tick) as last from cell where "limit" = $1 and capacity > 0 and tick >= $2',
        small.office.key.limits["cards"],
        int(at(date(2026, 10, 27), "00:00").timestamp()) // 300,
    )
    assert datetime.fromtimestamp(last[0]["last"] * 300, BERLIN).time() < time(13)

    # People come, the pile shrinks, and the rule goes back before its time.
    await cards_are(small, "handed_out", 1, 600)
    assert await look(small, FRIDAY, "09:00") == ["clearing"]
    assert await look(small, FRIDAY, "10:00") == ["ended_cleared"]
    assert await places(small, NEXT_TUESDAY) == 60

    assert [word(fact) for fact in await facts(small)] == [
        "holding",
        "suggested",
        "SurgeApproved",
        "wave",
        "wave",
        "clearing",
        "ended_cleared",
    ]
    [agreed] = [entry for entry in await small.journal() if entry.tag == "surge_approved"]
    assert agreed.by == MANAGER
    await small.chain()


async def facts(small: Small) -> list[SurgeFact]:
    """What the journal says about the rule of the cards."""
    every = [fact for fact in await small.facts() if isinstance(fact, SurgeFact)]
    return [fact for fact in every if fact.rule == RULE]


async def test_a_broken_rule_file_is_named_and_the_old_rules_stay(
    stuttgart: Small,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / SLUG
    folder.mkdir()
    home = Path(__file__).parents[2] / "config" / SLUG
    for file in home.iterdir():
        text = file.read_text("utf-8")
        if file.name == "surge.toml":
            text = text.replace('limit = "cards"', 'limit = "karten"', 1)
            text = text.replace("below = 350", "below = 500")
            text = text.replace('cooldown = "4h"', 'cooldown = "soon"')
        (folder / file.name).write_text(text, "utf-8")
    found = offices.read(folder)
    assert isinstance(found, tuple)
    assert [fault.line().removeprefix(f"{folder}/") for fault in found] == [
        'surge.toml: surge.rule.eat_season.do[1].limit = "karten": is no limit of this office',
        (
            "surge.toml: surge.rule.eat_season.until.below = 500.0:"
            " must be less than the trigger's above 450 (hysteresis)"
        ),
        (
            'surge.toml: surge.rule.many_no_shows.cooldown = "soon":'
            " must be a duration such as 30m, 2h or 5d"
        ),
    ]
    before = {rule.id for rule in stuttgart.office.office.surge.rule}
    monkeypatch.setenv("QUEUE_DATABASE_URL", stuttgart.house.settings.database_url)
    monkeypatch.setenv("QUEUE_SECRET", SECRET)
    assert cli.main(["load", str(folder)]) == 1
    assert "nothing was loaded" in capsys.readouterr().err
    await stuttgart.settle()
    assert before >= {"eat_season", "emergencies_first", "many_no_shows", "reserve_back"}
    assert {rule.id for rule in stuttgart.office.office.surge.rule} == before
