"""Where a surge rule stands, folded from what the journal says about it.

Any process that reads the same entries comes to the same state; an entry that answers an overtaken
one changes nothing, so two deciders at once do no harm. What follows from a state is left to
`surge`.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from queue_service.events.surge import (
    Measured,
    SurgeApproved,
    SurgeDecided,
    SurgeFact,
    SurgeOverridden,
)
from queue_service.model.ids import ActorId
from queue_service.model.surge import SurgeRule
from queue_service.slots.thresholds import unbroken

MINUTE = timedelta(minutes=1)
FIRINGS_KEPT = timedelta(days=2)
"""Longer than any local day, which may have 25 hours."""


class Phase(StrEnum):
    """Where a rule stands."""

    CALM = "calm"
    HOLDING = "holding"
    SUGGESTED = "suggested"
    RUNNING = "running"


class Outcome(StrEnum):
    """What a look at a rule came to, as entries say it."""

    NEAR = "near"
    HOLDING = "holding"
    RESTED = "rested"
    BLOCKED = "blocked"
    WOULD_FIRE = "would_fire"
    SUGGESTED = "suggested"
    WITHDRAWN = "withdrawn"
    FIRED = "fired"
    WAVE = "wave"
    CLEARING = "clearing"
    GOES_ON = "goes_on"


class State(msgspec.Struct, frozen=True):
    """What the journal says about one rule."""

    seq: int = 0
    """Its last entry that counted."""
    phase: Phase = Phase.CALM
    since: datetime | None = None
    """Begin of the phase."""
    begun: int = 0
    """The entry with which it began to run; names what its layers belong to."""
    approvals: tuple[ActorId, ...] = ()
    ahead: bool = False
    """A person wants it ahead of demand: that demand is low neither withdraws nor ends it."""
    plan: SurgeDecided | None = None
    """What it suggests or does, while that waits or runs."""
    ends: datetime | None = None
    wave: int = 0
    """Waves begun."""
    clearing: datetime | None = None
    """Since when a running rule is past its way back."""
    switched: datetime | None = None
    firings: tuple[datetime, ...] = ()
    told: str = ""
    """What stood in its way last: said once."""
    near: datetime | None = None
    paused_until: datetime | None = None


def after(state: State, seq: int, at: datetime, by: ActorId, fact: SurgeFact) -> State:
    """The state after entry `seq`, recorded `at`; overtaken entries change nothing."""
    if fact.on != state.seq:
        return state
    state = msgspec.structs.replace(state, seq=seq, plan=_planned(fact, state.plan))
    if isinstance(fact, SurgeDecided):
        return _decided(state, at, fact)
    if isinstance(fact, SurgeApproved):
        agreed = msgspec.structs.replace(state, approvals=(*state.approvals, by))
        return _begun(agreed, at, fact.ends) if fact.complete else agreed
    if isinstance(fact, SurgeOverridden):
        if fact.act == "start":
            state = msgspec.structs.replace(state, ahead=fact.ahead)
            return _begun(state, at, fact.ends)
        if fact.act == "suggest":
            return _suggested(state, at, (by,), ahead=fact.ahead)
        return msgspec.structs.replace(state, paused_until=fact.until)
    return _calm(state, at)  # declined or ended


def _decided(state: State, at: datetime, fact: SurgeDecided) -> State:
    change = msgspec.structs.replace
    match fact.outcome:
        case Outcome.NEAR:
            return change(state, near=at)
        case Outcome.HOLDING:
            return change(state, phase=Phase.HOLDING, since=at, told="")
        case Outcome.RESTED:
            return change(state, phase=Phase.CALM, since=None, told="")
        case Outcome.BLOCKED | Outcome.WOULD_FIRE:
            return change(state, told=told(fact.outcome, fact.reason))
        case Outcome.SUGGESTED:
            return _suggested(state, at, (), ahead=False)
        case Outcome.WITHDRAWN:
            return _calm(state, at)
        case Outcome.FIRED:
            return _begun(state, at, fact.ends)
    return _went_on(state, at, fact)


def _went_on(state: State, at: datetime, fact: SurgeDecided) -> State:
    """What happens to a rule while it runs; an outcome of a newer version changes nothing."""
    change = msgspec.structs.replace
    match fact.outcome:
        case Outcome.WAVE:
            return change(state, wave=fact.wave)
        case Outcome.CLEARING:
            return change(state, clearing=at)
        case Outcome.GOES_ON:
            return change(state, clearing=None)
    return state


def _planned(fact: SurgeFact, before: SurgeDecided | None) -> SurgeDecided | None:
    """What is planned after an entry: what it says, else what was planned before."""
    if isinstance(fact, SurgeDecided):
        return fact if fact.outcome in (Outcome.SUGGESTED, Outcome.FIRED) else before
    if not isinstance(fact, SurgeApproved | SurgeOverridden) or not fact.measures:
        return before
    same = before is not None and before.places_after == fact.places_after
    return SurgeDecided(
        rule=fact.rule,
        measures=fact.measures,
        ends=fact.ends,
        places_before=fact.places_before,
        places_after=fact.places_after,
        days_to_clear=before.days_to_clear if before is not None and same else 0,
    )


def _suggested(state: State, at: datetime, approvals: tuple[ActorId, ...], *, ahead: bool) -> State:
    return msgspec.structs.replace(
        state, phase=Phase.SUGGESTED, since=at, approvals=approvals, ahead=ahead, told=""
    )


def _begun(state: State, at: datetime, ends: datetime | None) -> State:
    kept = tuple(each for each in state.firings if at - each < FIRINGS_KEPT)
    return msgspec.structs.replace(
        state,
        phase=Phase.RUNNING,
        since=at,
        begun=state.seq,
        ends=ends,
        wave=1,
        clearing=None,
        switched=at,
        firings=(*kept, at),
        told="",
    )


def _calm(state: State, at: datetime) -> State:
    return msgspec.structs.replace(
        state,
        phase=Phase.CALM,
        since=None,
        approvals=(),
        ahead=False,
        plan=None,
        ends=None,
        wave=0,
        clearing=None,
        switched=at,
        told="",
    )


def told(outcome: str, reason: str) -> str:
    """What is remembered of something that was said once."""
    return f"{outcome}:{reason}"


def held(rule: SurgeRule, state: State, now: datetime, zone: ZoneInfo) -> timedelta:
    """How long the trigger has been crossed without a break."""
    since = state.since if state.phase is Phase.HOLDING else None
    return unbroken(rule, since, now, zone)


def cooldown_left(rule: SurgeRule, state: State, now: datetime) -> timedelta:
    """How long the rule may not switch by itself yet."""
    if state.switched is None:
        return timedelta(0)
    return max(timedelta(0), state.switched + rule.cooldown - now)


def fired_on(state: State, day: date, zone: ZoneInfo) -> int:
    """How often the rule began on that local day."""
    return sum(at.astimezone(zone).date() == day for at in state.firings)


def measured(
    rule: SurgeRule, value: float | None, state: State, now: datetime, zone: ZoneInfo
) -> Measured:
    """Metric, threshold, hold and cool-down left of a rule, as numbers."""
    threshold = rule.when.above if rule.when.above is not None else rule.when.below
    clear = rule.until.below if rule.until.below is not None else rule.until.above
    return Measured(
        metric=rule.when.metric,
        value=0.0 if value is None else value,
        known=value is not None,
        threshold=threshold or 0.0,
        clear=clear or 0.0,
        held_minutes=int(held(rule, state, now, zone) / MINUTE),
        hold_minutes=int(rule.when.hold / MINUTE),
        cooldown_left_minutes=-int(-cooldown_left(rule, state, now) // MINUTE),
        fired_today=fired_on(state, now.astimezone(zone).date(), zone),
        need=rule.when.need_class or "",
    )
