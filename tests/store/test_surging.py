"""Surge rules on a real database: laid once, taken back, every step told."""

import asyncio
from typing import Any

import pytest

from queue_service.flows.bookings import booking
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.capacity import layering, laying, planning, readings, surge_acts, surging
from queue_service.flows.capacity.surge_acts import Done
from queue_service.model.refusal import Refusal
from queue_service.model.surge import Approval, Do, Kind, Metric, When
from queue_service.slots.surge_state import Phase
from tests import make
from tests.fired import FIRST, MINUTE, afternoon, laid, look, office, rule, said, with_rule
from tests.small import Small


@pytest.fixture
async def busy(small: Small) -> Small:
    """The small office with one rule and one booking."""
    await with_rule(small)
    return small


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
    assert isinstance(await surge_acts.take_back(busy.house, busy.office, "busy", FIRST), Done)
    await busy.settle()
    [row] = await busy.fetch("select state from booking where code = $1", booked.code)
    assert row["state"] == "booked"
    refusal = await busy.hold("13:00")
    assert isinstance(refusal, Refusal)
    again = await surge_acts.take_back(busy.house, busy.office, "busy", FIRST)
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
    assert await surge_acts.approve(small.house, small.office, "busy", FIRST) == Done("busy")
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
