"""Lengths of single stops and absences: learned from served periods, with what was undone gone."""

from datetime import timedelta

import msgspec
import pytest

from queue_service.events import floor
from queue_service.model.booking import Part
from queue_service.model.expecting import FEWEST
from queue_service.model.office import Office
from queue_service.model.visit import Step, Stop, VisitState
from queue_service.rehearsal.wait import usual
from queue_service.views.habits import (
    AWAY_MINUTES,
    Habits,
    Learned,
    away_of,
    gaps_of,
    minutes_of,
    return_share,
)
from queue_service.views.lengths import SETTLED, Lengths, Told
from tests import make
from tests.tales import Told as Tale

PARTS = (Part(make.BIO, 1),)
PHOTO, COUNTER = Stop(make.BIO, Step.PHOTO), Stop(make.BIO)
S = VisitState
MINUTE = timedelta(minutes=1)
Stops = dict[tuple[Step, ...], Learned]


def done(*stops: Stop) -> tuple[Stop, ...]:
    return tuple(msgspec.structs.replace(stop, done=True) for stop in stops)


def journey(tale: Tale, number: str, photo: float, counter: float) -> Tale:
    """Somebody is photographed, and goes on to a counter; lengths count from the call."""
    tale.come(number, parts=PARTS, stops=(PHOTO, COUNTER))
    tale.act(floor.Called, S.CALLED, 7, number, called_at=tale.now + 7 * MINUTE)
    tale.act(floor.Started, S.SERVING, photo / 2, number)
    half = (*done(PHOTO), COUNTER)
    tale.act(floor.Finished, S.WAITING, photo / 2, number, stops=half, called_at=None)
    tale.act(floor.Called, S.CALLED, 9, number, called_at=tale.now + 9 * MINUTE)
    over = done(PHOTO, COUNTER)
    return tale.act(floor.Finished, S.FINISHED, counter, number, stops=over)


def read(tale: Tale, since: timedelta = timedelta(days=1)) -> Told:
    lengths = Lengths()
    for entry, fact in tale.entries:
        lengths.apply(entry, fact)
    now = tale.now + SETTLED + MINUTE
    return lengths.told(now - since, now)


def mean(sample: tuple[float, ...]) -> float:
    return sum(sample) / len(sample)


def test_each_stop_has_the_minutes_from_its_call_to_its_end() -> None:
    tale = Tale()
    for n in range(FEWEST):
        journey(tale, f"A{n}", photo=6, counter=20 + n)
    told = read(tale)
    [photo, counter] = told.stops.items()
    assert photo == (((Part(make.BIO, 1), Step.PHOTO),), Learned(5, (6.0,) * 20))
    assert counter[0] == ((Part(make.BIO, 1), Step.COUNTER),)
    assert counter[1].many == FEWEST
    assert mean(counter[1].minutes) == pytest.approx(22)
    assert list(counter[1].minutes) == sorted(counter[1].minutes)
    assert (counter[1].minutes[0], counter[1].minutes[-1]) == (20.1, 23.9)


def test_what_was_seen_too_rarely_too_short_too_long_or_long_ago_says_nothing() -> None:
    tale = Tale()
    for n in range(FEWEST):
        journey(tale, f"A{n}", photo=0.2 if n else 300, counter=20)
    told = read(tale)
    assert [step for ((_, step),) in told.stops] == [Step.COUNTER]
    assert read(tale, since=timedelta(minutes=1)).stops == {}
    few = Tale()
    for n in range(FEWEST - 1):
        journey(few, f"A{n}", photo=6, counter=20)
    assert read(few).stops == {}


def test_a_visit_counts_once_it_can_not_be_taken_back() -> None:
    tale, lengths = Tale(), Lengths()
    for n in range(FEWEST):
        journey(tale, f"A{n}", photo=6, counter=20)
    tale.undo(0.1, f"A{FEWEST - 1}")
    for entry, fact in tale.entries:
        lengths.apply(entry, fact)
    later = tale.now + SETTLED + MINUTE
    told = lengths.told(later - timedelta(days=1), later)
    assert told.stops == {}, "the last visit goes on"
    tale.act(floor.Finished, S.FINISHED, 5, f"A{FEWEST - 1}", stops=done(PHOTO, COUNTER))
    lengths.apply(*tale.entries[-1])
    assert lengths.told(tale.now - timedelta(days=1), tale.now).stops == {}, "it ended just now"
    later = tale.now + SETTLED + MINUTE
    told = lengths.told(later - timedelta(days=1), later)
    assert {learned.many for learned in told.stops.values()} == {FEWEST}


def parked(tale: Tale, number: str, away: float | None) -> Tale:
    tale.come(number, parts=PARTS)
    tale.act(floor.Called, S.CALLED, 1, number, called_at=tale.now)
    tale.act(floor.Parked, S.PARKED, 2, number, parked="photo", called_at=None)
    if away is not None:
        tale.act(floor.Resumed, S.WAITING, away, number)
        tale.act(floor.Called, S.CALLED, 1, number, called_at=tale.now, parked="")
    return tale.act(floor.Finished, S.FINISHED, 3, number)


def test_absences_and_who_never_came_back_are_learned() -> None:
    tale = Tale()
    for n in range(6):
        parked(tale, f"A{n}", away=12)
    for n in range(3):
        parked(tale, f"B{n}", away=None)
    told = read(tale)
    assert told.away == {"photo": Learned(6, (12.0,) * 20)}
    assert (told.returned, told.sent) == (6, 9)
    assert told.stops == {}
    habits = Habits(away=told.away, returned=told.returned, sent=told.sent)
    configured, known = mean(away_of(Habits(), "photo")), mean(away_of(habits, "photo"))
    assert configured == pytest.approx(AWAY_MINUTES["photo"], rel=0.03)
    assert 12 < known < configured
    assert return_share(habits) == pytest.approx(24 / 29)


def test_since_when_somebody_is_away_is_known_while_they_are() -> None:
    tale, lengths = Tale(), Lengths()
    tale.come(parts=PARTS).act(floor.Called, S.CALLED, 1).act(floor.Parked, S.PARKED, 4)
    gone, visit = tale.now, tale.visits["A100"].id
    for entry, fact in tale.entries:
        lengths.apply(entry, fact)
    assert lengths.away_since([visit, make.visit().id]) == {visit: gone}
    lengths.apply(*tale.act(floor.Resumed, S.WAITING, 9).entries[-1])
    assert lengths.away_since([visit]) == {}


def lasts(small: Office, stops: Stops, *steps: Step) -> float:
    """Mean minutes of these steps done at one stop, without the gap after it."""
    known = {tuple((PARTS[0], s) for s in key): learned for key, learned in stops.items()}
    did = [Stop(make.BIO, step) for step in steps]
    sample = minutes_of(small, Habits(stops=known), PARTS, did)
    return mean(sample) - mean(gaps_of(Habits()))


def test_a_stop_lasts_as_learned_and_as_configured_until_then() -> None:
    steps = (Step.PHOTO, Step.FEE, Step.COUNTER)
    services = tuple(
        msgspec.structs.replace(s, steps=steps) if s.code == make.BIO else s
        for s in make.office().services
    )
    small = msgspec.structs.replace(make.office(), services=services)
    configured = mean(usual(4.0))
    half: Stops = {(Step.PHOTO,): Learned(20, (10.0,) * 20)}
    assert lasts(small, {}, Step.PHOTO) == pytest.approx(configured)
    assert lasts(small, half, Step.PHOTO) == pytest.approx((configured + 10) / 2)
    assert lasts(small, half, Step.FEE) == pytest.approx(mean(usual(3.0)))
    # Together: the sum of each alone until both were seen together.
    assert lasts(small, {}, Step.PHOTO, Step.FEE) == pytest.approx(7, rel=0.03)
    assert lasts(small, half, Step.PHOTO, Step.FEE) == pytest.approx(10, rel=0.03)
    both: Stops = half | {(Step.PHOTO, Step.FEE): Learned(2_000, (6.0,) * 20)}
    assert lasts(small, both, Step.PHOTO, Step.FEE) == pytest.approx(6, rel=0.03)
