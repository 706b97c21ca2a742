"""The life of bookings against a plain model, whatever happens in whatever order."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from queue_service.events.booking import CancelReason, Held, Lapsed, RestoreReason, SwapReason
from queue_service.events.capacity import Planned
from queue_service.model.booking import EXPIRING, LIVE, Booking, BookingState, Person
from queue_service.model.ids import BookingId, LimitId, Tick
from queue_service.model.office import BookingRules, OfficeClock
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Cell, CellKey, Grant, Told, World
from queue_service.slots import claims, holds, life, restoring
from tests import make
from tests.make import BIO_DAY, CLOCK, DESKS, HALL, MINUTE, NOW
from tests.rehearsed import Rehearsed

RULES = BookingRules(window_days=3, lead_minutes=0)
DAY_CELL = (BIO_DAY, Tick(0))
FIRST = make.at("10:00")
PEOPLE = (b"amal", b"ben")
OFFICE = make.office()
SERVICES = [s for s in OFFICE.services if s.bookable]


def small_town(capacity: int = 2) -> Rehearsed:
    """An hour of two limits and one daily quota."""
    cells: dict[CellKey, Cell | None] = make.cells(make.each((DESKS, HALL), FIRST, 12), capacity)
    town = Rehearsed(cells | {DAY_CELL: Cell(3, 0)}, PEOPLE)
    town.groups = {s.group for s in SERVICES}
    return town


def hold_of(town: Rehearsed, wanted: Booking, replaces: BookingId | None = None) -> Told | Refusal:
    return town.act(lambda w: holds.hold(w, wanted, rules=RULES, clock=CLOCK, replaces=replaces))


def confirm_of(
    town: Rehearsed, booking: BookingId, who: bytes | None = None, mail: bool = False
) -> Told | Refusal:
    service = OFFICE.service("MAIL" if mail else "PICK")
    assert service is not None
    return town.act(
        lambda w: life.confirm(
            w,
            booking,
            person=Person(booking, "Amal", "amal@example.org"),
            person_key=who,
            code="23456789",
            service=service,
            language="de",
            clock=CLOCK,
        )
    )


class Lives(RuleBasedStateMachine):
    """Any sequence of acts; the invariants say what must never be otherwise."""

    made = Bundle("made")

    def __init__(self) -> None:
        super().__init__()
        self.town = small_town()

    def _wanted(self, step: int, minutes: int, limits: tuple[LimitId, ...], day: bool) -> Booking:
        once = (DAY_CELL,) if day else ()
        return make.booking(FIRST + step * 5 * MINUTE, minutes, limits=limits, once=once)

    def _judge(self, answer: Told | Refusal, net: dict[CellKey, int], before: World) -> None:
        """A claim is granted exactly when its net difference fits."""
        fits = claims.fits(before, net) is None
        if isinstance(answer, Refusal):
            assert not fits or answer.code not in (Code.SLOT_FULL, Code.CLOSED)
        else:
            assert fits

    limits = st.sampled_from([(DESKS,), (HALL,), (DESKS, HALL)])
    steps = st.integers(0, 11)

    @rule(
        target=made,
        step=steps,
        minutes=st.integers(1, 25),
        limits=limits,
        day=st.booleans(),
    )
    def hold(
        self, step: int, minutes: int, limits: tuple[LimitId, ...], day: bool
    ) -> BookingId | None:
        wanted = self._wanted(step, minutes, limits, day)
        if any(key not in self.town.cells for key in claims.taken_by(wanted)):
            return None
        self.town.turn()
        before = self.town.world()
        answer = hold_of(self.town, wanted)
        if wanted.start >= self.town.now:
            self._judge(answer, claims.net((), (wanted,)), before)
        return None if isinstance(answer, Refusal) else wanted.id

    @rule(target=made, old=made, step=steps)
    def hold_another_instead(self, old: BookingId | None, step: int) -> BookingId | None:
        wanted = self._wanted(step, 5, (DESKS, HALL), False)
        if old is None:
            return None
        answer = hold_of(self.town, wanted, old)
        if isinstance(answer, Refusal):
            return None
        assert self.town.bookings[old].state is not BookingState.HELD
        return wanted.id

    @rule(one=made)
    def extend(self, one: BookingId | None) -> None:
        if one is None:
            return
        until = self.town.bookings[one].until
        answer = self.town.act(lambda w: holds.extend(w, one, rules=RULES, clock=CLOCK))
        after = self.town.bookings[one]
        if isinstance(answer, Told):
            assert until is not None
            assert after.until is not None
            assert after.until > until
            assert after.held_at is not None
            assert after.until - after.held_at <= timedelta(minutes=RULES.hold_cap_minutes)

    @rule(one=made, who=st.sampled_from([None, *PEOPLE]), mail=st.booleans())
    def confirm(self, one: BookingId | None, who: bytes | None, mail: bool) -> None:
        if one is not None:
            answer = confirm_of(self.town, one, who, mail)
            expected = BookingState.PENDING if mail else BookingState.BOOKED
            if isinstance(answer, Told):
                assert self.town.bookings[one].state is expected

    @rule(one=made)
    def open_the_link(self, one: BookingId | None) -> None:
        if one is not None:
            self.town.act(lambda w: life.confirm_mailed(w, one))

    @rule(one=made, step=steps)
    def move(self, one: BookingId | None, step: int) -> None:
        if one is None:
            return
        self.town.turn()
        old = self.town.bookings[one]
        start = FIRST + step * 5 * MINUTE
        new = msgspec.structs.replace(old, start=start, end=start + (old.end - old.start))
        if any(key not in self.town.cells for key in claims.taken_by(new)):
            return
        before = self.town.world()
        answer = self.town.act(lambda w: life.move(w, one, start=start, once=old.once, rules=RULES))
        movable = old.state is BookingState.BOOKED and old.start > self.town.now <= start
        if movable:
            self._judge(answer, claims.net((old,), (new,)), before)
        else:
            assert isinstance(answer, Refusal)

    @rule(one=made, other=made)
    def swap(self, one: BookingId | None, other: BookingId | None) -> None:
        if one is None or other is None or one == other:
            return
        self.town.turn()
        first, second = self.town.bookings[one], self.town.bookings[other]
        shapes = life.traded(first, second)
        answer = self.town.act(lambda w: life.swap(w, *shapes, reason=SwapReason.AGREED))
        both = (first, second)
        if all(b.state is BookingState.BOOKED and b.start > self.town.now for b in both):
            assert isinstance(answer, Told), "each has a place: no cell can be in the way"
            assert answer.net == {}
            assert self.town.bookings[one].start == second.start
            assert self.town.bookings[other].start == first.start
        else:
            assert isinstance(answer, Refusal)

    @rule(one=made, step=steps, stays=st.booleans())
    def restore(self, one: BookingId | None, step: int, stays: bool) -> None:
        if one is None:
            return
        self.town.turn()
        old = self.town.bookings[one]
        start = old.start if stays else FIRST + step * 5 * MINUTE
        new = msgspec.structs.replace(old, start=start, end=start + (old.end - old.start))
        booked = msgspec.structs.replace(new, state=BookingState.BOOKED)
        if any(key not in self.town.cells for key in claims.taken_by(booked)):
            return
        before = self.town.world()
        answer = self.town.act(
            lambda w: restoring.restore(w, new, reason=RestoreReason.OFFICE_ERROR, rules=RULES)
        )
        if isinstance(answer, Told):
            assert old.state in restoring.RESTORABLE
            assert self.town.bookings[one].state is BookingState.BOOKED
        if old.state in restoring.RESTORABLE and old.code and start >= self.town.now:
            self._judge(answer, claims.net((old,), (booked,)), before)

    @rule(one=made)
    def nobody_comes(self, one: BookingId | None) -> None:
        if one is None:
            return
        self.town.turn()
        old = self.town.bookings[one]
        answer = self.town.act(lambda w: restoring.no_show(w, one, rules=RULES))
        late = old.start + RULES.late_minutes * MINUTE <= self.town.now
        assert isinstance(answer, Told) is (old.state is BookingState.BOOKED and late)

    @rule(one=made, reason=st.sampled_from(CancelReason))
    def cancel(self, one: BookingId | None, reason: CancelReason) -> None:
        if one is None:
            return
        self.town.turn()
        old = self.town.bookings[one]
        answer = self.town.act(lambda w: life.cancel(w, one, reason=reason, rules=RULES))
        if isinstance(answer, Told):
            assert old.state in (*LIVE, *EXPIRING)
            assert answer.net == dict.fromkeys(claims.taken_by(old), -1)

    @rule(
        target=made,
        step=steps,
        who=st.sampled_from([None, *PEOPLE]),
        reason=st.sampled_from(["", "crowd"]),
    )
    def book_by_staff(self, step: int, who: bytes | None, reason: str) -> BookingId | None:
        wanted = msgspec.structs.replace(
            self._wanted(step, 5, (DESKS, HALL), False),
            state=BookingState.BOOKED,
            person_key=who,
            group="pick",
            code="23456789",
        )
        answer = self.town.act(
            lambda w: life.book_by_staff(
                w, wanted, person=Person(wanted.id, "A"), exceed_reason=reason, rules=RULES
            )
        )
        if isinstance(answer, Refusal):
            assert not (reason and answer.code is Code.SLOT_FULL)
            return None
        return wanted.id

    @rule(capacity=st.integers(0, 3), step=steps)
    def edit(self, capacity: int, step: int) -> None:
        key = (DESKS, Tick(make.tick(FIRST) + step))
        self.town.act(lambda _w: Told(Planned(day=NOW.date()), grants=(Grant(key, capacity),)))

    @rule(one=consumes(made))
    def forget(self, one: BookingId | None) -> None:
        """Fewer candidates: the rest is met more often."""

    @rule(minutes=st.sampled_from([1, 5, 11, 45]))
    def wait(self, minutes: int) -> None:
        if self.town.now + minutes * MINUTE < FIRST + timedelta(hours=1):
            self.town.wait(minutes)
            self.town.turn()

    @invariant()
    def every_cell_holds_exactly_the_bookings_that_occupy_it(self) -> None:
        counted = self.town.recount()
        for key, cell in self.town.cells.items():
            assert cell is not None
            assert cell.taken == counted[key]

    @invariant()
    def nothing_is_over_but_what_was_granted_or_left_by_an_edit(self) -> None:
        for cell in self.town.cells.values():
            assert cell is not None
            assert cell.taken <= cell.capacity + cell.allowed

    @invariant()
    def nobody_has_two_live_bookings_of_a_group(self) -> None:
        live = [
            (b.person_key, b.group)
            for b in self.town.bookings.values()
            if b.person_key and b.state in LIVE
        ]
        assert len(live) == len(set(live))

    @invariant()
    def the_journal_says_what_is_left(self) -> None:
        if not self.town.journal:
            return
        _, fact, _ = self.town.journal[-1]
        for run in fact.cells:
            for n, left in enumerate(run.left):
                cell = self.town.cells[(run.limit, Tick(run.first + n * run.step))]
                assert cell is not None
                assert left == (cell.left if cell.capacity else -1)


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=settings().max_examples * 2 // 5, stateful_step_count=30)


def test_a_hold_that_lapsed_gives_its_place_back_once() -> None:
    town = small_town(1)
    first, second = make.booking(FIRST), make.booking(FIRST)
    assert isinstance(hold_of(town, first), Told)
    assert hold_of(town, second) == Refusal(Code.SLOT_FULL)
    town.wait(RULES.hold_minutes)
    assert isinstance(hold_of(town, second), Told)
    town.turn()
    assert [type(fact) for _, fact, _ in town.journal] == [Held, Lapsed, Held]
    assert town.bookings[first.id].state is BookingState.LAPSED
    assert town.cells[(DESKS, make.tick(FIRST))] == Cell(1, 1)


def test_a_hold_is_not_honoured_in_the_instant_it_ends_even_before_it_lapsed() -> None:
    ended = make.booking(FIRST, until=NOW)
    world = World(NOW, bookings={ended.id: ended})
    assert holds.live_hold(world, ended.id) == Refusal(Code.HOLD_EXPIRED)


def test_lapsing_twice_in_a_turn_changes_nothing_more() -> None:
    town = small_town(1)
    hold_of(town, make.booking(FIRST))
    town.wait(RULES.hold_minutes)
    world = town.world()
    over = holds.lapse(world)
    assert over is not None
    world.take(over, 2)
    assert holds.lapse(world) is None


def test_a_hold_can_be_extended_at_least_ten_times_and_never_past_its_cap() -> None:
    town = small_town()
    wanted = make.booking(FIRST + 11 * 5 * MINUTE, 5)
    hold_of(town, wanted)
    town.now = NOW
    times = 0
    while isinstance(
        answer := town.act(lambda w: holds.extend(w, wanted.id, rules=RULES, clock=CLOCK)), Told
    ):
        times += 1
        until = town.bookings[wanted.id].until
        assert until is not None
        town.now = until - MINUTE
    assert times >= 10
    assert isinstance(answer, Refusal)
    assert answer.code is Code.HOLD_CAP_REACHED
    assert town.now < NOW + timedelta(minutes=RULES.hold_cap_minutes)


def test_people_keep_their_own_minutes_when_the_office_clock_runs_thirty_fold() -> None:
    fast = OfficeClock(NOW, NOW, 30.0)
    town = small_town()
    wanted = make.booking(make.at("10:00"))
    told = town.act(lambda w: holds.hold(w, wanted, rules=RULES, clock=fast))
    assert isinstance(told, Told)
    assert told.bookings[0].until == NOW + 30 * timedelta(minutes=RULES.hold_minutes)


def test_a_hold_that_replaces_another_may_stand_in_its_full_cells() -> None:
    town = small_town(1)
    first = make.booking(FIRST, 15)
    hold_of(town, first)
    second = make.booking(FIRST + 5 * MINUTE, 10)
    assert hold_of(town, second) == Refusal(Code.SLOT_FULL)
    assert isinstance(hold_of(town, second, first.id), Told)
    assert town.bookings[first.id].state is BookingState.CANCELLED
    assert town.recount().total() == 2

    town = small_town(2)
    first = make.booking(FIRST)
    hold_of(town, first)
    confirm_of(town, first.id)
    assert isinstance(hold_of(town, make.booking(FIRST), first.id), Told)
    assert town.bookings[first.id].state is BookingState.BOOKED
    assert hold_of(town, make.booking(FIRST), first.id) == Refusal(Code.SLOT_FULL)


def test_one_person_has_one_live_booking_in_a_group_and_may_book_again_after_it_ended() -> None:
    town = small_town()
    one, two = make.booking(FIRST), make.booking(FIRST)
    hold_of(town, one)
    hold_of(town, two)
    assert isinstance(confirm_of(town, one.id, b"amal"), Told)
    assert confirm_of(town, two.id, b"amal") == Refusal(Code.ALREADY_BOOKED, {"group": "pick"})
    town.act(lambda w: life.cancel(w, one.id, reason=CancelReason.APPLICANT, rules=RULES))
    assert isinstance(confirm_of(town, two.id, b"amal"), Told)


def test_two_confirmations_of_one_person_in_the_same_turn_make_one_booking() -> None:
    town = small_town()
    both = [make.booking(FIRST), make.booking(FIRST)]
    for wanted in both:
        hold_of(town, wanted)
    world = town.world()
    service = OFFICE.service("PICK")
    assert service is not None
    answers = []
    for wanted in both:
        told = life.confirm(
            world,
            wanted.id,
            person=Person(wanted.id, "Amal"),
            person_key=b"amal",
            code="2",
            service=service,
            language="de",
            clock=CLOCK,
        )
        if isinstance(told, Told):
            world.take(told, 9)
        answers.append(type(told))
    assert answers == [Told, Refusal]


def test_a_booking_by_mailed_link_waits_and_lapses_like_a_hold() -> None:
    town = small_town(1)
    wanted = make.booking(FIRST)
    hold_of(town, wanted)
    confirm_of(town, wanted.id, b"amal", mail=True)
    town.wait(60)
    assert town.act(lambda w: life.confirm_mailed(w, wanted.id)) == Refusal(Code.HOLD_EXPIRED)
    assert town.recount().total() == 0


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (BookingState.CANCELLED, Code.CANCELLED),
        (BookingState.ARRIVED, Code.TOO_LATE),
        (BookingState.SERVED, Code.TOO_LATE),
        (BookingState.NO_SHOW, Code.TOO_LATE),
        (BookingState.LAPSED, Code.HOLD_EXPIRED),
        (BookingState.RESTING, Code.HOLD_EXPIRED),
    ],
)
def test_what_has_ended_can_neither_be_moved_nor_cancelled(state: BookingState, code: Code) -> None:
    ended = make.booking(FIRST, state=state)
    world = World(NOW, bookings={ended.id: ended})
    assert life.move(world, ended.id, start=FIRST, once=(), rules=RULES) == Refusal(code)
    assert life.cancel(world, ended.id, reason=CancelReason.APPLICANT, rules=RULES) == Refusal(code)


def test_a_booking_that_began_can_be_ended_by_the_office_alone() -> None:
    begun = make.booking(NOW, state=BookingState.BOOKED)
    world = World(NOW, bookings={begun.id: begun}, cells=make.cells(claims.taken_by(begun), 1, 1))
    by_applicant = life.cancel(world, begun.id, reason=CancelReason.APPLICANT, rules=RULES)
    assert by_applicant == Refusal(Code.TOO_LATE)
    assert isinstance(life.cancel(world, begun.id, reason=CancelReason.OFFICE, rules=RULES), Told)


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("08:29", Code.PAST),
        ("08:30", None),
        ("2026-11-26 23:55", None),
        ("2026-11-27 00:00", Code.NOT_BOOKABLE_YET),
        ("2026-11-22 10:00", Code.PAST),
    ],
)
def test_the_window_ends_with_its_last_local_day(start: str, code: Code | None) -> None:
    outside = holds.in_window(make.at(start), NOW, RULES)
    assert (outside and outside.code) == code


def test_the_window_counts_local_days_across_a_clock_change() -> None:
    friday = make.at("2026-10-23 23:30")
    assert holds.in_window(make.at("2026-10-26 23:55"), friday, RULES) is None
    outside = holds.in_window(make.at("2026-10-27 00:00"), friday, RULES)
    assert outside is not None


def test_what_was_never_made_is_unknown() -> None:
    nobody = make.booking().id
    world = World(NOW, bookings={nobody: None})
    unknown = Refusal(Code.UNKNOWN_BOOKING)
    assert holds.extend(world, nobody, rules=RULES, clock=CLOCK) == unknown
    assert life.move(world, nobody, start=FIRST, once=(), rules=RULES) == unknown
    assert life.confirm_mailed(world, nobody) == unknown
