"""Surge rules: when they speak, and what they say of themselves."""

from datetime import datetime, time, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.surge import (
    SurgeApproved,
    SurgeDecided,
    SurgeDeclined,
    SurgeOverridden,
)
from queue_service.model.ids import ActorId
from queue_service.model.surge import (
    Approval,
    Metric,
    Surge,
    Until,
    When,
)
from queue_service.offices.surge_rules import surge_faults
from queue_service.slots.surge_state import Phase, State
from tests import make
from tests.make import BERLIN, NOW, at
from tests.surging import MINUTE, OPEN_TWO, Told, rule, word

HOUR = 60 * MINUTE
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


def test_a_state_keeps_its_plan_until_it_is_over() -> None:
    told = Told([rule(approval=Approval.SUGGEST)]).run([40.0] * 3)
    suggested = told.states["cards"].plan
    assert suggested is not None
    assert suggested.measures
    now = NOW + 30 * MINUTE
    late = SurgeApproved(
        rule="cards",
        on=told.states["cards"].seq,
        ends=now + timedelta(days=1),
        measures=suggested.measures[:1],
        places_before=7,
        places_after=9,
    )
    told.say(late, now)
    running = told.states["cards"].plan
    assert running is not None
    assert (running.places_before, running.places_after) == (7, 9)  # as it was agreed to
    told.look(0, now + 30 * MINUTE)
    told.look(0, now + 45 * MINUTE)
    assert told.states["cards"].phase is Phase.CALM
    assert told.states["cards"].plan is None


def test_what_could_not_be_measured_is_not_told_as_nothing() -> None:
    told = Told([rule(approval=Approval.SUGGEST, answer_within=timedelta(hours=1))])
    told.run([40.0] * 3)
    assert told.look(None, NOW + 71 * MINUTE) == ["withdrawn"]
    known = [fact.measured.known for _, fact in told.facts if isinstance(fact, SurgeDecided)]
    assert known == [True, True, False]


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


def test_what_a_person_begins_ahead_of_demand_lasts_until_its_end() -> None:
    told, ends = Told([rule()]), at("2026-11-24 14:00")
    told.say(SurgeOverridden(rule="cards", act="start", ends=ends, ahead=True), NOW)
    assert told.look(0, NOW + 60 * MINUTE) == []
    assert told.look(40, NOW + 61 * MINUTE) == []
    assert told.look(0, NOW + 62 * MINUTE) == []
    assert told.look(0, ends) == ["ended_over"]
    assert not told.states["cards"].ahead


def test_what_a_person_suggests_waits_for_a_second_one_whatever_it_measures() -> None:
    told = Told([rule(approval=Approval.TWO_PERSONS, answer_within=timedelta(hours=1))])
    told.say(SurgeOverridden(rule="cards", act="suggest", ahead=True), NOW, ActorId(7))
    state = told.states["cards"]
    assert (state.phase, state.approvals) == (Phase.SUGGESTED, (7,))
    assert told.look(0, NOW + MINUTE) == []
    fact = SurgeApproved(rule="cards", on=state.seq, ends=NOBODY_AT)
    again = Told([rule(approval=Approval.TWO_PERSONS, answer_within=timedelta(hours=1))])
    again.say(SurgeOverridden(rule="cards", act="suggest", ahead=True), NOW, ActorId(7))
    again.say(fact, NOW + MINUTE, ActorId(8))
    assert again.states["cards"].phase is Phase.RUNNING
    assert again.look(0, NOW + 60 * MINUTE) == []
    assert told.look(0, NOW + 61 * MINUTE) == ["withdrawn"]
    assert told.look(40, NOW + 62 * MINUTE) == ["holding"]
    assert told.look(40, NOW + 95 * MINUTE) == ["suggested"]
    assert told.look(0, NOW + 96 * MINUTE) == ["withdrawn"]  # that one was its own


MORNINGS = When(
    Metric.CARDS_READY, above=20, hold=10 * MINUTE, not_before=time(9), not_after=time(11)
)


def test_the_night_is_no_part_of_a_hold() -> None:
    told = Told([rule(when=MORNINGS)])
    assert told.look(40, at("2026-11-23 10:55")) == ["holding"]
    assert told.look(40, at("2026-11-23 11:30")) == []
    assert told.look(40, at("2026-11-24 09:00")) == []
    assert told.look(40, at("2026-11-24 09:09")) == []
    assert told.look(40, at("2026-11-24 09:10")) == ["fired"]


def test_the_night_is_no_part_of_a_way_back() -> None:
    lasting = (msgspec.structs.replace(OPEN_TWO, working_days=5),)
    slow = rule(when=MORNINGS, until=Until(below=8, hold=60 * MINUTE), do=lasting)
    told = Told([slow])
    told.look(40, at("2026-11-23 09:00"))
    assert told.look(40, at("2026-11-23 09:10")) == ["fired"]
    assert told.look(0, at("2026-11-23 10:30")) == ["clearing"]
    assert told.look(0, at("2026-11-24 09:00")) == []
    assert told.look(0, at("2026-11-24 10:00")) == ["ended_cleared"]


def test_a_run_whose_rule_is_gone_ends_when_it_said() -> None:
    told = Told([rule()]).run([40.0] * 3)
    ends = told.states["cards"].ends
    assert ends is not None
    told.rules = []
    assert told.look(40, ends - MINUTE) == []
    assert told.look(40, ends) == ["ended_over"]


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


@pytest.mark.parametrize(
    ("change", "key", "reason"),
    [
        ({"not_after": time(9)}, "when.not_after", "must be later than not_before 09:00"),
        ({"not_before": time(23), "not_after": time(5)}, "when.not_after", "23:00"),
        ({"not_before": None, "not_after": time()}, "when.not_after", "00:00"),
        ({"hold": 120 * MINUTE}, "when.hold", "must be shorter than the hours"),
        ({"hold": -MINUTE}, "when.hold", "must be at least 0"),
        ({"not_before": time(21, 30), "not_after": None}, "until.hold", "shorter than"),
    ],
)
def test_a_rule_that_could_never_speak_is_named(
    change: dict[str, object], key: str, reason: str
) -> None:
    hold = 150 if key == "until.hold" else 0
    until = Until(below=8, hold=hold * MINUTE)
    odd = rule(when=msgspec.structs.replace(MORNINGS, **change), until=until)
    office = msgspec.structs.replace(make.office(), surge=Surge((odd,)))
    [found] = surge_faults(office, frozenset())
    assert found.key == f"surge.rule.cards.{key}"
    assert reason in found.reason


def test_a_hold_as_long_as_the_hours_at_which_a_rule_looks_is_never_over() -> None:
    """At eleven it looks no more: why such a hold is refused."""
    when = msgspec.structs.replace(MORNINGS, hold=2 * HOUR)
    told = Told((rule(when=when),)).run([40] * 48 * 12)
    assert "fired" not in [word(fact) for _, fact in told.facts]


def test_hours_may_lack_either_end() -> None:
    for early, late in ((None, time(2)), (time(22), None), (time(9), time(11))):
        hold = 2 * HOUR - MINUTE
        when = msgspec.structs.replace(MORNINGS, not_before=early, not_after=late, hold=hold)
        fair = rule(when=when, until=Until(below=8, hold=hold))
        office = msgspec.structs.replace(make.office(), surge=Surge((fair,)))
        assert list(surge_faults(office, frozenset())) == []
