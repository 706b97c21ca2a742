"""Surge rules: when they speak, what they may do, and that everything they do goes back."""

import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.surge import (
    SurgeApproved,
    SurgeDecided,
    SurgeDeclined,
    SurgeEnded,
    SurgeFact,
    SurgeOverridden,
)
from queue_service.model.ids import SYSTEM, ActorId, Tick
from queue_service.model.layer import Layer
from queue_service.model.office import Office
from queue_service.model.surge import (
    Approval,
    Do,
    Kind,
    Metric,
    Minimum,
    Staff,
    Surge,
    SurgeRule,
    Until,
    When,
)
from queue_service.offices import read
from queue_service.slots import capacity
from queue_service.slots.calendar import tick_of
from queue_service.slots.desks import desks_needed
from queue_service.slots.ground import Ground
from queue_service.slots.measures import Blocked, Plan, plan
from queue_service.slots.surge import CALM, Snapshot, decide, due
from queue_service.slots.surge_state import Phase, State, after
from tests import make
from tests.make import BERLIN, NOW, at

MINUTE = timedelta(minutes=1)
NOBODY = date(2099, 1, 1)
OPEN_TWO = Do(Kind.OPEN_COUNTERS, limit="desks", desks=1, opens=time(12), closes=time(14))


def rule(id: str = "cards", **more: object) -> SurgeRule:
    """Above 20 for ten minutes it acts, below 8 for ten minutes it ends; half an hour's rest."""
    made = SurgeRule(
        id=id,
        title={"de": id},
        owner="Leitung",
        expires=NOBODY,
        when=When(Metric.CARDS_READY, above=20, hold=10 * MINUTE),
        until=Until(below=8, hold=10 * MINUTE),
        do=(OPEN_TWO,),
        cooldown=30 * MINUTE,
        approval=Approval.AUTO,
        a_day=9,
    )
    return msgspec.structs.replace(made, **more)


def ground(office: Office | None = None, **more: object) -> Ground:
    return Ground(msgspec.structs.replace(office or make.office(), staff=Staff(9)), **more)  # type: ignore[arg-type]  # fields of a Ground


class Told:
    """A journal of one test: what was decided when, and where every rule stands."""

    def __init__(self, rules: Iterable[SurgeRule], **bounds: int) -> None:
        self.rules, self.bounds = tuple(rules), bounds
        self.states: dict[str, State] = {}
        self.facts: list[tuple[datetime, SurgeFact]] = []
        self.seq = 0

    def look(self, value: float | dict[str, float | None] | None, now: datetime) -> list[str]:
        """One look; the outcomes."""
        of = value if isinstance(value, dict) else {r.id: value for r in self.rules}
        snapshot = Snapshot(BERLIN, of, ground(), **self.bounds)
        found = decide(snapshot, self.rules, self.states, now)
        for fact in found:
            self.say(fact, now)
        return [word(fact) for fact in found]

    def say(self, fact: SurgeFact, now: datetime, by: ActorId = SYSTEM) -> None:
        self.seq += 1
        self.facts.append((now, fact))
        state = self.states.get(fact.rule, CALM)
        self.states[fact.rule] = after(state, self.seq, now, by, fact)

    def run(self, values: Sequence[float | None], step: timedelta = 5 * MINUTE) -> "Told":
        for n, value in enumerate(values):
            self.look(value, NOW + n * step)
        return self

    def when(self, *words: str) -> list[datetime]:
        return [now for now, fact in self.facts if word(fact) in words]


def word(fact: SurgeFact) -> str:
    if isinstance(fact, SurgeDecided):
        return str(fact.outcome)
    return f"ended_{fact.why}" if isinstance(fact, SurgeEnded) else type(fact).__name__


def cells_of(office: Office, layers: tuple[Layer, ...], day: date) -> dict[tuple[str, Tick], int]:
    return {
        (limit.key, cell.tick): cell.capacity
        for limit in office.limits
        for cell in capacity.cells(office, limit, day, frozenset(), layers)
    }


VALUES = st.lists(st.sampled_from([0.0, 5, 8, 12, 20, 21, 40, None]), min_size=1, max_size=120)


@given(VALUES, st.integers(5, 60))
def test_it_never_switches_by_itself_sooner_than_its_cooldown(
    values: list[float | None], minutes: int
) -> None:
    rested = rule(cooldown=minutes * MINUTE, a_day=99)
    told = Told([rested], most_a_day=99).run(values)
    switches = [
        (now, word(fact))
        for now, fact in told.facts
        if word(fact) in ("fired", "ended_cleared", "ended_over")
    ]
    for (one, _), (two, second) in pairwise(switches):
        if second != "ended_over":  # its own end was said when it began
            assert two - one >= rested.cooldown


def test_without_a_cooldown_the_same_values_switch_sooner() -> None:
    values = [40.0] * 3 + [0.0] * 3 + [40.0] * 4 + [0.0] * 3
    quick = Told([rule(cooldown=timedelta(0))]).run(values)
    switches = quick.when("fired", "ended_cleared")
    assert any(two - one < 30 * MINUTE for one, two in pairwise(switches))


@given(VALUES, st.integers(1, 3), st.integers(1, 4), st.integers(0, 2))
def test_caps_hold_for_each_rule_for_all_and_for_level_3(
    values: list[float | None], own: int, every: int, level_3: int
) -> None:
    rules = [
        rule(
            name,
            a_day=own,
            cooldown=5 * MINUTE,
            level=level,
            when=When(Metric.CARDS_READY, above=20),
        )
        for name, level in (("a", 1), ("b", 2), ("c", 3), ("d", 3))
    ]
    told = Told(rules, most_a_day=every, most_level_3_a_day=level_3).run(values, 10 * MINUTE)
    fired = [(now.date(), f.rule) for now, f in told.facts if word(f) == "fired"]
    for day in {day for day, _ in fired}:
        of_day = [name for each, name in fired if each == day]
        assert len(of_day) <= every
        assert all(of_day.count(name) <= own for name in "abcd")
        assert sum(name in "cd" for name in of_day) <= level_3


@given(st.permutations(range(5)), VALUES)
def test_the_order_of_rules_changes_nothing(order: list[int], values: list[float | None]) -> None:
    rules = [
        rule(f"r{n}", level=1 + n % 3, cooldown=(5 + n) * MINUTE, dry_run=n == 4) for n in range(5)
    ]
    one = Told(rules, most_a_day=3).run(values[:30])
    two = Told([rules[n] for n in order], most_a_day=3).run(values[:30])
    assert one.facts == two.facts


@given(VALUES)
def test_a_dry_run_decides_and_changes_nothing(values: list[float | None]) -> None:
    told = Told([rule(dry_run=True)]).run(values)
    assert told.when("fired", "suggested", "wave") == []
    assert all(state.phase in (Phase.CALM, Phase.HOLDING) for state in told.states.values())
    real = Told([rule()]).run(values)
    assert bool(told.when("would_fire")) == bool(real.when("fired"))


@given(st.lists(st.floats(8, 20), min_size=1, max_size=60))
def test_between_trigger_and_way_back_nothing_switches(between: list[float]) -> None:
    calm = Told([rule()]).run(between)
    assert calm.when("fired", "holding", "ended_cleared") == []
    running = Told([rule(do=(msgspec.structs.replace(OPEN_TWO, working_days=5),))])
    running.run([40.0, 40.0, 40.0, *between])
    assert len(running.when("fired")) == 1
    assert running.when("ended_cleared", "ended_over") == []


@given(VALUES)
def test_nothing_is_said_twice_in_a_row(values: list[float | None]) -> None:
    told = Told([rule(a_day=1)]).run(values)
    said = [word(fact) + getattr(fact, "reason", "") for _, fact in told.facts]
    assert all(one != two for one, two in pairwise(said))
    assert len(told.when("near")) <= 1


def test_a_peak_shorter_than_the_hold_is_told_and_does_nothing() -> None:
    told = Told([rule()])
    assert told.look(15, NOW) == ["near"]
    assert told.look(30, NOW + MINUTE) == ["holding"]
    assert told.look(30, NOW + 10 * MINUTE) == []
    assert told.look(15, NOW + 11 * MINUTE) == ["rested"]
    assert told.look(30, NOW + 12 * MINUTE) == ["holding"]
    assert told.look(30, NOW + 22 * MINUTE) == ["fired"]


def test_what_stands_in_the_way_is_told_once_with_its_values() -> None:
    told = Told([rule(a_day=1)])
    told.run([40.0] * 3 + [0.0] * 10 + [40.0] * 6)
    assert told.when("fired", "ended_cleared")
    blocked = [fact for _, fact in told.facts if word(fact) == "blocked"]
    assert [fact.reason for fact in blocked if isinstance(fact, SurgeDecided)] == [
        "cooldown",
        "cap_of_rule",
    ] or [fact.reason for fact in blocked if isinstance(fact, SurgeDecided)] == ["cap_of_rule"]
    last = blocked[-1]
    assert isinstance(last, SurgeDecided)
    assert (last.measured.value, last.measured.threshold, last.measured.fired_today) == (40, 20, 1)


def test_a_rule_that_expired_or_rests_says_so() -> None:
    old = Told([rule(expires=NOW.date() - timedelta(days=1))]).run([40.0] * 5)
    resting = Told([rule(paused=True)]).run([40.0] * 5)
    assert [f.reason for _, f in old.facts if isinstance(f, SurgeDecided)] == ["", "expired"]
    assert [f.reason for _, f in resting.facts if isinstance(f, SurgeDecided)] == ["", "paused"]


def test_a_suggestion_waits_for_a_person_and_lapses_without_one() -> None:
    told = Told([rule(approval=Approval.SUGGEST, answer_within=timedelta(hours=1))])
    told.run([40.0] * 4)
    assert told.states["cards"].phase is Phase.SUGGESTED
    assert told.look(40, NOW + 70 * MINUTE) == ["withdrawn"]
    assert told.look(40, NOW + 71 * MINUTE) == ["holding"]
    assert told.look(40, NOW + 82 * MINUTE) == ["blocked"]  # a no is a no for the cool-down
    assert told.look(40, NOW + 101 * MINUTE) == ["suggested"]
    assert told.look(3, NOW + 102 * MINUTE) == ["withdrawn"]


def test_of_two_persons_the_second_makes_it_run() -> None:
    told = Told([rule(approval=Approval.TWO_PERSONS)]).run([40.0] * 4)
    now = NOW + 30 * MINUTE

    def agree(by: int, *, complete: bool) -> State:
        on = told.states["cards"].seq
        fact = SurgeApproved(rule="cards", on=on, complete=complete, ends=now + timedelta(days=1))
        told.say(fact, now, ActorId(by))
        return told.states["cards"]

    assert agree(7, complete=False).phase is Phase.SUGGESTED
    assert agree(8, complete=True).phase is Phase.RUNNING
    assert told.states["cards"].approvals == (7, 8)


def test_an_answer_to_an_overtaken_suggestion_changes_nothing() -> None:
    told = Told([rule(approval=Approval.SUGGEST)]).run([40.0] * 4)
    on = told.states["cards"].seq
    told.say(SurgeDeclined(rule="cards", on=on), NOW + 30 * MINUTE)
    calm = told.states["cards"]
    told.say(SurgeApproved(rule="cards", on=on, ends=NOBODY_AT), NOW + 31 * MINUTE)
    assert told.states["cards"] == calm


NOBODY_AT = datetime(2099, 1, 1, tzinfo=BERLIN)


def test_a_manager_may_start_and_rest_a_rule_whatever_it_measures() -> None:
    told = Told([rule()])
    told.say(SurgeOverridden(rule="cards", act="start", ends=at("2026-11-24 14:00")), NOW)
    assert told.states["cards"].phase is Phase.RUNNING
    assert told.look(0, NOW + MINUTE) == ["clearing"]
    told = Told([rule(when=When(Metric.CARDS_READY, above=20))])
    told.say(SurgeOverridden(rule="cards", act="pause", until=NOW + 60 * MINUTE), NOW)
    assert told.look(40, NOW + MINUTE) == ["blocked"]
    assert told.look(40, NOW + 61 * MINUTE) == ["fired"]


def test_waves_come_one_after_the_other_and_stop_when_it_clears() -> None:
    waves = tuple(
        msgspec.structs.replace(OPEN_TWO, after=n * 60 * MINUTE, working_days=3) for n in range(3)
    )
    told = Told([rule(do=waves)])
    told.run([40.0] * 16)
    assert told.states["cards"].wave == 2
    told = Told([rule(do=waves)]).run([40.0] * 16 + [0.0] * 40)
    assert told.when("wave") == [told.when("fired")[0] + 60 * MINUTE]
    assert len(told.when("ended_cleared")) == 1
    assert told.states["cards"].phase is Phase.CALM


def test_no_wave_comes_while_demand_falls() -> None:
    waves = (OPEN_TWO, msgspec.structs.replace(OPEN_TWO, after=60 * MINUTE))
    slow = rule(do=waves, until=Until(below=8, hold=timedelta(hours=3)))
    told = Told([slow]).run([40.0] * 10 + [0.0] * 20)
    assert told.when("clearing")
    assert told.when("wave") == []
    assert told.look(40, NOW + 160 * MINUTE) == ["goes_on"]
    assert told.look(40, NOW + 161 * MINUTE) == ["wave"]


KINDS = st.sampled_from(
    [Kind.OPEN_COUNTERS, Kind.EXTRA_TEAM, Kind.EXTRA_HOURS, Kind.CONVERT_PLACES]
)


@st.composite
def actions(draw: st.DrawFn) -> Do:
    opens = draw(st.integers(7 * 12, 15 * 12)) * 5
    closes = opens + draw(st.integers(2, 40)) * 5
    return Do(
        draw(KINDS),
        limit="desks",
        from_limit="hall",
        desks=draw(st.integers(1, 3)),
        opens=time(opens // 60, opens % 60),
        closes=time(closes // 60, closes % 60),
        first_day=draw(st.integers(0, 1)),
        working_days=draw(st.integers(1, 4)),
        cap=draw(st.integers(0, 9)),
        keep=draw(st.integers(0, 1)),
        after=draw(st.integers(0, 1)) * 60 * MINUTE,
    )


@given(st.lists(actions(), min_size=1, max_size=3), st.integers(0, 5 * 288))
def test_everything_ends_and_leaves_the_cells_as_they_were(dos: list[Do], ticks: int) -> None:
    office = make.office()
    found = plan(rule(do=tuple(dos)), ground(office), NOW)
    if isinstance(found, Blocked):
        return
    assert all(
        layer.until is not None and NOW <= layer.until <= found.ends for layer in found.layers
    )
    assert all(layer.since < (layer.until or NOW) for layer in found.layers)
    # Taken back at any moment: from there on every cell is what it was.
    back = NOW + ticks * 5 * MINUTE
    cut = tuple(
        msgspec.structs.replace(layer, until=min(layer.until or back, back))
        for layer in found.layers
    )
    for n in range(8):
        day = NOW.date() + timedelta(days=n)
        before, then = cells_of(office, (), day), cells_of(office, cut, day)
        later = {key for key in before.keys() | then.keys() if key[1] > tick_of(back)}
        assert {k: before.get(k, 0) for k in later} == {k: then.get(k, 0) for k in later}
    gone = cells_of(office, found.layers, found.ends.astimezone(BERLIN).date() + timedelta(days=1))
    assert gone == cells_of(office, (), found.ends.astimezone(BERLIN).date() + timedelta(days=1))


def test_settings_end_as_well() -> None:
    dos = (
        Do(Kind.HORIZON, days=5, lasts=timedelta(days=2)),
        Do(Kind.OPEN_WAITING_LIST, lasts=timedelta(days=1)),
        Do(Kind.RELEASE_RESERVE, limit="quota", lasts=timedelta(days=1)),
    )
    found = plan(rule(do=dos), ground(), NOW)
    assert isinstance(found, Plan)
    assert [layer.subject for layer in found.layers] == ["rules", "rules", "limit:quota"]
    assert [layer.until for layer in found.layers] == [
        NOW + timedelta(days=2),
        NOW + timedelta(days=1),
        NOW + timedelta(days=1),
    ]
    assert found.ends == NOW + timedelta(days=2)


def test_open_counters_bring_places_where_the_office_is_closed_too() -> None:
    found = plan(rule(), ground(), NOW)
    assert isinstance(found, Plan)
    assert (found.places_before, found.places_after) == (72, 84)
    assert {layer.subject for layer in found.layers} == {"capacity:desks", "capacity:hall"}


def test_a_cap_closes_earlier() -> None:
    capped = msgspec.structs.replace(OPEN_TWO, cap=7)
    found = plan(rule(do=(capped,)), ground(), NOW)
    assert isinstance(found, Plan)
    assert found.places_after - found.places_before == 7


def test_more_desks_than_people_present_are_refused() -> None:
    many = msgspec.structs.replace(OPEN_TWO, desks=10)
    assert plan(rule(do=(many,)), ground(), NOW) == Blocked("staff")
    ill = ground(staff={NOW.date(): 0})
    assert plan(rule(), ill, NOW) == Blocked("staff")
    assert isinstance(plan(rule(), ground(staff={NOW.date(): 1}), NOW), Plan)


@given(st.dictionaries(st.integers(0, 47), st.integers(0, 4), max_size=48), st.integers(0, 2))
def test_only_what_nobody_booked_is_converted_and_the_minimum_stays(
    booked: dict[int, int], minimum: int
) -> None:
    first = make.tick(at("08:00"))
    taken = {"hall": {Tick(first + n): many for n, many in booked.items()}}
    surge = Surge(minimum=(Minimum("hall", minimum),))
    office = msgspec.structs.replace(make.office(), surge=surge)
    do = Do(Kind.CONVERT_PLACES, limit="desks", from_limit="hall", desks=2)
    found = plan(rule(do=(do,)), ground(office, taken=taken), NOW)
    if isinstance(found, Blocked):
        assert found.reason == "nothing_free"
        return
    after_it = cells_of(office, found.layers, NOW.date())
    before = cells_of(office, (), NOW.date())
    hall = make.office().limits[1].key
    assert hall == "hall"
    for (limit, tick), places in after_it.items():
        if limit == "hall" and places < before[(limit, tick)]:
            assert places >= max(minimum, taken["hall"].get(tick, 0))
    moved = sum(before[key] - after_it[key] for key in before if key[0] == "hall")
    assert moved == sum(after_it[key] - before[key] for key in before if key[0] == "desks")


def test_a_due_rule_without_ground_is_a_fault_of_the_caller() -> None:
    bare = Snapshot(BERLIN, {"cards": 40.0})
    speaks = rule(when=When(Metric.CARDS_READY, above=20))
    assert due(bare, [speaks], {}, NOW) == ("cards",)
    with pytest.raises(LookupError):
        decide(bare, [speaks], {}, NOW)


def test_two_rules_at_once_do_not_take_the_same_people() -> None:
    both = [
        rule(
            name,
            when=When(Metric.CARDS_READY, above=20),
            do=(msgspec.structs.replace(OPEN_TWO, desks=5),),
        )
        for name in ("a", "b")
    ]
    told = Told(both)
    assert sorted(told.look(40, NOW)) == ["blocked", "fired"]


def test_shared_desks_are_counted_once() -> None:
    office = make.office()
    limits = office.limits[:2]  # desks 3 and hall 4 serve the same three services
    assert desks_needed(limits, (3, 4)) == 3
    shuffled = list(limits)
    random.Random(1).shuffle(shuffled)
    assert desks_needed(shuffled, tuple(limit.capacity for limit in shuffled)) == 3


@pytest.mark.parametrize("slug", ["heidelberg", "stuttgart"])
def test_the_presets_rules_can_act_and_speak_all_their_languages(slug: str) -> None:
    """On a Monday morning on which nobody has booked yet."""
    office = read(Path(__file__).parents[2] / "config" / slug)
    assert isinstance(office, Office), [fault.line() for fault in office]
    ready = Ground(office)
    assert {rule.id for rule in office.surge.rule} >= {
        "eat_season",
        "emergencies_first",
        "reserve_back",
    }
    spoken = set(office.languages) - {"de_simple"}
    for each in office.surge.rule:
        assert set(each.title) >= spoken
        assert not each.text or set(each.text) >= spoken
        found = plan(each, ready, NOW)
        assert isinstance(found, Plan), (each.id, found)
        assert found.layers
        assert found.ends > NOW
