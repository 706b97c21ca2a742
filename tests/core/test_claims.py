"""Claims: the net difference must fit every cell, or nothing is taken."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.booking import OCCUPYING, Booking, BookingState
from queue_service.model.ids import LimitId, Tick
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Cell, CellKey, Grant, World
from queue_service.slots import claims
from tests import make
from tests.make import BIO_DAY, DESKS, HALL, MINUTE, NOW

TEN = make.tick(make.at("10:00"))
LIMITS = st.sampled_from([(DESKS,), (HALL,), (DESKS, HALL)])
ONCE = st.sampled_from([(), ((BIO_DAY, Tick(1)),)])


@st.composite
def bookings(draw: st.DrawFn) -> Booking:
    return make.booking(
        make.at("10:00") + draw(st.integers(0, 11)) * 5 * MINUTE,
        draw(st.integers(1, 30)),
        state=draw(st.sampled_from(BookingState)),
        limits=draw(LIMITS),
        once=draw(ONCE),
    )


def world_of(full: dict[CellKey, Cell | None]) -> World:
    return World(NOW, cells=full)


def test_a_booking_takes_every_tick_it_overlaps_also_in_part() -> None:
    seven = make.booking(make.at("10:00"), 7, limits=(DESKS, HALL))
    assert claims.taken_by(seven) == (
        (DESKS, TEN),
        (DESKS, TEN + 1),
        (HALL, TEN),
        (HALL, TEN + 1),
    )
    crooked = make.booking(make.at("10:00") + 4 * MINUTE, 2)
    assert claims.taken_by(crooked) == ((DESKS, TEN), (DESKS, TEN + 1))


@pytest.mark.parametrize("state", BookingState)
def test_a_booking_occupies_its_cells_exactly_while_its_state_says_so(state: BookingState) -> None:
    taken = claims.taken_by(make.booking(state=state, once=((BIO_DAY, Tick(1)),)))
    assert len(taken) == (3 if state in OCCUPYING else 0)


@given(st.lists(bookings(), max_size=6), st.lists(bookings(), max_size=6))
def test_the_net_is_what_is_occupied_after_less_what_was_before(
    before: list[Booking], after: list[Booking]
) -> None:
    expected: Counter[CellKey] = Counter()
    for booking in after:
        expected.update(claims.taken_by(booking))
    for booking in before:
        expected.subtract(claims.taken_by(booking))
    found = claims.net(before, after)
    assert found == {key: delta for key, delta in expected.items() if delta}
    assert claims.net(after, before) == {key: -delta for key, delta in found.items()}


@given(
    st.dictionaries(st.integers(0, 5), st.integers(-2, 2), max_size=6),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=6, max_size=6),
)
def test_a_claim_fits_exactly_when_no_cell_goes_over(
    change: dict[int, int], full: list[tuple[int, int]]
) -> None:
    world = world_of({(DESKS, Tick(n)): Cell(*cell) for n, cell in enumerate(full)})
    net = {(DESKS, Tick(n)): delta for n, delta in change.items()}
    growing = {n: delta for n, delta in change.items() if delta > 0}
    refusal = claims.fits(world, net)
    if any(full[n][0] == 0 for n in growing):
        assert refusal is not None
    elif any(full[n][1] + delta > full[n][0] for n, delta in growing.items()):
        assert refusal == Refusal(Code.SLOT_FULL)
    else:
        assert refusal is None


def test_giving_back_always_fits_even_where_more_is_taken_than_there_is() -> None:
    assert claims.fits(world_of({(DESKS, Tick(1)): Cell(1, 3)}), {(DESKS, Tick(1)): -1}) is None
    assert claims.fits(world_of({(DESKS, Tick(1)): Cell(0, 1)}), {(DESKS, Tick(1)): -1}) is None


def test_a_cell_without_capacity_is_closed_and_not_full() -> None:
    for cell in (None, Cell(0, 0)):
        world = world_of({(DESKS, Tick(1)): cell})
        assert claims.fits(world, {(DESKS, Tick(1)): 1}) == Refusal(Code.CLOSED)
        assert claims.exceeding(world, {(DESKS, Tick(1)): 1}) == Refusal(Code.CLOSED)


@given(st.integers(1, 12), st.integers(-11, 11), st.integers(1, 3))
def test_a_move_that_overlaps_its_own_full_cells_succeeds(
    ticks: int, steps: int, capacity: int
) -> None:
    old = make.booking(make.at("10:00"), ticks * 5, limits=(DESKS, HALL))
    start = old.start + steps * 5 * MINUTE
    new = msgspec.structs.replace(old, start=start, end=start + (old.end - old.start))
    own, wanted = set(claims.taken_by(old)), set(claims.taken_by(new))
    full: dict[CellKey, Cell | None] = dict.fromkeys(own, Cell(capacity, capacity))
    full |= dict.fromkeys(wanted - own, Cell(capacity, capacity - 1))
    assert claims.fits(world_of(full), claims.net((old,), (new,))) is None
    if wanted - own:
        one = next(iter(wanted - own))
        refused = claims.fits(world_of(full | {one: Cell(capacity, capacity)}), {one: 1})
        assert refused == Refusal(Code.SLOT_FULL)


def test_two_people_swap_their_full_places_in_one_claim() -> None:
    one, other = make.booking(make.at("10:00")), make.booking(make.at("11:00"))
    swapped = (
        msgspec.structs.replace(one, start=other.start, end=other.end),
        msgspec.structs.replace(other, start=one.start, end=one.end),
    )
    full = make.cells(claims.taken_by(one) + claims.taken_by(other), 1, 1)
    change = claims.net((one, other), swapped)
    assert change == {}
    assert claims.fits(world_of(full), change) is None


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5)), min_size=1, max_size=6),
    st.integers(1, 2),
)
def test_staff_are_granted_exactly_what_is_over(full: list[tuple[int, int]], delta: int) -> None:
    cells = {(DESKS, Tick(n)): Cell(*cell) for n, cell in enumerate(full)}
    grants = claims.exceeding(world_of(dict(cells)), dict.fromkeys(cells, delta))
    assert not isinstance(grants, Refusal)
    assert {g.key: g for g in grants} == {
        key: Grant(key, cell.capacity, cell.taken + delta - cell.capacity)
        for key, cell in cells.items()
        if cell.taken + delta > cell.capacity
    }


@given(
    st.dictionaries(st.tuples(st.integers(1, 3), st.integers(0, 20)), st.integers(-1, 9)),
)
def test_runs_say_every_cell_once_and_join_what_is_next_to_each_other(
    left: dict[tuple[int, int], int],
) -> None:
    cells = {(LimitId(limit), Tick(at)): rest for (limit, at), rest in left.items()}
    runs = claims.runs(cells)
    said = [
        ((run.limit, run.first + n * run.step), rest)
        for run in runs
        for n, rest in enumerate(run.left)
    ]
    assert dict(said) == cells
    assert len(said) == len(cells)
    ends = {(run.limit, run.first + len(run.left)) for run in runs}
    assert ends.isdisjoint((run.limit, run.first) for run in runs)


def test_what_is_left_is_told_after_the_change_and_closed_cells_stay_closed() -> None:
    world = world_of(
        {
            (DESKS, Tick(1)): Cell(3, 1),
            (DESKS, Tick(2)): Cell(1, 3),
            (DESKS, Tick(3)): Cell(0, 2),
        }
    )
    change = {(DESKS, Tick(1)): 1, (DESKS, Tick(2)): -1, (DESKS, Tick(3)): -1}
    [run] = claims.left_after(world, change)
    assert (run.first, run.left) == (1, (1, 0, -1))
