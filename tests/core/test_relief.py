"""Surge rules in the hall: who is called, what is stopped, and that it ends."""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import surge as simulated
from queue_service.demo import presets
from queue_service.events.surge import SurgeDecided, SurgeEnded, SurgeFact
from queue_service.language.relief_words import notices
from queue_service.language.surge_words import explained
from queue_service.model.ids import SYSTEM
from queue_service.model.layer import Layer
from queue_service.model.office import Office
from queue_service.model.relief import CalledIn, Help, Relief, TicketStop
from queue_service.model.surge import (
    Approval,
    Do,
    Kind,
    Metric,
    Staff,
    Surge,
    SurgeRule,
    Until,
    When,
)
from queue_service.model.visit import NeedClass
from queue_service.offices import layers_of, read, resolve
from queue_service.offices.layer_rules import layer_faults
from queue_service.offices.surge_rules import surge_faults
from queue_service.slots.ground import Ground
from queue_service.slots.measures import Blocked, Plan, plan
from queue_service.slots.surge import CALM, Snapshot, decide
from queue_service.slots.surge_state import Outcome, Phase, State, after, measured
from tests import make
from tests.make import BERLIN, NOW, PICK

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
COUNTER = Do(Kind.OPEN_COUNTERS, desks=1, lead=5 * MINUTE, lasts=HOUR)
GUIDES = Do(Kind.CALL_GUIDES, count=2, cap=3, lasts=HOUR)
STOP = Do(Kind.STOP_TICKETS, lasts=30 * MINUTE)


def rule(*do: Do, **more: object) -> SurgeRule:
    """The defaults of the handbook: on 20, off 8, hold 3 minutes, cool-down 20."""
    made = SurgeRule(
        id="hall",
        title={"de": "Halle"},
        owner="Leitung",
        expires=datetime(2099, 1, 1).date(),  # noqa: DTZ001 - a date
        when=When(Metric.WORK_MINUTES, above=20, hold=3 * MINUTE),
        until=Until(below=8),
        do=do or (COUNTER,),
        cooldown=20 * MINUTE,
        approval=Approval.AUTO,
        a_day=20,
    )
    return msgspec.structs.replace(made, **more)


NONE = Relief()


def ground(on_duty: int = 1, staff: int = 2, relief: Relief = NONE) -> Ground:
    office = msgspec.structs.replace(make.office(), staff=Staff(staff), relief=relief)
    return Ground(office, on_duty=on_duty)


def planned(one: SurgeRule, on: Ground, wave: int = 1) -> Plan:
    found = plan(one, on, NOW, wave=wave)
    assert isinstance(found, Plan), found
    return found


def with_layers(*layers: Layer, at: datetime) -> Relief:
    """What the office says of relief at an instant, with these layers on it."""
    return resolve((*layers_of(make.office(), NOW - HOUR), *layers), at).relief


def test_a_counter_is_called_at_once_and_open_after_its_lead() -> None:
    found = planned(rule(), ground())
    [layer] = found.layers
    assert (layer.since, layer.until) == (NOW, NOW + 65 * MINUTE)
    relief = with_layers(layer, at=NOW + MINUTE)
    [called] = relief.called
    assert (called.what, called.many) == (Help.COUNTERS, 1)
    assert (called.since, called.until) == (NOW + 5 * MINUTE, NOW + 65 * MINUTE)
    [said] = found.measures
    assert (said.action, said.desks, said.first) == ("call_counters", 1, NOW + 5 * MINUTE)
    assert with_layers(layer, at=NOW + 65 * MINUTE) == Relief()


def test_counters_are_never_called_for_which_there_are_no_people() -> None:
    assert plan(rule(), ground(on_duty=2, staff=2), NOW) == Blocked("staff")
    coming = Relief((CalledIn(Help.COUNTERS, 1, NOW + 4 * MINUTE, NOW + HOUR),))
    assert plan(rule(), ground(on_duty=1, staff=2, relief=coming), NOW) == Blocked("staff")
    there = Relief((CalledIn(Help.COUNTERS, 1, NOW - MINUTE, NOW + HOUR),))
    assert isinstance(plan(rule(), ground(on_duty=1, staff=2, relief=there), NOW), Plan)
    ill = Layer("capacity:1", '{"counter": "1", "add": -1}', NOW - HOUR, NOW + HOUR)
    assert plan(rule(), ground(staff=2).with_layers([ill]), NOW) == Blocked("staff")
    over = msgspec.structs.replace(ill, until=NOW)
    assert isinstance(plan(rule(), ground(staff=2).with_layers([over]), NOW), Plan)


def test_both_waves_must_have_people_before_the_first_begins() -> None:
    two = rule(COUNTER, msgspec.structs.replace(COUNTER, after=20 * MINUTE))
    assert plan(two, ground(on_duty=1, staff=2), NOW) == Blocked("staff")
    assert len(planned(two, ground(on_duty=1, staff=3)).layers) == 1


def test_guides_are_called_up_to_their_cap_together() -> None:
    before = Relief((CalledIn(Help.GUIDES, 2, NOW, NOW + HOUR),))
    [layer] = planned(rule(GUIDES), ground(relief=before)).layers
    assert with_layers(layer, at=NOW).many(Help.GUIDES, NOW) == 1
    full = Relief((CalledIn(Help.GUIDES, 3, NOW, NOW + HOUR),))
    assert planned(rule(GUIDES), ground(relief=full)).layers == ()


def test_what_several_rules_call_adds_up_and_goes_back_by_itself() -> None:
    layers = (
        *planned(rule(GUIDES), ground()).layers,
        *planned(rule(GUIDES), ground()).layers,
        *planned(rule(STOP), ground()).layers,
    )
    relief = with_layers(*layers, at=NOW)
    assert relief.many(Help.GUIDES, NOW) == 4
    assert relief.stopped_until(NOW) == NOW + 30 * MINUTE
    assert with_layers(*layers, at=NOW + 31 * MINUTE).stopped_until(NOW + 31 * MINUTE) is None
    assert with_layers(*layers, at=NOW + 2 * HOUR) == Relief()


def test_the_layers_of_relief_are_allowed_to_stand() -> None:
    office = read(presets.folder("heidelberg"))
    assert isinstance(office, Office)
    layers = planned(rule(COUNTER, GUIDES, STOP), ground()).layers
    assert layer_faults(layers, layers_of(office, NOW - HOUR), office, NOW) == ()


@given(st.integers(-60, 120), st.integers(1, 90))
def test_a_stop_holds_from_its_begin_to_its_end_and_no_longer(begin: int, minutes: int) -> None:
    since = NOW + begin * MINUTE
    relief = Relief(stops=(TicketStop(since, since + minutes * MINUTE),))
    expected = since + minutes * MINUTE if begin <= 0 < begin + minutes else None
    assert relief.stopped_until(NOW) == expected


WORK = st.lists(st.floats(0, 60), min_size=1, max_size=200)


def looked(one: SurgeRule, values: list[float]) -> list[tuple[datetime, SurgeFact, State]]:
    """A look each minute; what was decided, with the state before."""
    state, found, seq = CALM, [], 0
    for n, value in enumerate(values):
        now = NOW + n * MINUTE
        snapshot = Snapshot(BERLIN, {one.id: value}, ground(), most_a_day=99)
        for fact in decide(snapshot, (one,), {one.id: state}, now):
            found.append((now, fact, state))
            seq += 1
            state = after(state, seq, now, SYSTEM, fact)
    return found


def switches(found: list[tuple[datetime, SurgeFact, State]]) -> list[tuple[datetime, SurgeFact]]:
    return [
        (now, fact)
        for now, fact, _ in found
        if isinstance(fact, SurgeEnded)
        or (isinstance(fact, SurgeDecided) and fact.outcome == Outcome.FIRED)
    ]


@given(WORK)
def test_it_never_switches_twice_within_its_cooldown(values: list[float]) -> None:
    done = switches(looked(rule(do=(msgspec.structs.replace(COUNTER, lasts=9 * HOUR),)), values))
    for (one, _), (two, _) in pairwise(done):
        assert two - one >= 20 * MINUTE


@given(WORK)
def test_it_begins_only_after_three_minutes_above_twenty(values: list[float]) -> None:
    for now, fact in switches(looked(rule(), values)):
        if isinstance(fact, SurgeDecided):
            n = int((now - NOW) / MINUTE)
            assert all(value > 20 for value in values[n - 3 : n + 1])


@given(st.lists(st.floats(8, 20), min_size=1, max_size=60))
def test_between_eight_and_twenty_nothing_switches(values: list[float]) -> None:
    assert switches(looked(rule(), values)) == []
    begun = looked(
        rule(do=(msgspec.structs.replace(COUNTER, lasts=9 * HOUR),)), [30.0] * 4 + values
    )
    assert len(switches(begun)) == 1


def test_a_rule_says_metric_threshold_hold_and_cooldown_left() -> None:
    one = rule(when=When(Metric.OLDEST_WAIT, need_class=NeedClass.EMERGENCY, above=20, hold=HOUR))
    rests = State(phase=Phase.HOLDING, since=NOW - 2 * MINUTE, switched=NOW - 5 * MINUTE)
    said = explained(
        measured(one, 25.0, rests, NOW, BERLIN), 25.0, above=True, phase="holding", language="en"
    )
    assert said == [
        "Longest wait in minutes (emergencies): 25.",
        "It speaks above 20 and ends below 8.",
        "Past the threshold for 2 minutes; it must last 1 hour.",
        "Cool-down: still 15 minutes.",
    ]


@pytest.mark.parametrize(
    ("one", "key"),
    [
        (rule(msgspec.structs.replace(COUNTER, lasts=timedelta(days=1))), "do[1].lasts"),
        (rule(msgspec.structs.replace(GUIDES, count=0)), "do[1].count"),
        (rule(msgspec.structs.replace(GUIDES, lead=MINUTE)), "do[1].lead"),
        (rule(msgspec.structs.replace(STOP, service=PICK)), "do[1].service"),
        (rule(when=When(Metric.WORK_MINUTES, need_class=NeedClass.BOOKING, above=20)), "need"),
        (rule(when=When(Metric.UNSERVED_EMERGENCIES, service=PICK, above=20)), "when.service"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_key(one: SurgeRule, key: str) -> None:
    office = msgspec.structs.replace(make.office(), surge=Surge((one,)))
    assert any(key in found.key for found in surge_faults(office, frozenset()))


def test_relief_is_no_configuration(tmp_path: Path) -> None:
    for file in presets.folder("heidelberg").glob("*.toml"):
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    with (tmp_path / "surge.toml").open("a") as surge:
        surge.write("\n[relief]\nstops = []\n")
    faults = read(tmp_path)
    assert not isinstance(faults, Office)
    assert [fault.key for fault in faults] == ["relief"]


@pytest.mark.parametrize("preset", ["heidelberg", "stuttgart"])
def test_presets_ship_the_hysteresis_of_the_handbook(preset: str) -> None:
    office = read(presets.folder(preset))
    assert isinstance(office, Office)
    one = next(each for each in office.surge.rule if each.id == "hall_counters")
    assert (one.when.above, one.until.below, one.when.hold) == (20, 8, 3 * MINUTE)
    assert (one.cooldown, one.do[0].lead) == (20 * MINUTE, 5 * MINUTE)


def test_simulated_days_gain_much_by_few_switches() -> None:
    report = simulated.run(rounds=12)
    assert report.holds, report.figures


def test_everybody_in_the_hall_reads_what_is_wanted_and_until_when() -> None:
    relief = Relief(
        (
            CalledIn(Help.COUNTERS, 1, NOW + 5 * MINUTE, NOW + HOUR),
            CalledIn(Help.GUIDES, 2, NOW, NOW + HOUR),
            CalledIn(Help.GUIDES, 1, NOW - HOUR, NOW),
        ),
        (TicketStop(NOW, NOW + 30 * MINUTE),),
    )
    office = msgspec.structs.replace(make.office(), relief=relief)
    assert notices(office, NOW, "de") == (
        "Bitte einen weiteren Schalter öffnen, von 08:35 bis 09:30 Uhr.",
        "2 Lotsinnen und Lotsen werden gebraucht: in der Halle, bis 09:30 Uhr.",
        "Bis 09:00 Uhr keine Nummern ohne Termin; Notfälle und Termine gehen weiter.",
    )
    assert notices(make.office(), NOW, "de") == ()
