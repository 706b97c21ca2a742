"""Which surge rule speaks now: a pure function of readings, rules, their states, and now.

Every rule is a small machine: calm → holding → (suggested →) running → calm. A decision is the
fact that goes into the journal; what did not change is not said again. What an action changes is
worked out in `measures`, the state is folded in `surge_state`; carrying out is left to `flows`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from queue_service.events.surge import SurgeDecided, SurgeEnded, SurgeFact
from queue_service.model.surge import Approval, SurgeRule, waves
from queue_service.slots.ground import Ground
from queue_service.slots.measures import Blocked, Plan, plan
from queue_service.slots.surge_state import (
    Outcome,
    Phase,
    State,
    cooldown_left,
    fired_on,
    held,
    measured,
    told,
)
from queue_service.slots.thresholds import cleared, crossed, looks, near, unbroken

LEVEL_3 = 3
CALM = State()


class Snapshot(msgspec.Struct, frozen=True):
    """What a look at the office gave; `ground` is needed where `due` names a rule."""

    zone: ZoneInfo
    readings: Mapping[str, float | None]
    """Rule → its metric now; None where it cannot be measured."""
    ground: Ground | None = None
    most_a_day: int = 6
    most_level_3_a_day: int = 1


Rules = Iterable[SurgeRule]
States = Mapping[str, State]


def in_order(rules: Rules) -> tuple[SurgeRule, ...]:
    """Higher levels first, then by name: how rules that act together are looked at."""
    return tuple(sorted(rules, key=lambda rule: (-rule.level, rule.id)))


def due(snapshot: Snapshot, rules: Rules, states: States, now: datetime) -> tuple[str, ...]:
    """The rules that would act now if nothing stood in their way."""
    return tuple(
        rule.id
        for rule in in_order(rules)
        if _is_due(rule, _value(rule, snapshot, now), states.get(rule.id, CALM), now, snapshot.zone)
    )


def decide(
    snapshot: Snapshot, rules: Rules, states: States, now: datetime
) -> tuple[SurgeFact, ...]:
    """What is decided now, one fact a rule at most; the order of `rules` changes nothing.

    A run of a rule that the configuration no longer has is over when it said it would be. Rules
    that act at the same time are looked at in one order, each on what those before leave:
    bounds that they share are never passed together.
    """
    rules = in_order(rules)
    found: list[SurgeFact] = []
    caps = Caps(snapshot, rules, states, now)
    ground = snapshot.ground
    for rule in rules:
        state, value = states.get(rule.id, CALM), _value(rule, snapshot, now)
        fact: SurgeFact | None
        if _is_due(rule, value, state, now, snapshot.zone):
            if ground is None:
                raise LookupError(f"no ground given, yet {rule.id} is due")
            fact, acted = _act(rule, value, state, now, snapshot.zone, ground, caps)
            ground = ground.with_layers(acted.layers) if acted else ground
        else:
            fact = _look(rule, value, state, now, snapshot.zone)
        if fact is not None:
            found.append(fact)
    return (*found, *_left_over(rules, states, now))


class Caps:
    """Firings of the local day over all rules, growing while one look decides several."""

    def __init__(self, snapshot: Snapshot, rules: Rules, states: States, now: datetime) -> None:
        """Count what began today."""
        day = now.astimezone(snapshot.zone).date()
        self._most = (snapshot.most_a_day, snapshot.most_level_3_a_day)
        self._of = {r.id: fired_on(states.get(r.id, CALM), day, snapshot.zone) for r in rules}
        self._level_3 = sum(self._of[rule.id] for rule in rules if rule.level == LEVEL_3)

    def forbids(self, rule: SurgeRule) -> str:
        """The cap that another firing of `rule` would pass; empty for none."""
        if self._of.get(rule.id, 0) >= rule.a_day:
            return "cap_of_rule"
        if sum(self._of.values()) >= self._most[0]:
            return "cap_of_all"
        if rule.level == LEVEL_3 and self._level_3 >= self._most[1]:
            return "cap_of_level_3"
        return ""

    def count(self, rule: SurgeRule) -> None:
        """One firing more."""
        self._of[rule.id] = self._of.get(rule.id, 0) + 1
        self._level_3 += rule.level == LEVEL_3


def barred(rule: SurgeRule, now: datetime, zone: ZoneInfo) -> str:
    """Why nobody may make the rule act, a person neither; empty for nothing."""
    if _expired(rule, now, zone):
        return "expired"
    return "dry_run" if rule.dry_run else ""


def suggestion(
    rule: SurgeRule, value: float | None, state: State, now: datetime, zone: ZoneInfo, found: Plan
) -> SurgeDecided:
    """What is said of a plan, whoever wants it: measures, places before and after, the end."""
    excess = 0.0
    if value is not None and rule.until.below is not None:
        excess = max(0.0, value - rule.until.below)
    return SurgeDecided(
        rule=rule.id,
        on=state.seq,
        measured=measured(rule, value, state, now, zone),
        measures=tuple(found.measures),
        ends=found.ends,
        places_before=found.places_before,
        places_after=found.places_after,
        days_to_clear=-int(-excess // found.places_after) if found.places_after else 0,
    )


def _value(rule: SurgeRule, snapshot: Snapshot, now: datetime) -> float | None:
    """The rule's metric; None outside its hours."""
    return snapshot.readings.get(rule.id) if looks(rule, now, snapshot.zone) else None


def _is_due(
    rule: SurgeRule, value: float | None, state: State, now: datetime, zone: ZoneInfo
) -> bool:
    if state.phase not in (Phase.CALM, Phase.HOLDING) or not crossed(rule, value):
        return False
    return held(rule, state, now, zone) >= rule.when.hold


def _act(
    rule: SurgeRule,
    value: float | None,
    state: State,
    now: datetime,
    zone: ZoneInfo,
    ground: Ground,
    caps: Caps,
) -> tuple[SurgeFact | None, Plan | None]:
    """Fire, suggest, or say what stands in the way; with the plan only when it fires."""
    say = _Saying(rule, value, state, now, zone)
    reason = _obstacle(rule, state, now, zone) or caps.forbids(rule)
    if reason:
        return say.once(Outcome.BLOCKED, reason), None
    found = plan(rule, ground, now)
    if isinstance(found, Blocked):
        return say.once(Outcome.BLOCKED, found.reason), None
    whole = suggestion(rule, value, state, now, zone, found)
    if rule.dry_run:
        if state.told == told(Outcome.WOULD_FIRE, ""):
            return None, None
        return msgspec.structs.replace(whole, outcome=Outcome.WOULD_FIRE), None
    if rule.approval is not Approval.AUTO:
        return msgspec.structs.replace(whole, outcome=Outcome.SUGGESTED), None
    caps.count(rule)
    return msgspec.structs.replace(whole, outcome=Outcome.FIRED, wave=1), found


def _obstacle(rule: SurgeRule, state: State, now: datetime, zone: ZoneInfo) -> str:
    if _expired(rule, now, zone):
        return "expired"
    if rule.paused or (state.paused_until is not None and now < state.paused_until):
        return "paused"
    return "cooldown" if cooldown_left(rule, state, now) else ""


def _expired(rule: SurgeRule, now: datetime, zone: ZoneInfo) -> bool:
    return now.astimezone(zone).date() > rule.expires


def _look(
    rule: SurgeRule, value: float | None, state: State, now: datetime, zone: ZoneInfo
) -> SurgeFact | None:
    """What there is to say of a rule that is not about to act."""
    say = _Saying(rule, value, state, now, zone)
    if state.phase is Phase.RUNNING:
        return _running(rule, value, state, now, zone, say)
    if state.phase is Phase.SUGGESTED:
        if cleared(rule, value) and not state.ahead:
            return say(Outcome.WITHDRAWN, "cleared")
        waited = now - (state.since or now)
        return say(Outcome.WITHDRAWN, "unanswered") if waited >= rule.answer_within else None
    if crossed(rule, value):
        return say(Outcome.HOLDING) if state.phase is Phase.CALM else None
    if value is not None and (state.phase is Phase.HOLDING or state.told):
        return say(Outcome.RESTED)
    return say(Outcome.NEAR) if _is_near(rule, value, state, now, zone) else None


def _running(
    rule: SurgeRule,
    value: float | None,
    state: State,
    now: datetime,
    zone: ZoneInfo,
    say: "_Saying",
) -> SurgeFact | None:
    if state.ends is not None and now >= state.ends:
        return say.ended("over")
    back = cleared(rule, value) and not state.ahead
    if state.clearing is None and back:
        if rule.until.hold or cooldown_left(rule, state, now):
            return say(Outcome.CLEARING)
        return say.ended("cleared")
    if state.clearing is not None and value is not None:
        if not back:
            return say(Outcome.GOES_ON)
        long_enough = unbroken(rule, state.clearing, now, zone) >= rule.until.hold
        over = long_enough and not cooldown_left(rule, state, now)
        return say.ended("cleared") if over else None
    begins = waves(rule)
    if state.wave < len(begins) and state.since and now >= state.since + begins[state.wave]:
        return say(Outcome.WAVE, wave=state.wave + 1)
    return None


def _left_over(rules: Rules, states: States, now: datetime) -> list[SurgeFact]:
    have = {rule.id for rule in rules}
    return [
        SurgeEnded(rule=name, on=state.seq, why="over")
        for name, state in states.items()
        if name not in have and state.phase is Phase.RUNNING and state.ends and now >= state.ends
    ]


def _is_near(
    rule: SurgeRule, value: float | None, state: State, now: datetime, zone: ZoneInfo
) -> bool:
    """Past the middle between way back and trigger; said once a day."""
    today = now.astimezone(zone).date()
    said = state.near is not None and state.near.astimezone(zone).date() == today
    return near(rule, value) and not said


class _Saying:
    """Facts about one rule at one look."""

    def __init__(
        self, rule: SurgeRule, value: float | None, state: State, now: datetime, zone: ZoneInfo
    ) -> None:
        self._rule, self._state = rule, state
        self._measured = measured(rule, value, state, now, zone)

    def __call__(self, outcome: Outcome, reason: str = "", wave: int = 0) -> SurgeDecided:
        """A decision."""
        return SurgeDecided(
            rule=self._rule.id,
            on=self._state.seq,
            outcome=outcome,
            reason=reason,
            measured=self._measured,
            wave=wave,
        )

    def once(self, outcome: Outcome, reason: str) -> SurgeDecided | None:
        """The same, unless it was the last thing said."""
        return None if self._state.told == told(outcome, reason) else self(outcome, reason)

    def ended(self, why: str) -> SurgeEnded:
        """The end of a run."""
        return SurgeEnded(rule=self._rule.id, on=self._state.seq, why=why, measured=self._measured)
