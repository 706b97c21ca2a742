"""The hall as a scene: stages of a journey, counters on duty, who is served, who is to come."""

from datetime import timedelta
from random import Random

import msgspec
import pytest

from queue_service.model.booking import Part
from queue_service.model.expecting import Expecting, ToCome, WalkIns
from queue_service.model.ids import BookingId, CounterKey
from queue_service.model.office import Counter, Office
from queue_service.model.visit import NeedClass, Step, Stop, Visit, VisitState
from queue_service.rehearsal.outlook import Scene, look, naive
from queue_service.views.habits import Habits, gaps_of
from queue_service.views.outlook import scene
from tests import make

OPEN = ((make.at("08:00"), make.at("12:00")),)
ONE, TWO = CounterKey("1"), CounterKey("2")
PHOTO = CounterKey("photo")


def office(**more: object) -> Office:
    return msgspec.structs.replace(make.office(), **more)


def played(small: Office, *visits: Visit, counters: tuple[Counter, ...] | None = None) -> Scene:
    on_duty = small.counters if counters is None else counters
    return scene(small, visits, on_duty, Habits(), make.NOW, open_today=OPEN, seed=7)


def mean(asked: Scene, kind: frozenset[str]) -> float:
    """Minutes a stop takes, without the gap after it."""
    sample = dict(asked.durations)[kind]
    gaps = gaps_of(Habits())
    return sum(sample) / len(sample) - sum(gaps) / len(gaps)


def test_everybody_who_waits_is_in_it_in_the_order_of_the_line() -> None:
    early = make.visit(arrived=make.NOW - timedelta(minutes=9))
    late = make.visit("A2", parts=(Part(make.BIO, 2),))
    gone = make.visit("A3", state=VisitState.PARKED)
    asked = played(make.office(), late, gone, early)
    assert asked.visits == (early.id, late.id)
    assert [w.arrived for w in asked.line] == [-9, 0]
    assert mean(asked, asked.line[1].services) == pytest.approx(30, rel=0.03)
    assert all(asked.line[0].services <= counter.skills for counter in asked.counters)


def test_only_counters_on_duty_that_may_call() -> None:
    small = make.office()
    anybody, bound = make.visit(), make.visit("A2", only=TWO)
    asked = played(small, anybody, bound)
    assert [bound_kind(asked, 1) <= c.skills for c in asked.counters] == [False, True]
    alone = played(small, anybody, bound, counters=small.counters[:1])
    assert len(alone.counters) == 1
    waits = look(alone, Random(1)).waits
    assert 0 < waits[0].p50 < 1
    assert waits[1].p80 == float("inf")


def bound_kind(asked: Scene, number: int) -> frozenset[str]:
    return asked.line[number].services


def test_whoever_says_later_joins_the_line_only_then() -> None:
    away = make.visit(
        arrived=make.NOW - timedelta(minutes=20), away_until=make.NOW + timedelta(minutes=6)
    )
    asked = played(make.office(), away)
    assert (asked.line[0].arrived, asked.line[0].due) == (6, -20)
    assert look(asked, Random(1)).waits[0].p50 == pytest.approx(6)


def test_who_is_served_holds_the_counter_since_they_came_to_it() -> None:
    began = make.NOW - timedelta(minutes=4)
    at = make.visit(state=VisitState.SERVING, counter=ONE, called_at=began, served_at=began)
    asked = played(make.office(), at, make.visit("A2"))
    assert asked.counters[0].since == 4
    assert mean(asked, asked.counters[0].serving or frozenset()) == pytest.approx(10, rel=0.03)
    assert asked.counters[1].serving is None


def stations() -> Office:
    """Photo first, at a station of its own; then a counter."""
    small = make.office()
    steps = (Step.PHOTO, Step.COUNTER)
    services = tuple(
        msgspec.structs.replace(s, steps=steps) if s.code == make.BIO else s for s in small.services
    )
    station = Counter(PHOTO, {"de": "Foto"}, (make.BIO,), steps=(Step.PHOTO,))
    return office(services=services, counters=(*small.counters, station))


STOPS = (Stop(make.BIO, Step.PHOTO), Stop(make.BIO, Step.COUNTER))


def test_a_journey_goes_on_where_its_next_stop_is() -> None:
    small = stations()
    visit = make.visit(parts=(Part(make.BIO, 1),), stops=STOPS)
    asked = played(small, visit)
    [waiting] = asked.line
    photo, counter = waiting.services, waiting.rest[0]
    assert [photo <= c.skills for c in asked.counters] == [False, False, True]
    assert [counter <= c.skills for c in asked.counters] == [True, True, False]
    assert mean(asked, photo) == pytest.approx(4, rel=0.03)
    assert mean(asked, counter) == pytest.approx(16, rel=0.03)


def test_who_is_at_a_station_comes_back_for_the_counter() -> None:
    small = stations()
    visit = make.visit(
        parts=(Part(make.BIO, 1),),
        stops=STOPS,
        state=VisitState.SERVING,
        counter=PHOTO,
        called_at=make.NOW,
    )
    asked = played(small, visit)
    then = asked.counters[2].then
    assert then is not None
    assert [then.services <= c.skills for c in asked.counters] == [True, True, False]
    assert then.rest == ()


def test_every_service_is_asked_at_the_door_and_takes_no_time() -> None:
    asked = played(make.office(), make.visit(), make.visit("A2"), make.visit("A3"))
    by_code = {door.service: door.person for door in asked.doors}
    assert by_code.keys() == {make.PICK, make.BIO, make.MAIL, make.HELP}
    assert by_code[make.HELP].need is NeedClass.EMERGENCY
    assert all(person.probe for person in by_code.values())
    found = look(asked, Random(1))
    waits = dict(zip((d.service for d in asked.doors), found.doors, strict=True))
    assert waits[make.PICK].p50 > 0
    assert waits[make.HELP].p50 <= waits[make.PICK].p50
    assert found.naive == pytest.approx(3 * 10.5 / 2, rel=0.03) == naive(asked)


def test_appointments_and_people_to_come_are_expected_until_the_doors_close() -> None:
    small = office(expecting=Expecting((WalkIns(make.PICK, 40),)))
    soon = ToCome(BookingId(make.uuid()), make.at("09:00"), (Part(make.BIO, 1),))
    over = ToCome(BookingId(make.uuid()), make.at("08:00"), (Part(make.BIO, 1),))
    asked = scene(
        small,
        [make.visit()],
        small.counters,
        Habits(today=5),
        make.NOW,
        to_come=[soon, over],
        open_today=OPEN,
    )
    assert [each.due for each in asked.expected] == [30]
    assert asked.expected[0].likely == pytest.approx(0.85)
    [stream] = asked.streams
    assert stream.until == 210
    assert stream.per_minute == pytest.approx(10 / 60, rel=0.01)


def test_the_same_scene_and_seed_give_the_same_outlook_and_it_travels() -> None:
    asked = played(make.office(), *(make.visit(f"A{n}") for n in range(6)))
    travelled = msgspec.msgpack.decode(msgspec.msgpack.encode(asked), type=Scene)
    assert travelled == asked
    assert look(travelled, Random(asked.seed)) == look(asked, Random(asked.seed))
