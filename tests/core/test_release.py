"""Freed places rest and return exactly once."""

from datetime import datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_service.events.booking import CancelReason
from queue_service.events.entry import BookingNow
from queue_service.model.booking import Booking, BookingState, Person
from queue_service.model.ids import BookingId
from queue_service.model.office import Confirm
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Cell, Told
from queue_service.slots import holds, life
from queue_service.slots.claims import taken_by
from tests import make
from tests.make import CLOCK, DESKS, HALL, MINUTE, NOW
from tests.rehearsed import Rehearsed
from tests.resting import FIRST, RULES, how


def town(capacity: int = 1) -> Rehearsed:
    found = Rehearsed(make.cells(make.each((DESKS, HALL), FIRST, 12), capacity))
    found.rests = how
    return found


def hold(
    place: Rehearsed,
    wanted: Booking,
    replaces: BookingId | None = None,
    own: tuple[BookingId, ...] = (),
) -> Told | Refusal:
    return place.act(
        lambda w: holds.hold(
            w,
            wanted,
            rules=RULES,
            zone=make.BERLIN,
            clock=CLOCK,
            replaces=replaces,
            rest=how(),
            own=own,
        )
    )


def booked(place: Rehearsed, start: datetime = FIRST, minutes: int = 10) -> BookingId:
    wanted = make.booking(start, minutes, limits=(DESKS, HALL))
    assert isinstance(hold(place, wanted), Told)
    service = make.office().service("PICK")
    assert service is not None
    answer = place.act(
        lambda w: life.confirm(
            w,
            wanted.id,
            person=Person(wanted.id, "Amal"),
            person_key=None,
            code="23456789",
            group=service.group,
            by_mail=service.confirm is Confirm.BY_MAIL,
            language="de",
            clock=CLOCK,
        )
    )
    assert isinstance(answer, Told)
    return wanted.id


def cancel(place: Rehearsed, one: BookingId) -> Told | Refusal:
    return place.act(
        lambda w: life.cancel(w, one, reason=CancelReason.APPLICANT, rules=RULES, rest=how())
    )


def move(place: Rehearsed, one: BookingId, start: datetime) -> Told | Refusal:
    own = tuple(b.id for b in resting(place) if b.rest_of == one)
    return place.act(
        lambda w: life.move(
            w, one, start=start, once=(), rules=RULES, zone=make.BERLIN, rest=how(), own=own
        )
    )


def resting(place: Rehearsed) -> list[Booking]:
    return [b for b in place.bookings.values() if b.state is BookingState.RESTING]


def test_a_cancelled_place_is_over_for_its_owner_and_free_for_nobody_yet() -> None:
    place = town()
    one = booked(place)
    assert isinstance(cancel(place, one), Told)
    assert place.bookings[one].state is BookingState.CANCELLED
    [rests] = resting(place)
    assert (rests.code, rests.person_key, rests.group) == (None, None, "")
    assert hold(place, make.booking(FIRST)) == Refusal(Code.SLOT_FULL)
    assert rests.until is not None
    place.now = rests.until - timedelta(microseconds=1)
    assert hold(place, make.booking(FIRST)) == Refusal(Code.SLOT_FULL)
    place.now = rests.until
    assert isinstance(hold(place, make.booking(FIRST)), Told)
    assert place.bookings[rests.id].state is BookingState.LAPSED


def test_a_hold_that_lapses_rests_too_and_a_rest_never_rests_again() -> None:
    place = town()
    assert isinstance(hold(place, make.booking(FIRST)), Told)
    place.wait(11)
    place.turn()
    [rests] = resting(place)
    assert place.now + 5 * MINUTE <= (rests.until or NOW) <= place.now + 90 * MINUTE
    place.wait(91)
    place.turn()
    assert resting(place) == []
    assert sum(place.recount().values()) == 0


def test_a_short_move_that_overlaps_its_own_full_cells_succeeds_and_rests_only_what_it_left() -> (
    None
):
    place = town()
    one = booked(place, minutes=20)
    assert isinstance(move(place, one, FIRST + 10 * MINUTE), Told)
    [rests] = resting(place)
    assert set(taken_by(rests)) == set(make.each((DESKS, HALL), FIRST, 2))


def test_whoever_moved_may_move_back_while_the_old_place_rests_and_nobody_else_may() -> None:
    place = town()
    one = booked(place)
    assert isinstance(move(place, one, FIRST + 30 * MINUTE), Told)
    assert hold(place, make.booking(FIRST)) == Refusal(Code.SLOT_FULL)
    assert isinstance(move(place, one, FIRST), Told)
    assert [b.start for b in resting(place)] == [FIRST + 30 * MINUTE]


def test_moving_partly_back_leaves_the_rest_of_the_old_place_at_rest() -> None:
    place = town()
    one = booked(place, minutes=20)
    assert isinstance(move(place, one, FIRST + 40 * MINUTE), Told)
    [before] = resting(place)
    assert isinstance(move(place, one, FIRST + 10 * MINUTE), Told)
    first = place.bookings[before.id]
    assert (first.state, first.until) == (BookingState.RESTING, before.until)
    assert set(taken_by(first)) == set(make.each((DESKS, HALL), FIRST, 2))


def test_a_browser_may_go_back_to_the_start_it_gave_up_for_another() -> None:
    place = town()
    first, second = make.booking(FIRST), make.booking(FIRST + 20 * MINUTE)
    assert isinstance(hold(place, first), Told)
    assert isinstance(hold(place, second, first.id), Told)
    [rests] = resting(place)
    assert rests.rest_of == second.id
    assert place.now + MINUTE <= (rests.until or NOW) <= place.now + 10 * MINUTE
    again = make.booking(FIRST)
    assert hold(place, make.booking(FIRST)) == Refusal(Code.SLOT_FULL)
    assert isinstance(hold(place, again, second.id, (rests.id,)), Told)


ACTS = st.one_of(
    st.tuples(st.just("hold"), st.integers(0, 11), st.integers(1, 20)),
    st.tuples(st.just("instead"), st.integers(0, 11), st.integers(0, 5)),
    st.tuples(st.just("cancel"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("move"), st.integers(0, 11), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(1, 100), st.just(0)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, max_size=25), st.integers(1, 2))
def test_cells_are_given_back_exactly_once_and_never_by_a_click(
    acts: list[tuple[str, int, int]], capacity: int
) -> None:
    place = town(capacity)
    made: list[BookingId] = []
    for name, x, y in acts:
        told = _act(place, made, name, x, y)
        assert place.recount() == {k: c.taken for k, c in place.cells.items() if c and c.taken}
        assert all(c is None or c.taken <= c.capacity for c in place.cells.values())
        if isinstance(told, Told):
            assert all(delta > 0 for delta in told.net.values()), "a click freed a place"
    _assert_each_rest_ends_once(place)
    for _ in range(3):
        place.wait(200)
        place.turn()
    assert resting(place) == []
    live = [b for b in place.bookings.values() if b.state is BookingState.BOOKED]
    assert sum(place.recount().values()) == sum(len(taken_by(b)) for b in live)


def _act(
    place: Rehearsed, made: list[BookingId], name: str, x: int, y: int
) -> Told | Refusal | None:
    start = FIRST + x * 5 * MINUTE
    if name == "wait":
        place.wait(x)
        place.turn()
        return None
    if name == "hold":
        wanted = make.booking(start, min(y, 60 - 5 * x), limits=(DESKS, HALL))
        answer = hold(place, wanted)
        made += [wanted.id] if isinstance(answer, Told) else []
        return answer
    chosen = x if name == "cancel" else y
    if chosen >= len(made):
        return None
    one = made[chosen]
    if name == "cancel":
        return cancel(place, one)
    if name == "instead":
        wanted = make.booking(start, 5, limits=(DESKS, HALL))
        own = tuple(b.id for b in resting(place) if b.rest_of == one)
        answer = hold(place, wanted, one, own)
        made += [wanted.id] if isinstance(answer, Told) else []
        return answer
    length = place.bookings[one].end - place.bookings[one].start
    if start + length > FIRST + 60 * MINUTE:
        return None
    if place.bookings[one].state is BookingState.HELD:
        place.bookings[one] = msgspec.structs.replace(
            place.bookings[one], state=BookingState.BOOKED, until=None
        )
    return move(place, one, start)


def _assert_each_rest_ends_once(place: Rehearsed) -> None:
    states: dict[BookingId, list[BookingState]] = {}
    for _, fact, _ in place.journal:
        for now in fact.bookings:
            states.setdefault(now.id, []).append(now.state)
    for seen in states.values():
        ended = [s for s in seen if s in (BookingState.LAPSED, BookingState.CANCELLED)]
        assert len(ended) <= 1
        assert not ended or seen[-1] is ended[0]


def test_without_rest_a_click_frees_the_place_at_once() -> None:
    """The control: the property above can fail."""
    place = town()
    one = booked(place)
    told = place.act(
        lambda w: life.cancel(w, one, reason=CancelReason.APPLICANT, rules=RULES, rest=None)
    )
    assert isinstance(told, Told)
    assert min(told.net.values()) < 0


def test_what_the_journal_tells_of_a_rest_names_nobody() -> None:
    place = town()
    one = booked(place)
    cancel(place, one)
    told = msgspec.to_builtins(place.journal[-1][1].bookings)
    assert all(set(row) <= set(BookingNow.__struct_fields__) for row in told)
    assert "23456789" not in str(told)
    assert isinstance(place.cells[taken_by(resting(place)[0])[0]], Cell)
