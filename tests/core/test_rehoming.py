"""Whose place an edit takes away, and where they could go: as a whole no cell is over."""

from collections import Counter
from datetime import datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_service.model.asking import Flag
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.ids import LimitId, Tick
from queue_service.model.office import Office, Period
from queue_service.model.world import CellKey
from queue_service.slots.calendar import touched
from queue_service.slots.claims import taken_by
from queue_service.slots.rehoming import Free, losing, moved, propose
from tests import make
from tests.make import BIO, BIO_DAY, DESKS, HALL, HELP, PICK, at

PERIODS = {DESKS: Period.TICK, HALL: Period.TICK, BIO_DAY: Period.DAY}
EMERGENCY_TOO = (Part(HELP, 1),)


def office() -> Office:
    return make.office()


def booked(start: str, minutes: int = 10, **more: object) -> Booking:
    return make.booking(at(start), minutes, state=BookingState.BOOKED, **more)


def free(
    places: int, first: str = "09:00", many: int = 36, *, limits: tuple[LimitId, ...] = (DESKS,)
) -> dict[CellKey, int]:
    return dict.fromkeys(make.each(limits, at(first), many), places)


def house(left: dict[CellKey, int], taken: list[Booking], earliest: str = "08:00") -> Free:
    """What is left once everybody sits."""
    rest = Counter(left)
    rest.subtract(key for booking in taken for key in taken_by(booking))
    return Free(office(), dict(rest), PERIODS, at(earliest))


def told(found: tuple[object, ...]) -> list[str | None]:
    return [f"{p.start:%H:%M}" if p.start else None for p in found]  # type: ignore[attr-defined]  # proposals


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


def test_a_family_stays_together_on_one_day() -> None:
    """Today has a place for one of them: both go to tomorrow."""
    family = [booked("10:00", email_key=b"amal"), booked("10:10", email_key=b"amal")]
    left = free(0) | dict.fromkeys(make.each((DESKS,), at("11:00"), 2), 1)
    left |= free(1, "2026-11-24 09:00")
    found = propose(family, house(left, family))
    assert {p.start.date() for p in found if p.start} == {at("2026-11-24 09:00").date()}
    assert len({p.start for p in found}) == 2


def test_a_family_that_nowhere_fits_as_a_whole_gets_no_proposal() -> None:
    family = [booked("10:00", email_key=b"amal"), booked("10:10", email_key=b"amal")]
    left = free(0) | dict.fromkeys(make.each((DESKS,), at("11:00"), 2), 1)
    assert told(propose(family, house(left, family))) == [None, None]


def test_who_could_stay_goes_with_their_family_to_another_day_and_only_then() -> None:
    loses, stays = (
        booked("10:00", email_key=b"amal"),
        booked("11:00", email_key=b"amal"),
    )
    other = booked("11:00", email_key=b"other")
    both = [loses, stays, other]
    tomorrow = free(1, "2026-11-24 09:00")
    today = dict.fromkeys(make.each((DESKS,), at("11:30"), 2), 1)
    near = propose([loses], house(free(0) | today | tomorrow, both), both)
    assert [(p.booking.id, p.start) for p in near] == [(loses.id, at("11:30"))]
    far = propose([loses], house(free(0) | tomorrow, both), both)
    assert {p.booking.id for p in far} == {loses.id, stays.id}
    assert {p.start.date() for p in far if p.start} == {at("2026-11-24 09:00").date()}
    # Whoever has come already goes nowhere: then nobody goes to another day.
    late = house(free(0) | tomorrow, both, earliest="11:00")
    assert told(propose([loses], late, both)) == [None]
    one_place = dict.fromkeys(make.each((DESKS,), at("2026-11-24 09:00"), 2), 1)
    assert told(propose([loses], house(free(0) | one_place, both), both)) == [None]


def test_an_institution_is_no_family() -> None:
    many = [booked("10:00", email_key=b"help") for _ in range(9)]
    left = free(0) | dict.fromkeys(make.each((DESKS,), at("11:00"), 2), 1)
    assert sum(start is not None for start in told(propose(many, house(left, many)))) == 1


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
        _at(booking, at("09:00") + offset * timedelta(minutes=5), ticks)
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
    for proposal in propose(lost, house(room, sitting), sitting):
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


def _at(booking: Booking, start: datetime, ticks: int) -> Booking:
    end = start + ticks * timedelta(minutes=5)
    return msgspec.structs.replace(booking, start=start, end=end)


def _over(stand: list[Booking], room: dict[CellKey, int]) -> Counter[CellKey]:
    taken = Counter(key for b in stand for key in taken_by(b))
    return Counter({key: n - room.get(key, 0) for key, n in taken.items() if n > room.get(key, 0)})


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from([b"one", b"two"])), max_size=8),
    st.lists(st.integers(0, 2), min_size=36, max_size=36),
    st.integers(0, 3),
)
def test_no_family_is_parted_over_days(
    wanted: list[tuple[int, bytes]], today: list[int], tomorrow: int
) -> None:
    sitting = [booked("10:00", email_key=family) for _, family in wanted]
    sitting = [
        _at(booking, at("09:00") + offset * timedelta(minutes=10), 2)
        for booking, (offset, _) in zip(sitting, wanted, strict=True)
    ]
    room = {(DESKS, Tick(make.tick(at("09:00")) + n)): many for n, many in enumerate(today)}
    room |= free(tomorrow, "2026-11-24 09:00")
    lost = losing(sitting, room, office())
    days = {b.id: b.start.date() for b in sitting}
    for proposal in propose(lost, house(room, sitting), sitting):
        if proposal.start is not None:
            days[proposal.booking.id] = proposal.start.date()
    for family in (b"one", b"two"):
        assert len({days[b.id] for b in sitting if b.email_key == family}) <= 1
