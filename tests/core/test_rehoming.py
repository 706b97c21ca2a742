"""Whose place an edit takes away, and where they could go: as a whole no cell is over."""

from collections import Counter
from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_service.model.asking import Flag
from queue_service.model.booking import Booking, Part
from queue_service.model.ids import LimitId, Tick
from queue_service.model.office import Office, Period
from queue_service.model.world import CellKey
from queue_service.slots.calendar import touched
from queue_service.slots.claims import taken_by
from queue_service.slots.rehoming import losing, moved, propose
from tests import make
from tests.make import BIO, BIO_DAY, DESKS, HALL, PICK, at
from tests.rehomed import EMERGENCY_TOO, booked, free, house, moved_to, office, told


def test_whoever_booked_first_keeps_the_place() -> None:
    late = booked("10:00", held_at=at("08:20"))
    early = booked("10:00", held_at=at("08:10"))
    room = free(1)
    assert losing((late, early), room, office()) == (late,)


def asking() -> Office:
    """An office whose people answer whether they come from far, and one thing more."""
    flags = Flag("far", {"de": "kommt von weit her"}, far=True), Flag("proxy", {"de": "Vollmacht"})
    found = office()
    services = tuple(
        msgspec.structs.replace(s, flags=flags) if s.code == PICK else s for s in found.services
    )
    return msgspec.structs.replace(found, services=services)


def test_emergencies_and_those_from_far_are_asked_last() -> None:
    plain = booked("10:00", held_at=at("08:00"), flags=("proxy",))
    emergency = booked("10:00", parts=EMERGENCY_TOO, held_at=at("08:10"))
    far = booked("10:00", held_at=at("08:20"), flags=("far",))
    assert losing((plain, emergency, far), free(2), asking()) == (plain,)
    assert losing((plain, emergency, far), free(2), office()) == (far,)


def test_who_comes_from_far_gets_the_nearest_start() -> None:
    plain, far = booked("10:00"), booked("10:00", flags=("far",))
    left = free(1) | dict.fromkeys(make.each((DESKS,), at("10:00"), 2), 0)
    where = msgspec.structs.replace(house(left, [plain, far]), office=asking())
    starts = {p.booking.id: f"{p.start:%H:%M}" for p in propose([plain, far], where) if p.start}
    assert starts == {far.id: "09:50", plain.id: "10:10"}


def test_what_staff_granted_above_capacity_has_a_place_of_its_own() -> None:
    one, granted = booked("10:00"), booked("10:00", overbooked=True)
    assert losing((granted, one), free(1), office()) == ()


def test_a_visit_needs_room_in_every_tick_it_lasts() -> None:
    short, long = booked("10:00", held_at=at("08:00")), booked("09:50", 20, held_at=at("08:10"))
    assert losing((short, long), free(1), office()) == (long,)


def test_the_nearest_start_is_proposed_and_nobody_gets_the_same() -> None:
    lost = [booked("10:00") for _ in range(3)]
    left = free(1) | dict.fromkeys(make.each((DESKS,), at("10:00"), 2), 0)
    found = propose(lost, house(left, lost))
    assert sorted(told(found), key=str) == ["09:40", "09:50", "10:10"]


def test_there_may_be_no_other_start() -> None:
    [proposal] = propose([lost := booked("10:00")], house(free(0), [lost]))
    assert proposal.start is None


def test_a_visit_may_use_its_own_cells_again() -> None:
    """Half an hour at a full desk moves by ten minutes over the twenty it has itself."""
    lost = booked("10:00", 30)
    left = free(0) | dict.fromkeys(make.each((DESKS,), at("10:10"), 6), 1)
    assert told(propose([lost], house(left, [lost]))) == ["10:10"]


def test_nobody_is_proposed_a_start_that_has_passed() -> None:
    lost = booked("10:00")
    left = free(1) | dict.fromkeys(make.each((DESKS,), at("10:00"), 2), 0)
    assert told(propose([lost], house(left, [lost], earliest="09:55"))) == ["10:10"]


def test_every_limit_of_a_visit_must_have_room() -> None:
    lost = booked("10:00", limits=(DESKS, HALL))
    left = free(1, limits=(DESKS, HALL))
    left |= dict.fromkeys(make.each((DESKS,), at("10:00"), 2), 0)
    left |= dict.fromkeys(make.each((HALL,), at("10:10"), 4), 0)
    left |= dict.fromkeys(make.each((HALL,), at("09:40"), 4), 0)
    assert told(propose([lost], house(left, [lost], earliest="10:00"))) == ["10:30"]


def test_a_quota_of_the_day_is_taken_where_the_new_start_lies() -> None:
    today, tomorrow = (
        touched(Period.DAY, at(day), at(day), make.BERLIN)[0]
        for day in ("10:00", "2026-11-24 10:00")
    )
    lost = booked("10:00", parts=(Part(BIO, 1),), once=((BIO_DAY, today),))
    left = free(1, "2026-11-24 09:00") | {(BIO_DAY, today): 0, (BIO_DAY, tomorrow): 1}
    [proposal] = propose([lost], house(left, [lost]))
    assert proposal.start == at("2026-11-24 09:00")
    after = moved(lost, proposal.start, house(left, []))
    assert after.once == ((BIO_DAY, tomorrow),)
    full = left | {(BIO_DAY, tomorrow): 0}
    assert told(propose([lost], house(full, [lost]))) == [None]


bookings = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.integers(1, 4),
        st.sampled_from([(DESKS,), (HALL,), (DESKS, HALL)]),
        st.sampled_from([None, b"one", b"two"]),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=150)
@given(bookings, st.integers(0, 3), st.lists(st.integers(0, 3), min_size=30, max_size=30))
def test_a_whole_proposal_puts_no_cell_over(
    wanted: list[tuple[int, int, tuple[LimitId, ...], bytes | None, bool]],
    hall: int,
    desks: list[int],
) -> None:
    """Whoever loses goes in the proposal's order; a cell that was over gets no one more."""
    sitting = [
        booked(
            "10:00",
            parts=EMERGENCY_TOO if urgent else (Part(PICK, 1),),
            limits=limits,
            email_key=family,
        )
        for _, _, limits, family, urgent in wanted
    ]
    sitting = [
        moved_to(booking, at("09:00") + offset * timedelta(minutes=5), ticks)
        for booking, (offset, ticks, *_) in zip(sitting, wanted, strict=True)
    ]
    room = {
        (limit, Tick(make.tick(at("09:00")) + n)): places if limit == DESKS else hall
        for n, places in enumerate(desks)
        for limit in (DESKS, HALL)
    }
    lost = losing(sitting, room, office())
    kept = [b for b in sitting if b not in lost]
    assert not _over(kept, room)
    stand = list(sitting)
    for proposal in propose(lost, house(room, sitting)):
        if proposal.start is None:
            continue
        before = _over(stand, room)
        after = moved(proposal.booking, proposal.start, house(room, []))
        stand = [after if b.id == after.id else b for b in stand]
        gone = Counter(dict(_over(stand, room)))
        assert all(gone[key] <= before[key] for key in gone)
        assert not any(gone[key] for key in taken_by(after) if key not in room)
        assert not any(gone[key] for key in set(taken_by(after)) - set(taken_by(proposal.booking)))
    assert sum((_over(stand, room)).values()) <= sum(_over(sitting, room).values())


def _over(stand: list[Booking], room: dict[CellKey, int]) -> Counter[CellKey]:
    taken = Counter(key for b in stand for key in taken_by(b))
    return Counter({key: n - room.get(key, 0) for key, n in taken.items() if n > room.get(key, 0)})
