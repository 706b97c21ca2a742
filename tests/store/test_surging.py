"""Surge rules on a real database: laid once, taken back, agreed to by people, every step told."""

import asyncio
from datetime import date, time, timedelta
from typing import Any

import msgspec
import pytest

from queue_service.events.surge import SurgeDecided, SurgeEnded, SurgeFact
from queue_service.flows.bookings import booking
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.capacity import layering, laying, planning, readings, surging
from queue_service.flows.capacity.surging import Done
from queue_service.model.ids import ActorId
from queue_service.model.layer import Origin
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.surge import (
    Approval,
    Do,
    Kind,
    Metric,
    Staff,
    Surge,
    SurgeRule,
    Until,
    When,
)
from queue_service.slots.surge_state import Phase
from queue_service.store import offices as store
from queue_service.store.database import transaction
from tests import make
from tests.small import Small

FIRST, SECOND = ActorId(7), ActorId(8)
OPEN = Do(Kind.OPEN_COUNTERS, limit="desks", desks=2, opens=time(13), closes=time(14))
MINUTE = timedelta(minutes=1)


def rule(**more: object) -> SurgeRule:
    """With any booking in the window the office opens two desks from one to two."""
    made = SurgeRule(
        id="busy",
        title={"de": "Viel los"},
        owner="Leitung",
        expires=date(2099, 1, 1),
        when=When(Metric.BOOKED_SHARE, limit="desks", days=0, above=1),
        until=Until(below=0.5),
        do=(OPEN,),
        cooldown=30 * MINUTE,
        approval=Approval.AUTO,
    )
    return msgspec.structs.replace(made, **more)


def office(*rules: SurgeRule) -> Office:
    return msgspec.structs.replace(make.office(), surge=Surge(rules), staff=Staff(8))


@pytest.fixture
async def busy(small: Small) -> Small:
    """The small office with one rule and one booking."""
    await with_rule(small)
    return small


async def with_rule(small: Small, **more: object) -> HoldGiven:
    await planning.load(small.house, office(rule(**more)))
    await small.settle()
    return await small.held("10:00")


async def afternoon(small: Small) -> list[int]:
    """Places of the desks in each cell from one to two."""
    first = make.tick(make.at("13:00"))
    rows = await small.fetch(
        'select capacity from cell where "limit" = 1 and tick >= $1 and tick < $2 order by tick',
        first,
        first + 12,
    )
    return [row["capacity"] for row in rows]


async def laid(small: Small) -> int:
    async with transaction(small.house.pool, small.office.key.authority) as connection:
        layers = await store.layers(connection, small.office.key.office)
    return sum(layer.origin is Origin.SURGE for layer in layers)


async def said(small: Small) -> list[str]:
    facts = [fact for fact in await small.facts() if isinstance(fact, SurgeFact)]
    return [
        f.outcome
        if isinstance(f, SurgeDecided)
        else f"ended_{f.why}"
        if isinstance(f, SurgeEnded)
        else str(f.__struct_config__.tag)
        for f in facts
    ]


async def look(small: Small) -> None:
    await small.settle()
    await surging.look(small.house, small.office)
    await small.settle()


async def test_a_rule_fires_once_and_everybody_sees_the_places(busy: Small, beside: Small) -> None:
    assert await afternoon(busy) == []
    await look(busy)
    assert await afternoon(busy) == [2] * 12
    layers = await laid(busy)
    await look(busy)
    await look(beside)
    assert await said(busy) == ["fired"]
    assert await laid(busy) == layers
    assert await surging.standing(beside.house, beside.office) == await surging.standing(
        busy.house, busy.office
    )
    assert isinstance(await busy.hold("13:00"), HoldGiven)
    await busy.audit()


async def test_it_takes_itself_back_and_the_cells_are_as_they_were(small: Small) -> None:
    held = await with_rule(small, cooldown=MINUTE)
    await look(small)
    await small.wait(2)
    await small.settle()
    await booking.release(small.house, held.hold, held.secret)
    await look(small)
    assert await said(small) == ["fired", "ended_cleared"]
    assert set(await afternoon(small)) <= {0}
    await small.audit()


async def test_a_run_ends_by_itself_at_its_hour(busy: Small) -> None:
    await look(busy)
    await busy.set_clock(make.at("14:00"))
    await look(busy)
    assert await said(busy) == ["fired", "ended_over"]
    states = await surging.standing(busy.house, busy.office)
    assert states["busy"].phase is Phase.CALM


async def test_taking_back_keeps_what_people_booked(busy: Small) -> None:
    await look(busy)
    booked = await busy.booked("13:00")
    assert isinstance(await surging.take_back(busy.house, busy.office, "busy", FIRST), Done)
    await busy.settle()
    [row] = await busy.fetch("select state from booking where code = $1", booked.code)
    assert row["state"] == "booked"
    refusal = await busy.hold("13:00")
    assert isinstance(refusal, Refusal)
    again = await surging.take_back(busy.house, busy.office, "busy", FIRST)
    assert isinstance(again, Refusal)
    await busy.audit()


async def test_a_crash_before_the_layers_is_made_good_by_another_process(
    busy: Small, beside: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        """The process ends here."""

    async def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(surging, "reconcile", killed)
        with pytest.raises(KilledError):
            await look(busy)
    assert await laid(busy) == 0
    await look(beside)
    assert await afternoon(busy) == [2] * 12
    assert await said(busy) == ["fired"]


async def test_two_leaders_at_once_fire_once(busy: Small, beside: Small) -> None:
    await busy.settle()
    await beside.settle()
    await asyncio.gather(*(surging.look(s.house, s.office) for s in (busy, beside)))
    assert await said(busy) == ["fired"]
    assert await afternoon(busy) == [2] * 12
    await busy.settle()
    await busy.audit()


async def test_a_suggestion_waits_and_one_person_agrees_once(small: Small) -> None:
    await with_rule(small, approval=Approval.SUGGEST)
    await look(small)
    assert await said(small) == ["suggested"]
    assert await laid(small) == 0
    act = (small.house, small.office, "busy")
    assert await surging.approve(*act, FIRST, "key") == Done("busy")
    assert await surging.approve(*act, FIRST, "key") == Done("busy")
    refusal = await surging.approve(*act, SECOND)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.NOT_SUGGESTED
    assert await said(small) == ["suggested", "surge_approved"]
    assert await afternoon(small) == [2] * 12
    [entry] = [e for e in await small.journal() if e.tag == "surge_approved"]
    assert entry.by == FIRST


async def test_two_persons_must_be_two(small: Small) -> None:
    await with_rule(small, approval=Approval.TWO_PERSONS)
    await look(small)
    act = (small.house, small.office, "busy")
    assert await surging.approve(*act, FIRST) == Done("busy")
    assert await laid(small) == 0
    refusal = await surging.approve(*act, FIRST)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.SECOND_PERSON
    assert await surging.approve(*act, SECOND) == Done("busy")
    assert await afternoon(small) == [2] * 12


async def test_two_people_who_agree_at_once_begin_it_once(small: Small, beside: Small) -> None:
    await with_rule(small, approval=Approval.SUGGEST)
    await look(small)
    await beside.settle()
    answers = await asyncio.gather(
        surging.approve(small.house, small.office, "busy", FIRST),
        surging.approve(beside.house, beside.office, "busy", SECOND),
    )
    assert sorted(isinstance(answer, Done) for answer in answers) == [False, True]
    assert await afternoon(small) == [2] * 12
    await small.settle()
    await small.audit()


async def test_a_no_rests_for_the_cooldown(small: Small) -> None:
    await with_rule(small, approval=Approval.SUGGEST)
    await look(small)
    assert await surging.decline(small.house, small.office, "busy", FIRST) == Done("busy")
    await look(small)
    await look(small)
    assert await said(small) == ["suggested", "surge_declined", "blocked"]
    await small.wait(31)
    await look(small)
    assert (await said(small))[-1] == "suggested"


async def test_a_dry_run_and_a_rehearsed_one_change_nothing(small: Small) -> None:
    await with_rule(small, dry_run=True)
    await look(small)
    await look(small)
    assert await said(small) == ["would_fire"]
    entries = len(await small.journal())
    tried = await surging.dry_run(small.house, small.office, "busy")
    assert isinstance(tried, SurgeDecided)
    assert (tried.places_before, tried.places_after) == (72, 84)
    assert [measure.subject for measure in tried.measures] == ["desks"]
    assert len(await small.journal()) == entries
    assert await laid(small) == 0


async def test_a_manager_starts_pauses_and_is_told_what_stands_in_the_way(small: Small) -> None:
    await with_rule(small, approval=Approval.SUGGEST, when=When(Metric.NO_SHOWS_TODAY, above=99))
    act = (small.house, small.office)
    assert await surging.start(*act, "busy", FIRST, "crowd") == Done("busy")
    assert await afternoon(small) == [2] * 12
    running = await surging.start(*act, "busy", FIRST, "crowd")
    assert isinstance(running, Refusal)
    assert running.code is Code.RULE_STOPPED
    assert await surging.pause(*act, "busy", FIRST, 2, "fair") == Done("busy")
    states = await surging.standing(*act)
    assert states["busy"].paused_until == small.office.now() + timedelta(hours=2)
    for answer in (
        await surging.approve(*act, "none", FIRST),
        await surging.decline(*act, "none", FIRST),
        await surging.dry_run(*act, "none"),
    ):
        assert isinstance(answer, Refusal)
        assert answer.code is Code.UNKNOWN_RULE


async def test_more_desks_than_people_are_refused_with_the_guard(small: Small) -> None:
    few = msgspec.structs.replace(office(rule()), staff=Staff(1))
    await planning.load(small.house, few)
    await small.settle()
    await small.held("10:00")
    await look(small)
    await look(small)
    assert await said(small) == ["blocked"]
    answer = await surging.start(small.house, small.office, "busy", FIRST, "")
    assert isinstance(answer, Refusal)
    assert answer.data["reason"] == "staff"


async def test_a_rule_that_left_the_file_ends_what_it_laid_at_its_hour(busy: Small) -> None:
    await look(busy)
    await planning.load(busy.house, make.office())
    await look(busy)
    assert await afternoon(busy) == [2] * 12
    await busy.set_clock(make.at("14:05"))
    await look(busy)
    assert await said(busy) == ["fired", "ended_over"]


async def test_loading_rules_again_changes_nothing_and_previews_what_does(busy: Small) -> None:
    assert not await planning.load(busy.house, office(rule()))
    preview = await planning.load(busy.house, office(rule(a_day=3)), dry=True)
    assert preview.lines() == ("~ surge_rule:busy a_day: 1 → 3",)


@pytest.mark.parametrize("guarded", [True, False])
async def test_what_is_booked_between_look_and_layer_is_not_given_twice(
    small: Small, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    """Without the second look the desks would get what the hall has just given away."""
    convert = Do(Kind.CONVERT_PLACES, limit="desks", from_limit="hall", desks=4)
    await with_rule(small, do=(convert,), approval=Approval.SUGGEST)
    await look(small)
    real = layering.add
    booked: list[HoldGiven] = []

    async def slow(*args: Any, **more: Any) -> object:
        if not booked:
            await small.settle()
            booked.append(await small.held("11:00"))
        return await real(*args, **more)

    async def blind(_house: object, _office: object, _takes: object, gives: object) -> object:
        return gives

    monkeypatch.setattr(layering, "add", slow)
    if not guarded:
        monkeypatch.setattr(laying, "_not_overdrawn", blind)
    assert await surging.approve(small.house, small.office, "busy", FIRST) == Done("busy")
    first = make.tick(make.at("11:00"))
    rows = await small.fetch(
        'select capacity from cell where "limit" = 1 and tick >= $1 and tick < $2 order by tick',
        first,
        first + 4,
    )
    given = 3 if guarded else 7
    assert [row["capacity"] for row in rows] == [given, given, 7, 7]


async def measure(small: Small, metric: Metric, **scope: Any) -> float | None:
    await small.settle()
    when = When(metric, above=1, **scope)
    return (await readings.read(small.house, small.office, (rule(when=when),)))["busy"]


async def test_metrics_measure_what_they_say(small: Small) -> None:
    today = {"days": 0}
    pick = {"service": make.PICK}
    assert await measure(small, Metric.FREE_PLACES, **pick, **today) == 21 * 3
    assert await measure(small, Metric.BOOKED_SHARE, limit="desks", **today) == 0
    await small.booked("08:40")
    assert await measure(small, Metric.FREE_PLACES, **pick, **today) == 21 * 3 - 1
    assert await measure(small, Metric.BOOKED_SHARE, limit="desks", **today) == 100 * 2 / 126
    assert await measure(small, Metric.DAYS_TO_FREE, **pick) == 0
    assert await measure(small, Metric.NO_SHOWS_TODAY) == 0
    await small.set_clock(make.at("08:50"))
    assert await measure(small, Metric.NO_SHOWS_TODAY) == 0
    await small.set_clock(make.at("08:51"))
    assert await measure(small, Metric.NO_SHOWS_TODAY) == 1
    assert await measure(small, Metric.WAITING_LIST, **pick) == 0
    assert await measure(small, Metric.CARDS_READY) == 0
    await small.set_clock(make.at("12:00"))
    assert await measure(small, Metric.FREE_PLACES, **pick, **today) == 0
    assert await measure(small, Metric.BOOKED_SHARE, limit="desks", **today) is None
    assert await measure(small, Metric.DAYS_TO_FREE, **pick) == 1
    assert await measure(small, Metric.DAYS_TO_FREE, **pick, **today) == 1
    assert await measure(small, Metric.FREE_PLACES, service=make.HELP) is None
