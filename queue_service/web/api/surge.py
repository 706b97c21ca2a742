"""For managers: surge rules with their values; agree, decline, override, and try without acting."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from queue_service.events.surge import Measure, Measured, SurgeDecided, SurgeFact
from queue_service.flows.capacity import surge_acts, surge_shown
from queue_service.flows.capacity.surge_acts import Done
from queue_service.flows.capacity.surge_shown import RuleShown, Told
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import negotiate, pick
from queue_service.language.surge_words import explained, happened, measure, word_of
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor
from queue_service.web.access import allowed
from queue_service.web.api.bookings import AnyRequest, Key, told
from queue_service.web.api.shapes import Body
from queue_service.web.problems import problem


class OverrideBody(Body, frozen=True):
    """Begin a rule by hand, take it back, let it rest for some hours, or let it go on.

    To begin a rule that two persons must agree to is to suggest it, as the first of them.
    """

    act: Literal["start", "end", "pause", "resume"]
    hours: Annotated[int, Meta(ge=1, le=744)] = 24
    """For `pause`."""
    reason: Annotated[str, Meta(max_length=40, pattern="^[a-z_]*$")] = ""
    """A reason code."""


@get("/offices/{office:str}/surge", summary="Surge rules")
async def surge(request: AnyRequest, house: House, office: FromPath[str]) -> Response[Any]:
    """Every rule with metric, threshold, hold and cool-down left, and what happened lately."""
    entered = await _entered(request, house, office, Act.SEE_SURGE)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    followed, language = entered[1], _language(request)
    shown = await surge_shown.shown(house, followed)
    return told(
        {
            "office": office,
            "now": shown.now,
            "rules": [rule_json(followed, rule, language) for rule in shown.rules],
            "history": [_happened(each, language) for each in shown.history],
        }
    )


@post("/offices/{office:str}/surge/{rule:str}/approve", summary="Agree", status_code=200)
async def approve(
    request: AnyRequest, house: House, office: FromPath[str], rule: FromPath[str], key: Key = None
) -> Response[Any]:
    """Agree to a suggestion; where two persons must, the second makes it begin."""
    entered = await _entered(request, house, office, Act.APPROVE_SURGE)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    actor, followed = entered
    done = await surge_acts.approve(house, followed, rule, actor.id, key)
    return await _answer(request, house, followed, rule, done)


@post("/offices/{office:str}/surge/{rule:str}/decline", summary="Decline", status_code=200)
async def decline(
    request: AnyRequest, house: House, office: FromPath[str], rule: FromPath[str], key: Key = None
) -> Response[Any]:
    """Decline a suggestion; the rule rests for its cool-down."""
    entered = await _entered(request, house, office, Act.APPROVE_SURGE)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    actor, followed = entered
    done = await surge_acts.decline(house, followed, rule, actor.id, key)
    return await _answer(request, house, followed, rule, done)


@post("/offices/{office:str}/surge/{rule:str}/override", summary="Override", status_code=200)
async def override(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    rule: FromPath[str],
    data: OverrideBody,
    key: Key = None,
) -> Response[Any]:
    """Begin a rule whatever it measures (guards hold), take it back, pause it or let it go on."""
    entered = await _entered(request, house, office, Act.APPROVE_SURGE)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    actor, followed = entered
    if data.act == "start":
        done = await surge_acts.start(house, followed, rule, actor.id, data.reason, key)
    elif data.act == "end":
        done = await surge_acts.take_back(house, followed, rule, actor.id, key)
    else:
        hours = data.hours if data.act == "pause" else 0
        done = await surge_acts.pause(house, followed, rule, actor.id, hours, data.reason, key)
    return await _answer(request, house, followed, rule, done)


@post("/offices/{office:str}/surge/{rule:str}/dry-run", summary="Dry run", status_code=200)
async def dry_run(
    request: AnyRequest, house: House, office: FromPath[str], rule: FromPath[str], key: Key = None
) -> Response[Any]:
    """What the rule would do if it began now; changes nothing, so a repeated key asks anew."""
    entered = await _entered(request, house, office, Act.SEE_SURGE)
    if isinstance(entered, Refusal):
        return problem(request, entered)
    tried = await surge_acts.dry_run(house, entered[1], rule)
    if isinstance(tried, Refusal):
        return problem(request, tried)
    return told(_plan(entered[1], tried, _language(request)))


async def _entered(
    request: AnyRequest, house: House, office: str, act: Act
) -> tuple[Actor, Followed] | Refusal:
    actor = await allowed(request, house, act, office)
    if isinstance(actor, Refusal):
        return actor
    followed = house.follower.office(office)
    return Refusal(Code.UNKNOWN_OFFICE) if followed is None else (actor, followed)


async def _answer(
    request: AnyRequest, house: House, followed: Followed, rule: str, done: Done | Refusal
) -> Response[Any]:
    if isinstance(done, Refusal):
        return problem(request, done)
    shown = await surge_shown.shown(house, followed)
    found = next((each for each in shown.rules if each.rule.id == rule), None)
    if found is None:
        return problem(request, Refusal(Code.UNKNOWN_RULE, {"rule": rule[:80]}))
    return told(rule_json(followed, found, _language(request)))


def rule_json(followed: Followed, shown: RuleShown, language: str) -> dict[str, object]:
    """A rule with its values, in data and in words."""
    rule, state, measured = shown.rule, shown.state, shown.measured
    above = rule.when.above is not None
    said: dict[str, object] = {
        name: getattr(measured, name)
        for name in Measured.__struct_fields__
        if name not in ("value", "metric", "known")
    }
    return said | {
        "rule": rule.id,
        "title": rule.title,
        "text": rule.text,
        "owner": rule.owner,
        "level": rule.level,
        "approval": rule.approval,
        "expires": rule.expires,
        "dry_run": rule.dry_run,
        "phase": state.phase,
        "since": state.since,
        "metric": rule.when.metric,
        "service": rule.when.service,
        "limit": rule.when.limit,
        "value": shown.value,
        "a_day": rule.a_day,
        "paused_until": state.paused_until,
        "ends": state.ends,
        "wave": state.wave,
        "waves": shown.waves,
        "approvals": len(state.approvals),
        "plan": _plan(followed, state.plan, language) if state.plan else None,
        "explain": explained(
            measured, shown.value, above=above, phase=state.phase, language=language
        ),
    }


def subject_name(followed: Followed, found: Measure, language: str) -> str:
    """The limit or service that an action changes, by name."""
    office = followed.office
    limit = next((each for each in office.limits if each.key == found.subject), None)
    named = limit or office.service(found.subject)
    return pick(named.name, language)[0] if named else found.subject


def _plan(followed: Followed, plan: SurgeDecided, language: str) -> dict[str, object]:
    return {
        "measures": [
            msgspec.structs.asdict(each)
            | {"text": measure(each, subject_name(followed, each, language), language)}
            for each in plan.measures
        ],
        "places_before": plan.places_before,
        "places_after": plan.places_after,
        "days_to_clear": plan.days_to_clear,
        "ends": plan.ends,
    }


def _happened(each: Told, language: str) -> dict[str, object]:
    fact: SurgeFact = each.fact
    measured: Measured | None = getattr(fact, "measured", None)
    known = measured is not None and bool(measured.metric)
    return {
        "seq": each.seq,
        "at": each.at,
        "by": each.by,
        "rule": fact.rule,
        "what": word_of(fact),
        "reason": getattr(fact, "reason", ""),
        "value": measured.value if known and measured and measured.known else None,
        "threshold": measured.threshold if known and measured else None,
        "text": happened(fact, language),
    }


def _language(request: AnyRequest) -> str:
    return negotiate(request.headers.get("accept-language", ""))


handlers = [surge, approve, decline, override, dry_run]
