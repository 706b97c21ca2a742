"""What people do to surge rules: agree, decline, begin by hand, pause, take back, try.

Each is one entry; what somebody faster made void changes nothing. Layers follow from the entries as
they do from the leader's looks (`surging`). Who may do so is left to `rights`.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec

from queue_service.events.surge import (
    SurgeApproved,
    SurgeDecided,
    SurgeDeclined,
    SurgeEnded,
    SurgeFact,
    SurgeOverridden,
)
from queue_service.flows.capacity import readings
from queue_service.flows.capacity.laying import ground_of, reconcile
from queue_service.flows.capacity.surging import fact_of, rule_of, standing
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
from queue_service.store import surge as store
from queue_service.store.database import transaction

LONGEST_PAUSE = timedelta(days=31)
MOST_ATTEMPTS = 5
"""To be heard before others."""


class Done(msgspec.Struct, frozen=True):
    """An act on a rule was done."""

    rule: str
    on: int = -1
    """Number of the rule's entry that it answered; receipts of an older version do not say."""


async def approve(
    house: House, office: Followed, rule_id: str, by: ActorId, key: str | None = None
) -> Done | Refusal:
    """Agree to what a rule suggests; with two persons the second must be another one."""
    rule = rule_of(office, rule_id)

    async def decide(states: dict[str, State]) -> SurgeFact | Refusal:
        state = states.get(rule_id, CALM)
        if rule is None:
            return Refusal(Code.UNKNOWN_RULE, {"rule": rule_id})
        if state.phase is not Phase.SUGGESTED:
            return Refusal(Code.NOT_SUGGESTED, {"rule": rule_id})
        if by in state.approvals:
            return Refusal(Code.SECOND_PERSON, {"rule": rule_id})
        if rule.approval is Approval.TWO_PERSONS and not state.approvals:
            return SurgeApproved(rule=rule_id, on=state.seq, complete=False)
        found = await _worked_out(house, office, rule, states)
        if isinstance(found, Refusal):
            return found
        return SurgeApproved(
            rule=rule_id,
            on=state.seq,
            ends=found.ends,
            measures=found.measures,
            places_before=found.places_before,
            places_after=found.places_after,
        )

    return await _act(house, office, rule_id, by, "approve", key, decide)


async def decline(
    house: House, office: Followed, rule_id: str, by: ActorId, key: str | None = None
) -> Done | Refusal:
    """Say no to what a rule suggests; it rests for its cool-down."""

    async def decide(states: dict[str, State]) -> SurgeFact | Refusal:
        state = states.get(rule_id, CALM)
        if rule_of(office, rule_id) is None:
            return Refusal(Code.UNKNOWN_RULE, {"rule": rule_id})
        if state.phase is not Phase.SUGGESTED:
            return Refusal(Code.NOT_SUGGESTED, {"rule": rule_id})
        return SurgeDeclined(rule=rule_id, on=state.seq)

    return await _act(house, office, rule_id, by, "decline", key, decide)


async def start(
    house: House, office: Followed, rule_id: str, by: ActorId, reason: str, key: str | None = None
) -> Done | Refusal:
    """Begin a rule by hand, whatever it measures; the guards hold all the same.

    Begun ahead of demand it lasts until its end, or until it is taken back. A rule that two persons
    must agree to is suggested by that, as its first person, and begins when a second one agrees.
    """
    rule = rule_of(office, rule_id)

    def stopped(why: str) -> Refusal:
        return Refusal(Code.RULE_STOPPED, {"rule": rule_id, "reason": why})

    async def decide(states: dict[str, State]) -> SurgeFact | Refusal:
        state = states.get(rule_id, CALM)
        if rule is None:
            return Refusal(Code.UNKNOWN_RULE, {"rule": rule_id})
        needs_two = rule.approval is Approval.TWO_PERSONS
        if state.phase is Phase.RUNNING:
            return stopped("running")
        if needs_two and state.phase is Phase.SUGGESTED:
            return stopped("suggested")
        found = await _tried(house, office, rule)
        if isinstance(found, Blocked):
            return stopped(found.reason)
        return SurgeOverridden(
            rule=rule_id,
            on=state.seq,
            act="suggest" if needs_two else "start",
            reason=reason,
            ends=found.ends,
            measures=found.measures,
            places_before=found.places_before,
            places_after=found.places_after,
            ahead=not crossed(rule, (await readings.read(house, office, (rule,)))[rule_id]),
        )

    return await _act(house, office, rule_id, by, f"start {reason}", key, decide)


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
    length = min(timedelta(hours=hours), LONGEST_PAUSE)

    async def decide(states: dict[str, State]) -> SurgeFact | Refusal:
        if rule_of(office, rule_id) is None:
            return Refusal(Code.UNKNOWN_RULE, {"rule": rule_id})
        on = states.get(rule_id, CALM).seq
        act, until = ("pause", office.now() + length) if hours > 0 else ("resume", None)
        return SurgeOverridden(rule=rule_id, on=on, act=act, reason=reason, until=until)

    return await _act(house, office, rule_id, by, f"pause {hours} {reason}", key, decide)


async def take_back(
    house: House, office: Followed, rule_id: str, by: ActorId, key: str | None = None
) -> Done | Refusal:
    """End a running rule now: every layer of it is cut short, bookings stay."""

    async def decide(states: dict[str, State]) -> SurgeFact | Refusal:
        state = states.get(rule_id, CALM)
        if state.phase is not Phase.RUNNING:
            code = Code.UNKNOWN_RULE if rule_of(office, rule_id) is None else Code.NOT_SUGGESTED
            return Refusal(code, {"rule": rule_id})
        return SurgeEnded(rule=rule_id, on=state.seq, why="by_hand")

    return await _act(house, office, rule_id, by, "take back", key, decide)


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
    decide: Callable[[dict[str, State]], Awaitable[SurgeFact | Refusal]],
) -> Done | Refusal:
    """Settle one act of a person and let the layers follow.

    Where somebody was faster the entry counts for nothing, and the act is decided anew on what they
    left. Each attempt has a receipt of its own: a key given again finds the one that counted.
    """
    scope = f"surge:{office.key.slug}"
    for attempt in range(MOST_ATTEMPTS):
        own = f"{key}\n{attempt}" if key and attempt else key
        receipt = receipt_for(scope, own, by, rule_id, act)
        fact = await decide(await standing(house, office))
        done = await house.turn(office.key, by, Needs(), _telling(fact), receipt=receipt)
        if isinstance(done.answer, Refusal):
            return done.answer
        states = await standing(house, office)
        if isinstance(done.answer, Replayed):
            known = msgspec.json.decode(done.answer.answer, type=Done)
            counts = await _was_heard(house, office, known, by)
        else:
            counts = states.get(rule_id, CALM).seq >= done.seq
        if counts:
            await reconcile(house, office, states)
            return Done(rule_id)
    return Refusal(Code.BUSY_RETRY)


def _telling(fact: SurgeFact | Refusal) -> Callable[[World], Told | Refusal]:
    if isinstance(fact, Refusal):
        return lambda _world: fact
    return lambda _world: Told(fact, answer=Done(fact.rule, fact.on))


async def _was_heard(house: House, office: Followed, done: Done, by: ActorId) -> bool:
    """Whether of all who answered that entry of the rule it was `by` who came first."""
    if done.on < 0:
        return True
    async with transaction(house.pool, office.key.authority) as connection:
        later = await store.entries(connection, office.key.office, done.on)
    for entry in later:
        fact = fact_of(entry)
        if fact is not None and (fact.rule, fact.on) == (done.rule, done.on):
            return entry.by == by
    return False
