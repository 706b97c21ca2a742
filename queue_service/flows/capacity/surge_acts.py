"""What people do to surge rules: agree, decline, begin by hand, pause, take back, try.

Each is one entry; what somebody faster made void changes nothing. Layers follow from the entries as
they do from the leader's looks (`surging`). Who may do so is left to `rights`.
"""

from collections.abc import Callable
from datetime import timedelta

import msgspec

from queue_service.events.surge import (
    SurgeApproved,
    SurgeDecided,
    SurgeDeclined,
    SurgeEnded,
    SurgeOverridden,
)
from queue_service.flows.capacity import readings
from queue_service.flows.capacity.laying import ground_of, reconcile
from queue_service.flows.capacity.surging import rule_of, standing
from queue_service.flows.wish import Replayed, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.surge import Approval, SurgeRule
from queue_service.model.world import Needs, Told, World
from queue_service.slots.measures import Blocked, Plan, plan
from queue_service.slots.surge import CALM, Caps, Snapshot, barred, suggestion
from queue_service.slots.surge_state import Phase, State
from queue_service.slots.thresholds import crossed

LONGEST_PAUSE = timedelta(days=31)


class Done(msgspec.Struct, frozen=True):
    """An act on a rule was done."""

    rule: str


async def approve(
    house: House, office: Followed, rule_id: str, by: ActorId, key: str | None = None
) -> Done | Refusal:
    """Agree to what a rule suggests; with two persons the second must be another one."""
    rule = rule_of(office, rule_id)
    states = await standing(house, office)
    state = states.get(rule_id, CALM)
    found: Plan | Refusal | None = None
    complete = False
    if rule is not None and state.phase is Phase.SUGGESTED:
        complete = rule.approval is not Approval.TWO_PERSONS or bool(state.approvals)
        found = await _worked_out(house, office, rule, states) if complete else None

    def told(_world: World) -> Told | Refusal:
        if rule is None:
            return Refusal(Code.UNKNOWN_RULE, {"rule": rule_id})
        if state.phase is not Phase.SUGGESTED:
            return Refusal(Code.NOT_SUGGESTED, {"rule": rule_id})
        if by in state.approvals:
            return Refusal(Code.SECOND_PERSON, {"rule": rule_id})
        if isinstance(found, Refusal):
            return found
        fact = SurgeApproved(rule=rule_id, on=state.seq, complete=complete)
        if found is not None:
            fact = msgspec.structs.replace(
                fact,
                ends=found.ends,
                measures=found.measures,
                places_before=found.places_before,
                places_after=found.places_after,
            )
        return Told(fact, answer=Done(rule_id))

    return await _act(house, office, rule_id, by, "approve", key, told)


async def decline(
    house: House, office: Followed, rule_id: str, by: ActorId, key: str | None = None
) -> Done | Refusal:
    """Say no to what a rule suggests; it rests for its cool-down."""
    state = (await standing(house, office)).get(rule_id, CALM)

    def told(_world: World) -> Told | Refusal:
        if rule_of(office, rule_id) is None:
            return Refusal(Code.UNKNOWN_RULE, {"rule": rule_id})
        if state.phase is not Phase.SUGGESTED:
            return Refusal(Code.NOT_SUGGESTED, {"rule": rule_id})
        return Told(SurgeDeclined(rule=rule_id, on=state.seq), answer=Done(rule_id))

    return await _act(house, office, rule_id, by, "decline", key, told)


async def start(
    house: House, office: Followed, rule_id: str, by: ActorId, reason: str, key: str | None = None
) -> Done | Refusal:
    """Begin a rule by hand, whatever it measures; the guards hold all the same.

    Begun ahead of demand it lasts until its end, or until it is taken back. A rule that two persons
    must agree to is suggested by that, as its first person, and begins when a second one agrees.
    """
    rule = rule_of(office, rule_id)
    state = (await standing(house, office)).get(rule_id, CALM)
    found: Plan | Blocked | None = None
    ahead = False
    if rule is not None and state.phase is not Phase.RUNNING:
        found = await _tried(house, office, rule)
        ahead = not crossed(rule, (await readings.read(house, office, (rule,)))[rule_id])
    needs_two = rule is not None and rule.approval is Approval.TWO_PERSONS

    def told(_world: World) -> Told | Refusal:
        if rule is None:
            return Refusal(Code.UNKNOWN_RULE, {"rule": rule_id})
        if needs_two and state.phase is Phase.SUGGESTED:
            return Refusal(Code.RULE_STOPPED, {"rule": rule_id, "reason": "suggested"})
        if not isinstance(found, Plan):
            reason_code = found.reason if isinstance(found, Blocked) else "running"
            return Refusal(Code.RULE_STOPPED, {"rule": rule_id, "reason": reason_code})
        fact = SurgeOverridden(
            rule=rule_id,
            on=state.seq,
            act="suggest" if needs_two else "start",
            reason=reason,
            ends=found.ends,
            measures=found.measures,
            places_before=found.places_before,
            places_after=found.places_after,
            ahead=ahead,
        )
        return Told(fact, answer=Done(rule_id))

    return await _act(house, office, rule_id, by, f"start {reason}", key, told)


async def pause(
    house: House,
    office: Followed,
    rule_id: str,
    by: ActorId,
    hours: int,
    reason: str,
    key: str | None = None,
) -> Done | Refusal:
    """Let a rule decide nothing for some hours (0 = go on); what runs, runs on."""
    state = (await standing(house, office)).get(rule_id, CALM)
    length = min(timedelta(hours=hours), LONGEST_PAUSE)

    def told(world: World) -> Told | Refusal:
        if rule_of(office, rule_id) is None:
            return Refusal(Code.UNKNOWN_RULE, {"rule": rule_id})
        act, until = ("pause", world.now + length) if hours > 0 else ("resume", None)
        fact = SurgeOverridden(rule=rule_id, on=state.seq, act=act, reason=reason, until=until)
        return Told(fact, answer=Done(rule_id))

    return await _act(house, office, rule_id, by, f"pause {hours} {reason}", key, told)


async def take_back(
    house: House, office: Followed, rule_id: str, by: ActorId, key: str | None = None
) -> Done | Refusal:
    """End a running rule now: every layer of it is cut short, bookings stay."""
    state = (await standing(house, office)).get(rule_id, CALM)

    def told(_world: World) -> Told | Refusal:
        if state.phase is not Phase.RUNNING:
            code = Code.UNKNOWN_RULE if rule_of(office, rule_id) is None else Code.NOT_SUGGESTED
            return Refusal(code, {"rule": rule_id})
        fact = SurgeEnded(rule=rule_id, on=state.seq, why="by_hand")
        return Told(fact, answer=Done(rule_id))

    return await _act(house, office, rule_id, by, "take back", key, told)


async def dry_run(house: House, office: Followed, rule_id: str) -> SurgeDecided | Refusal:
    """What the rule would do if it began now; nothing is changed and nothing is told."""
    rule = rule_of(office, rule_id)
    if rule is None:
        return Refusal(Code.UNKNOWN_RULE, {"rule": rule_id})
    state = (await standing(house, office)).get(rule_id, CALM)
    now = office.now()
    value = (await readings.read(house, office, (rule,)))[rule_id]
    found = plan(rule, await ground_of(house, office), now)
    if isinstance(found, Blocked):
        return Refusal(Code.RULE_STOPPED, {"rule": rule_id, "reason": found.reason})
    said = suggestion(rule, value, state, now, office.office.tz, found)
    return msgspec.structs.replace(said, outcome="would_fire")


async def _worked_out(
    house: House, office: Followed, rule: SurgeRule, states: dict[str, State]
) -> Plan | Refusal:
    """The plan of a suggestion as things stand now, or the cap or guard that it would break."""
    surge, now = office.office.surge, office.now()
    bounds = Snapshot(office.office.tz, {}, None, surge.most_a_day, surge.most_level_3_a_day)
    cap = Caps(bounds, surge.rule, states, now).forbids(rule)
    found = Blocked(cap) if cap else await _tried(house, office, rule)
    if isinstance(found, Blocked):
        return Refusal(Code.RULE_STOPPED, {"rule": rule.id, "reason": found.reason})
    return found


async def _tried(house: House, office: Followed, rule: SurgeRule) -> Plan | Blocked:
    """The plan of a rule that a person lets act, or why nobody may."""
    now = office.now()
    bar = barred(rule, now, office.office.tz)
    return Blocked(bar) if bar else plan(rule, await ground_of(house, office), now)


async def _act(
    house: House,
    office: Followed,
    rule_id: str,
    by: ActorId,
    act: str,
    key: str | None,
    told: Callable[[World], Told | Refusal],
) -> Done | Refusal:
    """Settle one act of a person and let the layers follow; somebody faster makes it void."""
    receipt = receipt_for(f"surge:{office.key.slug}", key, by, rule_id, act)
    done = await house.turn(office.key, by, Needs(), told, receipt=receipt)
    if isinstance(done.answer, Refusal):
        return done.answer
    states = await standing(house, office)
    if not isinstance(done.answer, Replayed) and states.get(rule_id, CALM).seq < done.seq:
        return Refusal(Code.NOT_SUGGESTED, {"rule": rule_id})
    await reconcile(house, office, states)
    return Done(rule_id)
