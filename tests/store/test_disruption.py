"""Disruptions on a real database: the office moves and cancels, nobody is forgotten."""

from collections.abc import Sequence
from datetime import time, timedelta

import msgspec
import pytest

from queue_service.events.booking import Cancelled, Moved, Why
from queue_service.flows import errands
from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings import moving
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.calling import to_call
from queue_service.flows.bookings.proving import Proof
from queue_service.flows.capacity import disruption, planning
from queue_service.flows.capacity.disruption import CancelAll, CarriedOut, Missing, MoveAll, Target
from queue_service.flows.capacity.previewing import Preview
from queue_service.flows.turn import Turns
from queue_service.flows.wish import Done
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.ids import CounterKey, ServiceCode
from queue_service.model.office import Window
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.layered import of_desks
from tests.small import CLERK, Small

DAY = (make.at("08:00"), make.at("12:00"))


UNTIL_TEN_PAST = (Window((0, 1, 2, 3, 4), time(8), time(10, 10)),)
UNTIL_TWENTY_PAST, UNTIL_HALF_PAST = (
    (Window((0, 1, 2, 3, 4), time(8), time(8, minutes)),) for minutes in (20, 30)
)


async def standing(small: Small, *, days: int = 0) -> list[Booking]:
    """Who stands today, and on so many days more."""
    first, end = DAY
    return await disruption.standing(small.house, small.office, first, end + timedelta(days=days))


async def moved_all(small: Small, groups: Sequence[Sequence[Target]]) -> str:
    """Move the groups as an errand does; its last cursor."""
    wanted = MoveAll(CLERK, Why.STAFF_MISSING, tuple(tuple(group) for group in groups))
    row = await errands.note(small.house, small.office, "rehome", wanted, "0")
    return await errands.run(small.house, small.office, row, disruption.move_group)


async def test_everybody_is_moved_in_groups_and_the_entry_says_why(small: Small) -> None:
    for number, start in enumerate(("10:00", "10:00", "10:10")):
        await small.booked(start, name=f"Amal {start}", phone=f"0711 {number}")
    found = await standing(small)
    later = [Target(b.id, b.seq, b.start + timedelta(hours=1)) for b in found]
    groups = [later[:2], later[2:]]
    assert await moved_all(small, groups) == "2 3"
    after = await standing(small)
    assert [b.start for b in after] == [t.start for t in later]
    assert [b.moved_from for b in after] == [b.start for b in found], "for who had not noticed"
    moved = [fact for fact in await small.facts() if isinstance(fact, Moved)]
    assert [(len(fact.bookings), fact.why) for fact in moved] == [
        (2, Why.STAFF_MISSING),
        (1, Why.STAFF_MISSING),
    ]
    await small.audit()


async def test_who_changed_the_booking_meanwhile_keeps_it(small: Small) -> None:
    given = await small.booked("10:00", name="Amal")
    [before] = await standing(small)
    target = Target(before.id, before.seq, make.at("11:00"))
    # The applicant moved by herself after the proposal was made.
    own = await moving.move(
        small.house, given.code, Proof(secret=given.secret), make.at("10:30"), None
    )
    assert isinstance(own, BookingGiven)
    assert await moved_all(small, [[target]]) == "1 0"
    assert [b.start for b in await standing(small)] == [make.at("10:30")]


async def test_a_start_taken_meanwhile_is_replaced_by_the_nearest_free_one(small: Small) -> None:
    await small.booked("10:00", name="Amal")
    [mine] = await standing(small)
    for number in range(3):  # three desks: the start proposed fills up
        await small.booked("11:00", name=f"Other {number}")
    target = Target(mine.id, mine.seq, make.at("11:00"))
    assert await moved_all(small, [[target]]) == "1 1"
    now = {b.id: b.start for b in await standing(small)}
    assert now[mine.id] in (make.at("09:50"), make.at("10:10"))
    await small.audit()


async def test_cancelling_a_service_spares_the_others_and_resumes_after_a_crash(
    small: Small,
) -> None:
    for start in ("10:00", "10:10", "10:20"):
        await small.booked(start, name=f"Pick {start}")
    bio = (Part(make.BIO, 1),)
    await small.booked("11:00", bio, name="Bio")
    wanted = CancelAll(CLERK, Why.TITLE_EXTENDED, *DAY, services=(ServiceCode("PICK"),))
    # Noted, then the process died: whoever leads resumes it.
    await errands.note(small.house, small.office, "cancel_all", wanted, "0")
    assert await errands.resume(small.house, small.office, disruption.ERRANDS) == 1
    assert [b.parts for b in await standing(small)] == [bio]
    [fact] = [fact for fact in await small.facts() if isinstance(fact, Cancelled)]
    assert fact.why is Why.TITLE_EXTENDED
    assert [b.state for b in fact.bookings] == [BookingState.CANCELLED] * 3
    await small.audit()


async def test_a_booking_whose_link_nobody_opened_yet_is_cancelled_too(small: Small) -> None:
    mail = (Part(make.MAIL, 1),)
    given = await small.booked("10:00", mail, email="amal@example.org")
    assert [b.state for b in await standing(small)] == [BookingState.PENDING]
    await disruption.cancel_all(
        small.house, small.office, CancelAll(CLERK, Why.TITLE_EXTENDED, *DAY)
    )
    assert await standing(small) == []
    opened = await flow.confirm_mailed(small.house, given.code, given.secret)
    assert opened == Refusal(Code.CANCELLED)


async def test_the_list_of_calls_names_those_alone_whom_no_letter_reaches(small: Small) -> None:
    await small.booked("10:00", name="With Mail", email="with@example.org")
    await small.booked("10:10", name="Without Mail", phone="0711 1")
    await small.booked("10:20", name="Cancelled", phone="0711 2")
    found = await standing(small)
    later = [[Target(b.id, b.seq, b.start + timedelta(hours=1))] for b in found[:2]]
    await moved_all(small, later)
    wanted = CancelAll(CLERK, Why.CLOSED, make.at("10:20"), make.at("10:30"))
    await disruption.cancel_all(small.house, small.office, wanted)
    listed = await to_call(small.house, small.office)
    assert [(each.name, each.phone, each.before, each.now, each.why) for each in listed] == [
        ("Without Mail", "0711 1", make.at("10:10"), make.at("11:10"), Why.STAFF_MISSING),
        ("Cancelled", "0711 2", make.at("10:20"), None, Why.CLOSED),
    ]
    # Who then cancels by herself needs no call any more.
    [hers] = [b for b in await standing(small) if b.start == make.at("11:10")]
    assert hers.code
    proof = Proof(secret=small.house.keys.booking_secret(hers.id, hers.generation))
    assert isinstance(await flow.cancel(small.house, hers.code, proof), BookingGiven)
    assert [each.name for each in await to_call(small.house, small.office)] == ["Cancelled"]


async def test_a_missing_desk_moves_who_no_longer_fits_and_comes_back_by_itself(
    small: Small,
) -> None:
    await planning.load(small.house, of_desks())
    await small.settle()
    for number in range(3):
        await small.booked("10:00", name=f"Person {number}", phone=f"0711 {number}")
    missing = Missing((CounterKey("1"),), make.at("09:30"), make.at("10:30"), Why.STAFF_MISSING)
    proposed = await disruption.propose(small.house, small.office, missing)
    assert isinstance(proposed, Preview)
    [proposal] = proposed.proposals
    done = await disruption.carry_out(
        small.house, small.office, missing, CLERK, key="once-and-for-all"
    )
    assert done == CarriedOut(moved=1, left=0)
    starts = [b.start for b in await standing(small)]
    assert starts.count(make.at("10:00")) == 2
    assert proposal.start in starts
    [called] = await to_call(small.house, small.office)
    assert called.now == proposal.start
    await small.audit()
    await small.wait(180)  # by now nobody could carry it out any more
    again = [
        await disruption.carry_out(small.house, small.office, missing, CLERK, key=key)
        for key in ("once-and-for-all", "another", None)
    ]
    assert again == [done, *[Refusal(Code.PAST, {"field": "until"})] * 2]


async def test_a_family_of_which_one_must_leave_the_day_goes_as_a_whole(small: Small) -> None:
    """Today ends at 10:10: with one counter left, mother or child would have to come tomorrow."""
    await planning.load(small.house, msgspec.structs.replace(of_desks(), hours=UNTIL_TEN_PAST))
    await small.settle()
    for name, email in (("Other", "other"), ("Mother", "family"), ("Child", "family")):
        await small.booked("10:00", name=name, email=f"{email}@example.org")
    await small.set_clock(make.at("09:55"))
    since, until = make.at("09:55"), make.at("12:00")
    both = Missing((CounterKey("1"), CounterKey("2")), since, until, Why.STAFF_MISSING)
    shown = await disruption.propose(small.house, small.office, both)
    assert isinstance(shown, Preview)
    assert sorted(p.along for p in shown.proposals) == [False, True]
    done = await disruption.carry_out(small.house, small.office, both, CLERK)
    assert done == CarriedOut(moved=2, left=0)
    now = await standing(small, days=3)
    gone = {b.id: b.start for b in now if b.start.date() > make.NOW.date()}
    assert gone == {p.booking.id: p.start for p in shown.proposals}, "carried out as shown"
    assert len({start.date() for start in gone.values()}) == 1
    assert len({b.email_key for b in now if b.id in gone}) == 1, "the family, nobody else"
    await small.audit()


async def test_a_crash_between_the_layers_and_the_moves_loses_nobody(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    await planning.load(small.house, of_desks())
    await small.settle()
    for number in range(3):
        await small.booked("10:00", name=f"Person {number}")
    missing = Missing((CounterKey("1"),), make.at("09:30"), make.at("10:30"), Why.STAFF_MISSING)

    async def carry_out() -> object:
        return await disruption.carry_out(
            small.house, small.office, missing, CLERK, key="once-and-for-all"
        )

    with monkeypatch.context() as dying:
        dying.setattr(disruption, "_moved_by", died)
        with pytest.raises(ConnectionAbortedError):
            await carry_out()
    assert [b.start for b in await standing(small)].count(make.at("10:00")) == 3
    # Whoever leads goes on, and who asked is answered what came of it, as often as they ask.
    assert await errands.resume(small.house, small.office, disruption.ERRANDS) == 1
    assert [b.start for b in await standing(small)].count(make.at("10:00")) == 2
    assert await carry_out() == CarriedOut(moved=1, left=0)
    assert await carry_out() == CarriedOut(moved=1, left=0)
    assert len(await small.fetch("select id from layer where origin = 'disruption'")) == 1
    await small.audit()


async def test_who_could_not_be_moved_or_cancelled_without_a_database_is_later(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    await small.booked("10:00", name="Amal")
    await small.booked("10:30", name="Bo")
    first, second = await standing(small)
    group = (Target(first.id, first.seq, make.at("11:00")),)
    wanted = MoveAll(CLERK, Why.STAFF_MISSING, (group,))
    gone = CancelAll(CLERK, Why.TITLE_EXTENDED, second.start, second.end)
    with monkeypatch.context() as away:
        away.setattr(Turns, "__call__", busy)
        row = await errands.note(small.house, small.office, "rehome", wanted, "0")
        with pytest.raises(OSError, match="moved"):
            await errands.run(small.house, small.office, row, disruption.move_group)
        with pytest.raises(OSError, match="cancelled"):
            await disruption.cancel_all(small.house, small.office, gone)
    assert await errands.resume(small.house, small.office, disruption.ERRANDS) == 2
    assert [(b.id, b.start) for b in await standing(small)] == [(first.id, make.at("11:00"))]


async def busy(*_: object, **__: object) -> Done:
    """The answer of a turn whose connection was lost."""
    return Done(Refusal(Code.BUSY_RETRY))


async def died(*_: object) -> int:
    raise ConnectionAbortedError


async def test_a_piece_that_a_crash_repeats_still_counts_whom_it_moved(
    small: Small,
) -> None:
    await small.booked("10:00", name="Amal")
    [mine] = await standing(small)
    wanted = MoveAll(CLERK, Why.STAFF_MISSING, ((Target(mine.id, mine.seq, make.at("11:00")),),))
    params = msgspec.json.encode(wanted).decode()
    for _ in range(2):
        done = await disruption.move_group(small.house, small.office, params, "0")
        assert done == "1 1"


async def test_a_family_whose_starts_were_taken_meanwhile_still_goes_to_one_day(
    small: Small,
) -> None:
    """One counter, two starts a day: on Wednesday there is one place left, on Thursday are two."""
    await small.load(limits=make.office(desks=1).limits, hours=UNTIL_TWENTY_PAST)
    for start in ("08:00", "08:10"):
        await small.booked(f"2026-11-24 {start}", name=start, email="family@example.org")
    mother, child = await standing(small, days=1)
    targets = [Target(b.id, b.seq, b.start + timedelta(days=1)) for b in (mother, child)]
    await small.booked("2026-11-25 08:00", name="Faster")
    assert await moved_all(small, [targets]) == "1 2"
    now = {b.id: b.start for b in await standing(small, days=3)}
    assert {now[b.id] for b in (mother, child)} == {
        make.at("2026-11-26 08:00"),
        make.at("2026-11-26 08:10"),
    }
    await small.audit()


async def test_nobody_goes_alone_to_another_day_when_a_start_was_taken_meanwhile(
    small: Small,
) -> None:
    await small.load(limits=make.office(desks=1).limits, hours=UNTIL_HALF_PAST)
    for start in ("08:00", "08:10"):
        await small.booked(f"2026-11-24 {start}", name=start, email="family@example.org")
    mother, child = await standing(small, days=1)
    await small.booked("2026-11-24 08:20", name="Faster")
    target = Target(mother.id, mother.seq, make.at("2026-11-24 08:20"))
    assert await moved_all(small, [[target]]) == "1 2"
    now = {b.id: b.start.date() for b in await standing(small, days=3)}
    assert now[mother.id] == now[child.id] == make.at("2026-11-25 08:00").date()
    await small.audit()


async def test_who_must_go_does_not_go_alone_when_one_who_went_along_has_changed(
    small: Small,
) -> None:
    """The child comes later on the same day: there the mother has a start as well by now."""
    await small.booked("10:00", name="Mother", email="family@example.org")
    given = await small.booked("10:10", name="Child", email="family@example.org")
    mother, child = await standing(small)
    tomorrow = [
        Target(mother.id, mother.seq, mother.start + timedelta(days=1)),
        Target(child.id, child.seq, child.start + timedelta(days=1), along=True),
    ]
    proof = Proof(secret=given.secret)
    own = await moving.move(small.house, given.code, proof, make.at("10:30"), None)
    assert isinstance(own, BookingGiven)
    assert await moved_all(small, [tomorrow]) == "1 1"
    now = {b.id: b.start for b in await standing(small, days=1)}
    assert now[child.id] == make.at("10:30")
    assert now[mother.id].date() == make.NOW.date()
    await small.audit()


async def test_nobody_goes_along_with_who_needs_no_other_time_any_more(small: Small) -> None:
    given = await small.booked("10:00", name="Mother", email="family@example.org")
    await small.booked("10:10", name="Child", email="family@example.org")
    mother, child = await standing(small)
    tomorrow = [
        Target(mother.id, mother.seq, mother.start + timedelta(days=1)),
        Target(child.id, child.seq, child.start + timedelta(days=1), along=True),
    ]
    gone = await flow.cancel(small.house, given.code, Proof(secret=given.secret))
    assert isinstance(gone, BookingGiven)
    assert await moved_all(small, [tomorrow]) == "1 0"
    assert [(b.id, b.start) for b in await standing(small)] == [(child.id, child.start)]
