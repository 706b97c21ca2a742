"""Layers over cells in which people book: any sequence of acts, against a model made of lists.

The model knows only what was said: places, spans, who has been given what. It never looks at the
service's cells to say what they should be.
"""

import json
from collections import Counter
from datetime import datetime, timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from queue_service.events.booking import CancelReason
from queue_service.flows.capacity import cells
from queue_service.flows.capacity.cells import Stand
from queue_service.model.booking import OCCUPYING, BookingState, Person
from queue_service.model.ids import BookingId, LimitId, Tick
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import BookingRules, Confirm, Office, Window
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Cell, CellKey, Told
from queue_service.slots import claims, holds, life
from tests import make
from tests.make import CLOCK, DESKS, HALL, MINUTE, NOW
from tests.rehearsed import Rehearsed

RULES = BookingRules(window_days=3, lead_minutes=0)
FIRST, LAST = make.at("10:00"), make.at("11:00")
TICKS = 12
BASE = {DESKS: 3, HALL: 4}
KEYS = {DESKS: "desks", HALL: "hall"}
ENDED = frozenset({BookingState.CANCELLED, BookingState.LAPSED})


def office() -> Office:
    """Open for an hour, so that every cell is met often."""
    hours = (Window((0, 1, 2, 3, 4), FIRST.time(), LAST.time()),)
    limits = tuple(limit for limit in make.office().limits if limit.key in KEYS.values())
    return msgspec.structs.replace(make.office(), hours=hours, limits=limits)


OFFICE = office()


class Edits(RuleBasedStateMachine):
    """Bookings and layers in any order."""

    made = Bundle("made")

    def __init__(self) -> None:
        super().__init__()
        self.town = Rehearsed({})
        self.layers: list[Layer] = []
        self.said: list[tuple[LimitId, int, datetime, datetime]] = []
        """The model: places added to a limit from when until when; taking back shortens it."""
        self._follow()

    def _follow(self, *, stale: bool = False) -> None:
        """Let cells follow the layers as the errand does: as a difference, under its stamp."""
        stand = Stand(tuple(self.layers), self.town.stamp, make.NUMBERS, self.town.now)
        have = {key: cell.capacity for key, cell in self.town.cells.items() if cell is not None}
        today = NOW.date()
        of_today = cells.by_day(have, OFFICE, today, today)[today]
        todo = cells.changes(stand, OFFICE, today, (), of_today)
        self.town.cells = {change.key: None for change in todo} | self.town.cells
        stamp = "older" if stale else self.town.stamp
        for chunk in (todo[::2], todo[1::2]):
            answer = self.town.act(
                lambda w, chunk=chunk: cells.write(w, stamp, NOW.date(), chunk)  # type: ignore[misc]  # a lambda with a default
            )
            if stale:
                assert isinstance(answer, Refusal)
                assert answer.data == {"reason": cells.STALE}

    def _places(self, key: CellKey) -> int:
        """What the model says of a cell."""
        begin = datetime.fromtimestamp(key[1] * 300, make.BERLIN)
        end = begin + 5 * MINUTE
        added = sum(
            add
            for limit, add, since, until in self.said
            if limit == key[0] and since < end and begin < until and since < until
        )
        return max(0, BASE[key[0]] + added)

    steps = st.integers(0, TICKS - 1)

    @rule(
        limit=st.sampled_from([DESKS, HALL]),
        add=st.integers(-4, 3).filter(bool),
        first=steps,
        many=st.integers(1, TICKS),
    )
    def set_layer(self, limit: LimitId, add: int, first: int, many: int) -> None:
        since = max(FIRST + first * 5 * MINUTE, self.town.now)
        until = FIRST + (first + many) * 5 * MINUTE
        if until <= since:
            return
        change = json.dumps({"limit": KEYS[limit], "add": add})
        subject, number = f"capacity:{KEYS[limit]}", len(self.layers) + 1
        made = Layer(subject, change, since, until, origin=Origin.MANAGER, id=number)
        self.layers.append(made)
        self.said.append((limit, add, since, until))
        self._stamped()

    @rule(which=st.integers(0, 20))
    def take_back(self, which: int) -> None:
        if not self.layers:
            return
        at = which % len(self.layers)
        layer, (limit, add, since, until) = self.layers[at], self.said[at]
        now = min(self.town.now, layer.until or self.town.now)
        self.layers[at] = msgspec.structs.replace(layer, until=now)
        self.said[at] = (limit, add, since, min(until, now))
        self._stamped()

    def _stamped(self) -> None:
        self.town.stamp = str(len(self.town.journal)) + str(len(self.layers))
        self._follow(stale=True)
        self._follow()

    @rule(
        target=made,
        step=steps,
        minutes=st.integers(1, 30),
        limits=st.sampled_from([(DESKS,), (HALL,), (DESKS, HALL)]),
    )
    def hold(self, step: int, minutes: int, limits: tuple[LimitId, ...]) -> BookingId | None:
        wanted = make.booking(FIRST + step * 5 * MINUTE, minutes, limits=limits)
        taken = claims.taken_by(wanted)
        if any(key not in self.town.cells for key in taken):
            return None
        self.town.turn()
        counted = self.town.recount()
        room = all(counted[key] < self._places(key) for key in taken)
        answer = self.town.act(
            lambda w: holds.hold(w, wanted, rules=RULES, zone=make.BERLIN, clock=CLOCK)
        )
        if wanted.start >= self.town.now:
            assert isinstance(answer, Told) is room, "granted exactly where the model has room"
        return None if isinstance(answer, Refusal) else wanted.id

    @rule(one=made)
    def confirm(self, one: BookingId | None) -> None:
        service = OFFICE.service("PICK")
        assert service is not None
        if one is not None:
            self.town.act(
                lambda w: life.confirm(
                    w,
                    one,
                    person=Person(one, "Amal"),
                    person_key=None,
                    code="23456789",
                    group=service.group,
                    by_mail=service.confirm is Confirm.BY_MAIL,
                    language="de",
                    clock=CLOCK,
                )
            )

    @rule(one=made, step=steps)
    def move(self, one: BookingId | None, step: int) -> None:
        if one is None:
            return
        start = FIRST + step * 5 * MINUTE
        old = self.town.bookings[one]
        new = msgspec.structs.replace(old, start=start, end=start + (old.end - old.start))
        if all(key in self.town.cells for key in claims.taken_by(new)):
            self.town.act(
                lambda w: life.move(w, one, start=start, once=(), rules=RULES, zone=make.BERLIN)
            )

    @rule(one=made)
    def cancel(self, one: BookingId | None) -> None:
        if one is not None:
            self.town.act(lambda w: life.cancel(w, one, reason=CancelReason.APPLICANT, rules=RULES))

    @rule(step=steps)
    def exceed(self, step: int) -> None:
        wanted = msgspec.structs.replace(
            make.booking(FIRST + step * 5 * MINUTE, 5, limits=(DESKS, HALL)),
            state=BookingState.BOOKED,
            code="23456789",
        )
        answer = self.town.act(
            lambda w: life.book_by_staff(
                w,
                wanted,
                person=Person(wanted.id, "A"),
                exceed_reason="crowd",
                rules=RULES,
                zone=make.BERLIN,
            )
        )
        if isinstance(answer, Refusal):
            assert answer.code in (Code.CLOSED, Code.PAST)

    @rule(one=consumes(made))
    def forget(self, one: BookingId | None) -> None:
        """Fewer candidates: the rest is met more often."""

    @rule(minutes=st.sampled_from([1, 5, 11, 30]))
    def wait(self, minutes: int) -> None:
        if self.town.now + minutes * MINUTE < LAST:
            self.town.wait(minutes)
            self.town.turn()

    @invariant()
    def cells_to_come_have_the_places_the_model_says(self) -> None:
        running = Tick(int(self.town.now.timestamp()) // 300)
        assert len(self.town.cells) == 2 * TICKS
        for key, cell in self.town.cells.items():
            assert cell is not None
            if key[1] > running:
                assert cell.capacity == self._places(key)

    @invariant()
    def every_cell_counts_who_sits_in_it_and_no_more_than_was_allowed(self) -> None:
        counted = self.town.recount()
        for key, cell in self.town.cells.items():
            assert cell is not None
            assert cell.taken == counted[key] <= cell.capacity + cell.allowed

    @invariant()
    def an_edit_gives_nobody_a_place_and_takes_none(self) -> None:
        """Between two entries cells change by what bookings took and gave, edits by nothing."""
        if len(self.town.past) < 2:
            return
        (before, stood), (after, stand) = self.town.past[-2:]
        if stood == stand:
            taken = {key: cell.taken for key, cell in after.items() if cell is not None}
            was = {key: cell.taken for key, cell in before.items() if cell is not None}
            assert all(taken[key] == was.get(key, 0) for key in taken)

    @invariant()
    def cells_are_given_back_exactly_once(self) -> None:
        ends = Counter(
            b.id for _, fact, _ in self.town.journal for b in fact.bookings if b.state in ENDED
        )
        assert all(many == 1 for many in ends.values())
        gone = {b.id for b in self.town.bookings.values() if b.state not in OCCUPYING}
        assert set(ends) == gone


TestEdits = Edits.TestCase
TestEdits.settings = settings(max_examples=settings().max_examples * 2 // 5, stateful_step_count=30)


def test_a_tick_that_has_begun_may_still_change_and_one_that_is_over_not() -> None:
    town = Rehearsed({(DESKS, Tick(make.tick(FIRST) + n)): Cell(3, 0) for n in range(3)})
    town.now = FIRST + timedelta(minutes=7)
    town.stamp = "now"
    todo = [cells.Change(key, 1, Tick(key[1] + 1)) for key in town.cells]
    town.act(lambda w: cells.write(w, "now", NOW.date(), todo))
    assert [cell.capacity for cell in town.cells.values() if cell] == [3, 1, 1]
