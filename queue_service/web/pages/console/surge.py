"""Console: surge rules - what each measures, what waits for an answer, what runs and ends when."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath

from queue_service.events.surge import SurgeDecided
from queue_service.flows.capacity import surge_acts, surge_shown, surging
from queue_service.flows.capacity.surge_acts import Done
from queue_service.flows.capacity.surge_shown import RuleShown, Told
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import catalogue, clock, mark, pick, sentence, span
from queue_service.language.formats import number
from queue_service.language.surge_words import (
    APPROVALS,
    PHASES,
    explained,
    happened,
    measure,
    until,
)
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.surge import Approval, SurgeRule
from queue_service.rights import Act, check
from queue_service.slots.surge import barred
from queue_service.slots.surge_state import Phase
from queue_service.web.api.surge import subject_name
from queue_service.web.pages import Asked, Shown, refused, see
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.compact import compact
from queue_service.web.pages.console.frame import Entered, enter, shown
from queue_service.web.pages.faults import PAGE_FAULTS

PLACE = "surge"
ROWS = 40
"""Of the history, on the page."""
PAUSE_HOURS = 24
DONE = {
    "approve": mark("You have agreed."),
    "decline": mark("The suggestion was declined. The rule rests now."),
    "start": mark("The rule runs now. It ends by itself."),
    "suggest": mark("A colleague must agree now. Until then nothing changes."),
    "end": mark("Everything the rule did was taken back. Appointments stay."),
    "pause": mark("The rule is paused for a day."),
    "resume": mark("The rule goes on."),
}


class Card(msgspec.Struct, frozen=True):
    """A rule in words."""

    id: str
    title: str
    language: str
    text: str
    phase: str
    word: str
    lines: list[str]
    owner: str
    facts: list[str]
    plan: list[str]
    more: list[str]
    """What the plan adds up to."""
    agreed: bool
    """Whoever looks has agreed already."""
    begin: str
    """What beginning by hand is called; empty where nobody may."""
    paused: str
    tried: str


@get("/{lang:str}/console/{office:str}/surge")
async def overview(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str]
) -> Shown:
    """Every rule as it stands now; with ``?try=`` what one would do, changing nothing."""
    entered = await enter(request, house, lang, office, Act.SEE_SURGE)
    if not isinstance(entered, Entered):
        return entered
    t = catalogue(entered.lang)
    found = await surge_shown.shown(house, entered.followed)
    tried = request.query_params.get("try", "")[:80]
    trial = await surge_acts.dry_run(house, entered.followed, tried) if tried else None
    titles = {each.rule.id: pick(each.rule.title, entered.lang) for each in found.rules}
    return shown(
        "console/surge.html",
        request,
        entered,
        PLACE,
        title=t("Surge rules"),
        base=entered.address(PLACE),
        cards=[_card(entered, each, tried, trial) for each in found.rules],
        history=[_row(entered, each, titles) for each in found.history[:ROWS]],
        may=check(entered.actor, Act.APPROVE_SURGE, office) is None,
        done=_done(request, entered),
        sorry=_sorry(request, entered),
        at=found.now,
    )


@post("/{lang:str}/console/{office:str}/surge/{rule:str}/{act:str}", status_code=200)
async def acted(
    request: Asked,
    house: House,
    lang: FromPath[str],
    office: FromPath[str],
    rule: FromPath[str],
    act: FromPath[str],
) -> Shown:
    """One act on a rule; then the page as things stand."""
    entered = await enter(request, house, lang, office, Act.APPROVE_SURGE)
    if not isinstance(entered, Entered):
        return entered
    key = text(await request.form(), "idempotency_key")[:64] or None
    answer = await _do(house, entered.followed, rule, act, entered.actor.id, key)
    if answer is None:
        gone = Refusal(Code.UNKNOWN_RULE)
        return refused(request, entered.lang, gone, onward=entered.address(PLACE), here="")
    if isinstance(answer, Refusal):
        reason = str(answer.data.get("reason", ""))
        return see(f"{entered.address(PLACE)}?sorry={answer.code}&reason={reason}")
    begun = surging.rule_of(entered.followed, rule) if act == "start" else None
    asks = begun is not None and begun.approval is Approval.TWO_PERSONS
    return see(f"{entered.address(PLACE)}?done={'suggest' if asks else act}")


async def _do(
    house: House, office: Followed, rule: str, act: str, by: ActorId, key: str | None
) -> Done | Refusal | None:
    match act:
        case "approve":
            return await surge_acts.approve(house, office, rule, by, key)
        case "decline":
            return await surge_acts.decline(house, office, rule, by, key)
        case "start":
            return await surge_acts.start(house, office, rule, by, "by_hand", key)
        case "end":
            return await surge_acts.take_back(house, office, rule, by, key)
        case "pause" | "resume":
            hours = PAUSE_HOURS if act == "pause" else 0
            return await surge_acts.pause(house, office, rule, by, hours, "by_hand", key)
    return None


def _card(
    entered: Entered, each: RuleShown, tried: str, trial: SurgeDecided | Refusal | None
) -> Card:
    t, lang, zone = catalogue(entered.lang), entered.lang, entered.followed.office.tz
    rule, state = each.rule, each.state
    title, said_in = pick(rule.title, lang)
    trying = tried == rule.id and state.phase in (Phase.CALM, Phase.HOLDING)
    plan = trial if trying and isinstance(trial, SurgeDecided) else state.plan
    facts = [
        t("Owner: {name}", name=rule.owner),
        t("Level {n}, {approval}", n=rule.level, approval=t(APPROVALS[rule.approval])),
        t("Begun {n} of {most} times today", n=each.measured.fired_today, most=rule.a_day),
        t("Valid until {day}", day=f"{rule.expires:%d.%m.%Y}"),
    ]
    looks = (rule.when.not_before, rule.when.not_after)
    if looks[0] is not None and looks[1] is not None:
        hours = span(clock(looks[0]), clock(looks[1]), lang)
        facts.append(t("Looked at only at this time: {hours}", hours=hours))
    if rule.dry_run:
        facts.append(t("Dry run: it decides, but changes nothing."))
    if state.phase is Phase.RUNNING and each.waves > 1:
        facts.append(t("Step {n} of {of} has begun.", n=state.wave, of=each.waves))
    if state.approvals and state.phase is Phase.SUGGESTED:
        facts.append(t("One person has agreed."))
    paused = state.paused_until
    is_paused = paused is not None and paused > entered.followed.now()
    above = rule.when.above is not None
    agreed = state.phase is Phase.SUGGESTED and entered.actor.id in state.approvals
    return Card(
        rule.id,
        title,
        said_in,
        pick(rule.text, lang)[0] if rule.text else "",
        state.phase,
        t("Waits for a second person") if agreed else t(PHASES[state.phase]),
        explained(each.measured, each.value, above=above, phase=state.phase, language=lang),
        rule.owner,
        facts,
        _plan(entered, plan) if plan else [],
        _sum(entered, plan, zone, state.ends) if plan else [],
        agreed,
        _begin(entered, rule),
        until(paused.astimezone(zone), lang) if paused is not None and is_paused else "",
        sentence(trial, lang).detail if trying and isinstance(trial, Refusal) else "",
    )


def _begin(entered: Entered, rule: SurgeRule) -> str:
    t = catalogue(entered.lang)
    if barred(rule, entered.followed.now(), entered.followed.office.tz):
        return ""
    two = rule.approval is Approval.TWO_PERSONS
    return t("Suggest it to a second person") if two else t("Begin by hand")


def _plan(entered: Entered, plan: SurgeDecided) -> list[str]:
    steps = any(each.wave > 1 for each in plan.measures)
    return [
        measure(each, subject_name(entered.followed, each, entered.lang), entered.lang, steps=steps)
        for each in plan.measures
    ]


def _sum(entered: Entered, plan: SurgeDecided, zone: ZoneInfo, ends: datetime | None) -> list[str]:
    t = catalogue(entered.lang)
    said = []
    if plan.places_after:
        said.append(
            t(
                "From {before} to {after} places a day.",
                before=plan.places_before,
                after=plan.places_after,
            )
        )
    if plan.days_to_clear:
        said.append(
            t.plural(
                "The backlog is gone in about {n} working day.",
                "The backlog is gone in about {n} working days.",
                plan.days_to_clear,
            )
        )
    end = ends or plan.ends
    if end is not None:
        said.append(
            t("It ends by itself: {moment}.", moment=until(end.astimezone(zone), entered.lang))
        )
    return said


def _row(entered: Entered, each: Told, titles: dict[str, tuple[str, str]]) -> dict[str, object]:
    t = catalogue(entered.lang)
    found = getattr(each.fact, "measured", None)
    title, said_in = titles.get(each.fact.rule, (each.fact.rule, entered.lang))
    values = ""
    if found is not None and found.metric and found.known:
        values = t(
            "{value} (threshold {threshold})",
            value=number(found.value, entered.lang),
            threshold=number(found.threshold, entered.lang),
        )
    return {
        "at": until(each.at.astimezone(entered.followed.office.tz), entered.lang),
        "title": title,
        "language": said_in,
        "what": happened(each.fact, entered.lang),
        "values": values,
        "who": t("Member of staff no. {number}", number=each.by) if each.by > 0 else t("by itself"),
    }


def _done(request: Asked, entered: Entered) -> str:
    said = DONE.get(request.query_params.get("done", ""))
    return catalogue(entered.lang)(said) if said else ""


def _sorry(request: Asked, entered: Entered) -> object:
    code = request.query_params.get("sorry", "")
    reason = request.query_params.get("reason", "")[:40]
    if code not in set(Code):
        return None
    return sentence(Refusal(Code(code), {"reason": reason}), entered.lang)


handlers = [
    Router(
        "/",
        route_handlers=[overview, acted],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]
