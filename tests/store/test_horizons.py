"""Shares and reserves that come back, and the horizon, on a real database."""

import json
from datetime import time, timedelta

import msgspec
import pytest

from queue_service.events.capacity import Configured, KeptBack
from queue_service.flows.bookings.holding import HoldGiven
from queue_service.flows.capacity import layering, releasing
from queue_service.flows.capacity.keeping import keep_back_day
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.release import LastMinute, Reserve
from queue_service.slots.openings import DayState
from queue_service.ticker import lapse_holds
from queue_service.web.api import availability
from queue_service.web.pages.applicant import times
from tests import make
from tests.resting import RESTING, releasing_office
from tests.small import CLERK, PICK
from tests.store.conftest import Opening


def with_shares(office: Office) -> Office:
    own: dict[str, dict[str, object]] = {
        "desks": {"last_minute": (LastMinute(50, 48, 60),)},
        "bio-day": {"reserve": Reserve(a_day=1.0)},
    }
    limits = [msgspec.structs.replace(x, **own.get(x.key, {})) for x in office.limits]
    return msgspec.structs.replace(office, limits=tuple(limits))


async def test_shares_are_kept_once_come_back_by_themselves_and_end_with_a_managers_word(
    opening: Opening,
) -> None:
    small = await opening(with_shares(releasing_office(2)))
    house, office = small.house, small.office
    far = make.at("2026-11-26 10:00")
    # Somebody booked before anything was kept: their place stays theirs.
    for minute in ("00", "00", "10", "10"):
        await small.booked(f"2026-11-26 10:{minute}")
    await keep_back_day(house, office, far.date())
    await small.settle()
    kept = await small.fetch(f"select start, until, rest_of from booking where {RESTING}")
    assert [row["rest_of"] for row in kept] == [None] * len(kept)
    blocks = [row for row in kept if row["start"] != row["until"] and row["until"] < row["start"]]
    assert 3 <= len(blocks) <= 4
    assert all(
        timedelta(hours=47) <= row["start"] - row["until"] <= timedelta(hours=48) for row in blocks
    )
    assert len(kept) - len(blocks) == 3  # the 95 % quantile of one a day
    await small.audit()
    before = small.office.seq
    await keep_back_day(house, office, far.date())
    await small.settle()
    assert small.office.seq == before
    word = Layer("limit:desks", '{"reserve": {"keep": 0}}', small.office.now(), reason="peak")
    word = msgspec.structs.replace(word, origin=Origin.MANAGER)
    await layering.add(house, office, (word,), CLERK)
    await small.settle()
    await keep_back_day(house, small.office, far.date())
    asked = f"select start from booking where {RESTING} and start::date = '2026-11-26'"
    still = await small.fetch(asked)
    assert len(still) == 3
    closed = {"add": [{"first": "2026-11-26", "last": "2026-11-26", "reason": {"de": "Wasser"}}]}
    closure = msgspec.structs.replace(
        word, subject="closures", change=json.dumps(closed), since=small.office.now()
    )
    given = await layering.add(house, office, (closure,), CLERK)
    assert not isinstance(given, Refusal), given
    await small.settle()
    assert await small.fetch(asked) == []
    await layering.end(house, office, given, CLERK)
    assert len(await small.fetch(asked)) == 3, "kept again before anybody can click"
    await small.settle()
    await small.wait(4 * 24 * 60)
    await lapse_holds(house, small.office)
    assert await small.fetch(asked) == []
    assert [fact for fact in await small.facts() if isinstance(fact, KeptBack)]
    await small.audit()


async def test_the_horizon_moves_on_at_its_moment_and_only_once_a_day(opening: Opening) -> None:
    small = await opening(releasing_office(open_between=(time(10), time(12))))
    house = small.house

    async def moved_on() -> object:
        await releasing.move_on(house, small.office)
        await small.settle()
        return small.office.office.booking.release.moved_on

    assert await moved_on() is None
    await small.set_clock(make.at("12:00"))
    assert await moved_on() == make.NOW.date()
    seq = small.office.seq
    await moved_on()
    assert small.office.seq == seq
    await small.set_clock(make.at("2026-11-24 09:00"))
    new = make.at("2026-11-27 09:00")
    days = small.office.openings.month(PICK, new.date(), new.date(), small.office.now())
    assert [day.state for day in days] == [DayState.NOT_YET]
    refusal = await small.hold("2026-11-27 09:00")
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.NOT_BOOKABLE_YET
    await small.set_clock(make.at("2026-11-24 12:00"))
    assert await moved_on() == make.at("2026-11-24 09:00").date()
    assert isinstance(await small.hold("2026-11-27 09:00"), HoldGiven)
    layers = await small.fetch("select until from layer where origin = 'release'")
    assert len([row for row in layers if row["until"] is None]) == 1


async def test_a_service_is_switched_when_demand_exceeds_supply_and_back(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = await opening(releasing_office(busy_window_days=1))

    async def switched(many: int) -> bool:
        async def waits(*_: object) -> dict[object, int]:
            return {PICK: many}

        monkeypatch.setattr(releasing.wishes, "length", waits)
        await releasing.switch(small.house, small.office)
        await small.settle()
        service = small.office.office.service("PICK")
        assert service is not None
        return service.first_come

    assert await switched(10)
    assert not await switched(1000)
    shown = times.shown(small.office, PICK, None, str)
    assert (shown.first_come, shown.ahead, len(shown.days)) == (False, 1, 2)
    refusal = await small.hold("2026-11-26 10:00")
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.NOT_BOOKABLE_YET
    assert await switched(0)
    assert isinstance(await small.hold("2026-11-26 10:00"), HoldGiven)
    said = [fact for fact in await small.facts() if isinstance(fact, Configured)]
    assert any("service:PICK" in fact.subjects for fact in said)


async def test_a_far_horizon_is_shown_as_far_as_one_answer_reaches(opening: Opening) -> None:
    far = make.office()
    booking = msgspec.structs.replace(far.booking, window_days=90)
    small = await opening(msgspec.structs.replace(far, booking=booking))
    said = availability._answer(small.office, b"service=PICK")
    assert not isinstance(said, Refusal), said
    days = json.loads(said.plain)["days"]
    assert len(days) == availability.MOST_DAYS
    assert days[0]["date"] == f"{small.office.now().date()}"
