"""Families whose places an edit takes away: they go to one day, together, or stay."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from queue_service.model.booking import Booking, Part
from queue_service.slots.rehoming import LARGEST_FAMILY, losing, propose
from tests import make
from tests.make import DESKS, PICK, at
from tests.rehomed import EMERGENCY_TOO, booked, free, house, moved_to, office, told


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
        moved_to(
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
