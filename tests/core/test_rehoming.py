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
from queue_service.slots.rehoming import LARGEST_FAMILY, Free, losing, moved, propose
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


def test_an_institution_is_no_family() -> None:
    many = [booked("10:00", email_key=b"help") for _ in range(9)]
    left = free(0) | dict.fromkeys(make.each((DESKS,), at("11:00"), 2), 1)
    assert sum(start is not None for start in told(propose(many, house(left, many)))) == 1


def family(*starts: str, key: bytes = b"amal", **more: object) -> list[Booking]:
    return [booked(start, email_key=key, **more) for start in starts]


def test_somebody_alone_loses_the_place_before_one_of_a_family_does() -> None:
    alone = booked("10:00", held_at=at("08:00"))
    both = family("10:00", "10:00", held_at=at("08:20"))
    assert losing((*both, alone), free(2), office()) == (alone,)
    emergency = booked("10:00", parts=EMERGENCY_TOO, held_at=at("08:20"))
    assert emergency not in losing((*both, emergency), free(2), office())


def test_one_family_loses_places_before_two_do() -> None:
    """Two places too few: those of whoever booked last, not one of each."""
    one = [
        booked("10:00", email_key=b"one", held_at=at("08:00")),
        booked("10:00", email_key=b"one", held_at=at("08:30")),
    ]
    two = [
        booked("10:00", email_key=b"two", held_at=at("08:10")),
        booked("10:00", email_key=b"two", held_at=at("08:20")),
    ]
    assert set(losing((*one, *two), free(2), office())) == set(two)


def test_nine_of_one_address_keep_no_place_for_each_other() -> None:
    many = family(*["10:00"] * 9, key=b"help", held_at=at("08:20"))
    alone = booked("10:00", held_at=at("08:00"))
    assert alone not in losing((*many, alone), free(5), office())


def test_who_keeps_a_place_goes_along_when_the_family_must_leave_the_day() -> None:
    """The mother's place goes and today has no other: her child does not come alone."""
    child, mother = family("09:00", "10:00")
    left = free(0) | dict.fromkeys(make.each((DESKS,), at("09:00"), 2), 1)
    left |= free(1, "2026-11-24 09:00")
    found = propose([mother], house(left, [child, mother]), [child, mother])
    assert [(p.booking, p.along) for p in found] == [(mother, False), (child, True)]
    assert {p.start.date() for p in found if p.start} == {at("2026-11-24 09:00").date()}


def test_who_keeps_a_place_stays_where_the_day_has_room_for_the_others() -> None:
    child, mother = family("09:00", "10:00")
    left = free(1) | dict.fromkeys(make.each((DESKS,), at("10:00"), 2), 0)
    [proposal] = propose([mother], house(left, [child, mother]), [child, mother])
    assert (proposal.booking, told((proposal,))) == (mother, ["09:50"])


def test_without_a_day_for_all_of_a_family_all_of_it_stays() -> None:
    """Tomorrow has a place for one of them: who keeps a place is not named at all."""
    child, mother = family("09:00", "10:00")
    left = free(0) | dict.fromkeys(make.each((DESKS,), at("09:00"), 2), 1)
    left |= free(1, "2026-11-24 09:00", 2)
    [proposal] = propose([mother], house(left, [child, mother]), [child, mother])
    assert (proposal.booking, proposal.start) == (mother, None)


def test_who_has_begun_goes_nowhere() -> None:
    """The mother's visit runs: her child's may be on another day."""
    mother, child = family("09:00", "10:00")
    left = free(0) | dict.fromkeys(make.each((DESKS,), at("09:00"), 2), 1)
    left |= free(1, "2026-11-24 09:00")
    where = house(left, [mother, child], earliest="09:05")
    [proposal] = propose([child], where, [mother, child])
    assert (proposal.booking, proposal.start) == (child, at("2026-11-24 09:00"))


def test_who_fits_again_because_a_family_went_is_not_asked_to() -> None:
    """One place is left of three; both of the family go to tomorrow, so it is free again."""
    both = family("10:00", "10:00", held_at=at("08:20"))
    alone = booked("10:00", held_at=at("08:00"))
    everybody = [*both, alone]
    room = free(0) | dict.fromkeys(make.each((DESKS,), at("10:00"), 2), 1)
    lost = losing(everybody, room, office())
    assert len(lost) == 2
    assert alone in lost
    left = room | free(2, "2026-11-24 09:00")
    found = propose(lost, house(left, everybody), everybody)
    assert {p.booking.id for p in found} == {b.id for b in both}
    assert all(p.start and p.start.date() == at("2026-11-24 09:00").date() for p in found)


def test_nine_of_one_address_do_not_go_along() -> None:
    many = family(*["10:00"] * 9, key=b"help")
    left = free(0) | dict.fromkeys(make.each((DESKS,), at("10:00"), 2), 8)
    left |= free(9, "2026-11-24 09:00")
    assert [p.booking for p in propose(many[:1], house(left, many), many)] == many[:1]


people = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.integers(1, 3),
        st.sampled_from([None, b"one", b"two", b"three"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)
places = st.lists(st.integers(0, 2), min_size=24, max_size=24)


@settings(max_examples=300)
@given(people, places, places)
def test_no_family_is_ever_on_two_days(
    wanted: list[tuple[int, int, bytes | None, bool, bool]], today: list[int], tomorrow: list[int]
) -> None:
    """All go to one day or none leaves theirs; who keeps a place moves only along, to that day."""
    sitting = [
        _at(
            booked(
                "10:00",
                parts=EMERGENCY_TOO if urgent else (Part(PICK, 1),),
                email_key=address,
                overbooked=granted,
            ),
            at("09:00") + offset * timedelta(minutes=5),
            ticks,
        )
        for offset, ticks, address, urgent, granted in wanted
    ]
    room = dict(zip(make.each((DESKS,), at("09:00"), 24), today, strict=True))
    later = dict(zip(make.each((DESKS,), at("2026-11-24 09:00"), 24), tomorrow, strict=True))
    lost = losing(sitting, room, office())
    found = propose(lost, house(room | later, sitting), sitting)
    assert len({p.booking.id for p in found}) == len(found)
    where = {p.booking.id: p.start for p in found if p.start}
    for address in (b"one", b"two", b"three"):
        of_family = [b for b in sitting if b.email_key == address]
        if of_family and len(of_family) <= LARGEST_FAMILY:
            assert len({where.get(b.id, b.start).date() for b in of_family}) == 1
    for proposal in found:
        assert proposal.along or proposal.booking in lost
        if proposal.along:
            assert proposal.booking.email_key is not None
            assert proposal.start is not None
            assert proposal.start.date() > proposal.booking.start.date()


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


def _at(booking: Booking, start: datetime, ticks: int) -> Booking:
    end = start + ticks * timedelta(minutes=5)
    return msgspec.structs.replace(booking, start=start, end=end)


def _over(stand: list[Booking], room: dict[CellKey, int]) -> Counter[CellKey]:
    taken = Counter(key for b in stand for key in taken_by(b))
    return Counter({key: n - room.get(key, 0) for key, n in taken.items() if n > room.get(key, 0)})
