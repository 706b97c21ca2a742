"""People who were sent to fetch something are expected back, to where they stood."""

from datetime import datetime, timedelta
from math import inf
from random import Random

import msgspec
import pytest

from queue_service.model.booking import Part
from queue_service.model.expecting import Longer
from queue_service.model.ids import CounterKey, VisitId
from queue_service.model.office import Counter as Place
from queue_service.model.office import LineRules
from queue_service.model.visit import NeedClass, Visit, VisitState
from queue_service.rehearsal.outlook import Outlook, Scene, look
from queue_service.rehearsal.shown import MOST_JUMP, Shown
from queue_service.rehearsal.wait import Counter, Returning, Wait, Waiting, forecast
from queue_service.views.habits import RETURN_SHARE, Habits, Learned
from queue_service.views.outlook import scene
from queue_service.views.waits import Waits
from tests import make

A = frozenset({make.PICK})
RULES = LineRules()
ONE = CounterKey("1")


def waiting(since: float) -> Waiting:
    return Waiting(-since, -since, NeedClass.WALK_IN, A)


def last(*returning: Returning) -> Wait:
    """The wait of the last of three at one counter that serves for ten minutes each."""
    line = [waiting(9 - n) for n in range(3)]
    durations = {A: (10.0,)}
    return forecast(line, [Counter(A)], durations, RULES, Random(3), returning=returning)[-1]


def test_who_comes_back_in_time_goes_before_those_who_came_later() -> None:
    assert last().p50 == 20
    assert last(Returning(waiting(30), (15.0,))).p50 == 30
    assert last(Returning(waiting(30), (15.0,), likely=0.0)).p80 == 20
    assert last(Returning(waiting(30), (25.0,))).p50 == 20, "too late to go before"
    assert last(Returning(waiting(30), (25.0,), since=12.0)).p50 == 30
    assert last(Returning(waiting(1), (15.0,))).p50 == 20, "behind, as they were"


def test_who_is_away_for_longer_than_anybody_is_back_soon_and_perhaps_never() -> None:
    assert last(Returning(waiting(30), (16.0,), since=60.0)).p50 == 30
    half = last(Returning(waiting(30), (5.0,), likely=0.5))
    assert (half.p10, half.p80) == (20, 30)


def test_nobody_is_called_for_whom_no_counter_is_left_though_others_come_back() -> None:
    other = frozenset({make.BIO})
    alone = Waiting(-5, -5, NeedClass.WALK_IN, other)
    durations = {A: (10.0,), other: (10.0,)}
    back = [Returning(waiting(30), (15.0,), likely=0.0)]
    waits = forecast([alone], [Counter(A)], durations, RULES, Random(1), returning=back)
    assert waits == [Wait(inf, inf, inf)]


def gone(number: str = "A1", minutes: float = 40, **more: object) -> Visit:
    """Sent away by counter 1; came so many minutes ago."""
    came = make.NOW - timedelta(minutes=minutes)
    visit = make.visit(number, state=VisitState.PARKED, arrived=came)
    return msgspec.structs.replace(visit, parked="photo", only=ONE, **more)


def played(
    *visits: Visit, habits: Habits | None = None, counters: tuple[Place, ...] | None = None
) -> Scene:
    small = make.office()
    away = {v.id: make.NOW - timedelta(minutes=4) for v in visits}
    on_duty = small.counters if counters is None else counters
    return scene(small, visits, on_duty, habits or Habits(), make.NOW, away=away)


def test_they_come_back_under_their_due_time_to_the_counter_that_sent_them() -> None:
    visit = gone()
    asked = played(visit, make.visit("A2"))
    assert asked.away == (visit.id,)
    assert visit.id not in asked.visits
    [back] = asked.returning
    assert (back.person.due, back.since) == (-40, 4)
    assert back.likely == pytest.approx(RETURN_SHARE)
    assert [back.person.services <= c.skills for c in asked.counters] == [True, False]
    closed = played(visit, counters=make.office().counters[1:])
    assert closed.returning[0].person.services <= closed.counters[0].skills
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(asked), type=Scene) == asked


def test_learned_absences_are_expected() -> None:
    habits = Habits(away={"photo": Learned(2_000, (50.0,) * 20)}, returned=980, sent=980)
    [back] = played(gone(), habits=habits).returning
    assert sum(back.away) / 20 == pytest.approx(50, rel=0.03)
    assert back.likely == pytest.approx(0.998)


def test_others_are_told_a_longer_wait_before_somebody_is_back() -> None:
    line = [make.visit(f"B{n}", parts=(Part(make.PICK, 1),)) for n in range(4)]
    away = [gone(f"A{n}") for n in range(6)]
    alone, expecting = look(played(*line), Random(1)), look(played(*line, *away), Random(1))
    assert expecting.waits[-1].p80 > alone.waits[-1].p80 + 10
    assert len(expecting.waits) == len(line)
    assert expecting.naive == alone.naive


def at(minutes: float) -> datetime:
    return make.NOW + timedelta(minutes=minutes)


def shown(waits: Waits, visit: Visit, now: datetime) -> Shown:
    found = waits.shown(visit.id, now)
    assert found is not None
    return found


def test_who_is_back_is_the_reason_of_a_longer_wait() -> None:
    visit, back, waits = make.visit("B1"), gone(), Waits()
    told = Outlook((Wait(2, 5, 9),), (Wait(0, 0, 0),) * 9, 10.0)
    before = played(visit, back)
    waits.take(before, msgspec.structs.replace(told, doors=told.doors[: len(before.doors)]), at(0))
    here = msgspec.structs.replace(back, state=VisitState.WAITING)
    asked = played(visit, here)
    longer = tuple(Wait(9, 30, 41) for _ in asked.visits)
    waits.take(asked, Outlook(longer, told.doors[: len(asked.doors)], 10.0), at(1))
    assert shown(waits, visit, at(1)).reason is Longer.CAME_BACK


def test_no_range_jumps_without_a_reason_while_people_go_and_come_back() -> None:
    chance, waits = Random(11), Waits()
    line = [make.visit(f"B{n}", arrived=make.NOW - timedelta(minutes=n)) for n in range(8)]
    people = {v.id: v for v in [*line, *(gone(f"A{n}", 30 + n) for n in range(6))]}
    before: dict[VisitId, Shown] = {}
    jumps = 0
    for minute in range(40):
        chosen = chance.choice([v for v in people.values() if v.number.startswith("A")])
        swapped = {
            VisitState.PARKED: VisitState.WAITING,
            VisitState.WAITING: VisitState.PARKED,
        }[chosen.state]
        people[chosen.id] = msgspec.structs.replace(chosen, state=swapped)
        asked = played(*people.values())
        waits.take(asked, look(asked, Random(5), paths=20), at(minute))
        now = {v.id: shown(waits, v, at(minute)) for v in line}
        for visit, after in now.items():
            was = before.get(visit, after).range
            grew = max(
                after.range.from_minutes - was.from_minutes,
                after.range.to_minutes - was.to_minutes,
            )
            jumps += grew > MOST_JUMP
            assert grew <= MOST_JUMP or after.reason is not None
        before = now
    assert jumps, "the test must meet one"
