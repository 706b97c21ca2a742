"""Who is offered which place: the published order, lifetimes, one offer a person; as properties."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.booking import BookingState, Part
from queue_service.model.ids import BookingId, WishId
from queue_service.model.office import OfficeClock
from queue_service.model.waiting import (
    Acceptable,
    Fill,
    Passed,
    Reach,
    Waiting,
    WaitingRules,
    Wish,
    WishClass,
    WishState,
)
from queue_service.slots.offering import Place, Room, Terms, choose, lifetime, ranked
from queue_service.slots.resting import over
from tests import make
from tests.make import BERLIN, CLOCK, DESKS, NOW, PICK, at

ONE, TWO = (Part(PICK, 1),), (Part(PICK, 2),)
DAY = Acceptable(NOW.date(), NOW.date())
TERMS = Terms(NOW, WaitingRules(open=True, fill_minutes=10), CLOCK, BERLIN, seen=1_000)
STARTS = ("09:00", "09:10", "09:20", "09:30")


def waiting(
    number: int, parts: tuple[Part, ...] = ONE, order: WishClass = WishClass.WITHOUT, **more: object
) -> Waiting:
    """Somebody who joined by that entry; each of another person unless said."""
    wish = Wish(
        WishId(make.uuid()),
        WishState.OPEN,
        order,
        parts,
        (DAY,),
        at("12:00"),
        Reach.EMAIL,
        "de",
        "pick",
        number.to_bytes(16, "big"),
        f"CODE{number}",
        number,
    )
    known = {field.name for field in msgspec.structs.fields(Waiting)} - {"wish"}
    outer = {name: value for name, value in more.items() if name in known}
    inner = {name: value for name, value in more.items() if name not in known}
    return Waiting(msgspec.structs.replace(wish, **inner), **outer)  # type: ignore[arg-type]  # fields by name


def places(starts: Sequence[str] = STARTS) -> dict[tuple[Part, ...], tuple[Place, ...]]:
    """One person takes ten minutes, two take twenty."""
    return {
        parts: tuple(Place(at(s), at(s) + timedelta(minutes=n), (DESKS,)) for s in starts)
        for parts, n in ((ONE, 10), (TWO, 20))
    }


def room(left: int = 1, starts: Sequence[str] = STARTS) -> Room:
    cells = [cell for each in places(starts)[TWO] for cell in each.cells]
    return Room(dict.fromkeys(cells, left))


def test_first_by_class_then_by_the_time_of_joining() -> None:
    later = make.booking(at("11:00"), state=BookingState.BOOKED)
    early = waiting(1, order=WishClass.EARLIER, live=later, booking=later.id)
    first, second = waiting(5), waiting(9)
    assert ranked([early, second, first], TERMS) == [first, second, early]
    chosen = choose([early, second, first], places(), room(), TERMS, most=9)
    assert [(c.waiting, c.rank, c.place.start) for c in chosen] == [
        (first, 1, at("09:00")),
        (second, 2, at("09:10")),
        (early, 3, at("09:20")),
    ]


@pytest.mark.parametrize(
    ("start", "minutes"),
    [
        ("08:50", 5),
        ("09:00", 6),
        ("10:10", 20),
        ("2026-11-24 08:30", 288),
        ("2026-12-20 08:30", 1440),
    ],
)
def test_a_fifth_of_the_time_five_minutes_to_a_day(start: str, minutes: int) -> None:
    assert lifetime(at(start), TERMS) == NOW + timedelta(minutes=minutes)


def test_people_keep_their_seconds_under_a_fast_clock_but_not_beyond_the_start() -> None:
    fast = msgspec.structs.replace(TERMS, clock=OfficeClock(NOW, NOW, 30.0))
    assert lifetime(at("2026-11-23 12:00"), fast) == NOW + timedelta(minutes=150)
    assert lifetime(at("09:30"), fast) == at("09:30")


def test_services_need_their_own_notice() -> None:
    rules = WaitingRules(open=True, fill_minutes=10, fill=(Fill("PICK", 45),))
    terms = msgspec.structs.replace(TERMS, rules=rules)
    [chosen] = choose([waiting(1)], places(), room(), terms, most=1)
    assert chosen.place.start == at("09:20")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"outstanding": True}, Passed.HAS_OFFER),
        ({"windows": (Acceptable(NOW.date(), NOW.date(), (1,)),)}, Passed.NOT_WANTED),
        ({"windows": (Acceptable(NOW.date(), NOW.date(), (), time(11)),)}, Passed.NOT_WANTED),
        ({"asked": (make.tick(at("09:00")),)}, Passed.ASKED_BEFORE),
        ({"parts": TWO}, Passed.NO_ROOM),
    ],
)
def test_whoever_is_passed_over_is_named_with_the_reason(
    other: dict[str, object], why: Passed
) -> None:
    before, after = waiting(1, **other), waiting(2)  # type: ignore[arg-type]  # fields by name
    only = {parts: (each[0],) for parts, each in places().items()}
    short = Room(dict.fromkeys(only[ONE][0].cells, 1))
    [chosen] = choose([before, after], only, short, TERMS, most=9)
    assert chosen.waiting == after
    assert [(p.why, p.numbers) for p in chosen.passed] == [(why, (1,))]


def test_a_later_appointment_is_never_given_up_for_one_that_is_no_earlier() -> None:
    mine = make.booking(at("09:10"), state=BookingState.BOOKED)
    early = waiting(1, order=WishClass.EARLIER, live=mine, booking=mine.id)
    chosen = choose([early], places(STARTS[1:]), room(), TERMS, most=9)
    assert chosen == []


@pytest.mark.parametrize("more", [{"lapsed": 2}, {"until": NOW}, {"order": WishClass.EARLIER}])
def test_wishes_that_lost_their_sense_are_not_asked(more: dict[str, object]) -> None:
    assert choose([waiting(1, **more)], places(), room(), TERMS, most=9) == []  # type: ignore[arg-type]  # fields by name


def test_who_is_in_the_house_needs_no_notice_and_accepts_at_once() -> None:
    near = places(("08:35",))
    both = [waiting(1), waiting(2, here=at("12:00"))]
    [chosen] = choose(both, near, room(1, ("08:35",)), TERMS, most=9)
    assert (chosen.waiting, chosen.at_once) == (both[1], True)
    assert [p.why for p in chosen.passed] == [Passed.TOO_SOON]


def test_a_resting_place_is_given_out_once_and_only_where_it_is_needed() -> None:
    rested = make.booking(
        at("09:00"), state=BookingState.RESTING, until=at("09:40"), rest_of=BookingId(make.uuid())
    )
    cells = dict.fromkeys(places()[ONE][0].cells, 0)
    both = [waiting(1), waiting(2)]
    [chosen] = choose(both, places(("09:00",)), Room(cells, [rested]), TERMS, most=9)
    assert (chosen.waiting, chosen.resting) == (both[0], (rested,))
    assert over(rested).state is BookingState.LAPSED
    free = Room(dict.fromkeys(cells, 1), [rested])
    first, second = choose(both, places(("09:00",)), free, TERMS, most=9)
    assert (first.resting, second.resting) == ((), (rested,))


people = st.lists(
    st.tuples(
        st.integers(0, 4),  # person
        st.sampled_from([ONE, TWO]),
        st.sampled_from(STARTS),  # not before
        st.booleans(),
    ),
    max_size=10,
)


@given(people, st.integers(0, 2), st.integers(1, 9))
def test_nobody_is_overtaken_for_a_place_they_wanted_and_could_have_had(
    drawn: list[tuple[int, tuple[Part, ...], str, bool]], left: int, most: int
) -> None:
    asked = {person for person, *_, outstanding in drawn if outstanding}
    on_list = [
        waiting(
            number,
            parts,
            person_key=person.to_bytes(16, "big"),
            windows=(Acceptable(NOW.date(), NOW.date(), (), at(first).time()),),
            outstanding=person in asked,
        )
        for number, (person, parts, first, _) in enumerate(drawn, 1)
    ]
    chosen = choose(on_list, places(), room(left), TERMS, most=most)
    keys = [c.waiting.wish.person_key for c in chosen]
    assert len(keys) == len(set(keys)) <= most
    assert not any(c.waiting.outstanding for c in chosen)
    taken: dict[object, int] = {}
    for each in chosen:
        for cell in each.place.cells:
            taken[cell] = taken.get(cell, 0) + 1
            assert taken[cell] <= left
    _nobody_overtaken(on_list, [(c.waiting, c.place.start) for c in chosen], left, most)


def _nobody_overtaken(
    on_list: list[Waiting], chosen: list[tuple[Waiting, datetime]], left: int, most: int
) -> None:
    """By hand: in order, the earliest that suits and fits; the engine did nothing else."""
    free: dict[object, int] = {}
    expected, given_to = [], set()
    for each in on_list:
        if each.outstanding or each.wish.person_key in given_to or len(expected) == most:
            continue
        for place in places()[each.wish.parts]:
            fits = all(free.get(cell, left) > 0 for cell in place.cells)
            if fits and place.start.time() >= each.wish.windows[0].opens:
                for cell in place.cells:
                    free[cell] = free.get(cell, left) - 1
                expected.append((each, place.start))
                given_to.add(each.wish.person_key)
                break
    assert chosen == expected
