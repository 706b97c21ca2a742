"""Lives of bookings in any order, against a model: cells are never over and given back once."""

from datetime import timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from queue_service.events.booking import CancelReason, RestoreReason, SwapReason
from queue_service.events.capacity import Planned
from queue_service.model.booking import EXPIRING, LIVE, Booking, BookingState, Person
from queue_service.model.ids import BookingId, LimitId, Tick
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import CellKey, Grant, Told, World
from queue_service.slots import claims, holds, life, restoring, trading
from tests import make
from tests.make import CLOCK, DESKS, HALL, MINUTE, NOW
from tests.small_town import DAY_CELL, FIRST, PEOPLE, RULES, confirm_of, hold_of, small_town


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
        answer = self.town.act(
            lambda w: life.move(w, one, start=start, once=old.once, rules=RULES, zone=make.BERLIN)
        )
        movable = old.state in LIVE and old.start > self.town.now <= start
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
        shapes = trading.traded(first, second)
        answer = self.town.act(lambda w: trading.swap(w, *shapes, reason=SwapReason.AGREED))
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
            lambda w: restoring.restore(
                w, new, reason=RestoreReason.OFFICE_ERROR, rules=RULES, zone=make.BERLIN
            )
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
        answer = self.town.act(lambda w: restoring.no_show(w, one, rules=RULES, zone=make.BERLIN))
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
                w,
                wanted,
                person=Person(wanted.id, "A"),
                exceed_reason=reason,
                rules=RULES,
                zone=make.BERLIN,
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
